"""Decisions of people on candidates."""
