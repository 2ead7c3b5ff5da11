"""A simulated recipe assistant for the tests of curation: what happened, the truth of it, a Phoenix."""
