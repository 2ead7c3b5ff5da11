"""Whose definitions decide about a change, and what it would have otherwise."""
