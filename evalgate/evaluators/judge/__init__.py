"""Judges: models that score answers. The answer is data to them, a failure to judge is never a score."""
