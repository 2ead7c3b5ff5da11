"""Checks of cost, tokens and latency: what the candidate takes against what the baseline takes, by their ratio."""
