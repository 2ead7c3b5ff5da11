"""Hostile text as one short line of a message."""

from __future__ import annotations


def one_line(text: str, limit: int) -> str:
    """Return `text` without line ends and control characters, cut to `limit` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[:limit] + "…"
