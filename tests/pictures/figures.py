"""The pictures of the docs that show a comment, and the text that each was made from, noted in the file itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.pictures.png import SIGNATURE, chunk

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "figures"
GOLDEN = ROOT / "tests" / "unit" / "report" / "golden"
_HEAD = len(SIGNATURE) + 25
"""Where the first chunk, which says the size, ends."""
_NOTE = b"Source\0sha256 "


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture: its file in docs/figures, the golden text that it shows, light or dark."""

    file: str
    golden: str
    theme: str


PICTURES = (
    Picture(file="comment.light.png", golden="comment_failing", theme="light"),
    Picture(file="comment.dark.png", golden="comment_failing", theme="dark"),
    Picture(file="comment-passing.png", golden="comment_passing", theme="light"),
    Picture(file="comment-undecided.png", golden="comment_undecided", theme="light"),
    Picture(file="comment-unmeasurable.png", golden="comment_unmeasurable", theme="light"),
    Picture(file="comment-accepted.dark.png", golden="comment_accepted", theme="dark"),
)


def marked(png: bytes, text: str) -> bytes:
    """Return a picture with a note of the text that it was made from."""
    assert png.startswith(SIGNATURE)
    return png[:_HEAD] + chunk(b"tEXt", _note(text)) + png[_HEAD:]


def shows(png: bytes, text: str) -> bool:
    """Return whether a picture was made from a text."""
    return _note(text) in png[: _HEAD + 200]


def _note(text: str) -> bytes:
    return _NOTE + hashlib.sha256(text.encode()).hexdigest().encode()
