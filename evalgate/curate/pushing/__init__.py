"""Accepted candidates made golden: what is new, what changed, and where it is written."""
