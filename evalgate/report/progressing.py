"""What a comment says while a build runs."""

from __future__ import annotations

from evalgate.report import escaping


def render_progress(text: str) -> str:
    """Return the line of progress as Markdown; it is no verdict yet."""
    return f"### ⏳ measuring\n\n{escaping.sentence_for_markdown(text)}\n"
