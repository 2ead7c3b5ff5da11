"""GitHub: what its event says, and its API."""
