"""Spans to golden examples: what was found in production, checked and decided by people."""
