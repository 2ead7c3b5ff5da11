"""Spans of production as candidates: read page by page, held in a spool, written whole."""
