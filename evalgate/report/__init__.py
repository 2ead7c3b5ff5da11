"""View model, formatting, escaping, and one renderer per output."""
