"""The report as one page to explore, in a browser, without a server."""
