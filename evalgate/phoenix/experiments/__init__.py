"""Experiments in Phoenix: what they hold of the journal's, written, read back, tagged, taken away."""
