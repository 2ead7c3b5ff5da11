"""Escaped pieces of Markdown, marked as such, so that a template prints them as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evalgate.report import escaping

if TYPE_CHECKING:
    from markupsafe import Markup


LONGEST: Final = 3_000
"""Characters of one text within a line: what is longer is nobody's to read there, and its escaping takes its time."""


def code(text: object) -> Markup:
    """Return `text` as code within a line."""
    return _marked(escaping.code_for_markdown(escaping.shortened(str(text), LONGEST)))


def whole(text: object) -> Markup:
    """Return a cell that is not broken into lines where the page is narrow."""
    return _marked(escaping.sentence_for_markdown(escaping.shortened(str(text), LONGEST)).replace(" ", "&nbsp;"))


def link(text: str, address: str) -> Markup:
    """Return a link; its words alone where the address is none that a browser opens."""
    return _marked(escaping.link_for_markdown(text, address))


def block(text: str, *, language: str, limit: int) -> Markup:
    """Return a fenced block of at most `limit` characters of `text`."""
    return _marked(escaping.block_for_markdown(escaping.shortened(text, limit), language=language))


def _marked(text: str) -> Markup:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 every caller has escaped it
