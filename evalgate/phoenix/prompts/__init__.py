"""Prompts in Phoenix: their versions and tags, kept here, pushed there."""
