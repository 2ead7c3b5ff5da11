"""A simulated recipe assistant for the tests of curation: what happened there, the truth of it, a Phoenix that has it."""
