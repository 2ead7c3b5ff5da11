"""Golden datasets in Phoenix: read, pulled here, pushed there, and those that mirrors stand on."""
