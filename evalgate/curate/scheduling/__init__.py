"""Profiles on a schedule: when one is due, and what became of each."""
