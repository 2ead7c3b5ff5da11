"""Runs what must be run: scheduling, retries, evaluation as soon as a run ends, resume."""
