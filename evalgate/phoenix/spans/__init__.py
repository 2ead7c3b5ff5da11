"""Spans: what is known of a run, as Phoenix shows it, and on its way there."""
