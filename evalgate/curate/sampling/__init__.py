"""Which candidates are worth a person's time, and how far production is from what is golden."""
