"""From the journal to what a decision sees. Only the journal is read, so an old build decides again as it did."""
