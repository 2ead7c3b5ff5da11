"""The terminal as a place to write on: its width, whether it has colours, and how wide text is on it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

_NARROWEST: Final = 40
_WIDEST: Final = 140  # longer lines of prose are hard to read
_PLAIN: Final = str.maketrans({"−": "-", "–": "-", "→": "->", "…": "...", "×": "x", "·": "-", "│": "|", "↵": "\\n"})


class Tone(Enum):
    """What a colour stands for; the words beside it always say the same."""

    STRONG = "1"
    BAD = "1;31"
    GOOD = "1;32"
    UNSURE = "1;33"
    QUIET = "2"


@dataclass(frozen=True, kw_only=True, slots=True)
class Console:
    """Where text goes. `width` is in cells."""

    width: int = 100
    colour: bool = False
    unicode: bool = True
    """Whether the stream can take `−`, `→` and the like."""

    def paint(self, text: str, tone: Tone) -> str:
        """Return `text` in the colour of `tone` where there are colours."""
        return f"\x1b[{tone.value}m{text}\x1b[0m" if self.colour and text else text

    def written(self, text: str) -> str:
        """Return the text of a whole report as the stream can take it."""
        return text if self.unicode else text.translate(_PLAIN).encode("ascii", "backslashreplace").decode()


def console_for(*, tty: bool, columns: int, encoding: str | None, environment: Mapping[str, str]) -> Console:
    """Return what a stream can show: colours only on a terminal that has them and without NO_COLOR."""
    colour = tty and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    try:
        "−→…×".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        able = False
    else:
        able = True
    return Console(width=min(max(columns, _NARROWEST), _WIDEST), colour=colour, unicode=able)


def cells(text: str) -> int:
    """Return how many columns `text`, one line without control characters, takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def fitted(text: str, width: int) -> str:
    """Return `text` cut to `width` columns, the last of them `…` where it was cut."""
    if cells(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _cell(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` filled with spaces to `width` columns, on its left where `right`."""
    fill = " " * max(0, width - cells(text))
    return fill + text if right else text + fill


def wrapped(text: str, *, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """Return `text` as lines of at most `width` columns: the first behind `indent`, the others behind `hanging`."""
    hanging = indent if hanging is None else hanging
    lines, current = [], indent
    for word in text.split():
        for piece in _pieces(word, width - max(cells(indent), cells(hanging))):
            empty = current in (indent, hanging)
            if not empty and cells(current) + 1 + cells(piece) > width:
                lines.append(current)
                current, empty = hanging, True
            current += piece if empty else f" {piece}"
    return [*lines, current] if current.strip() else lines


def _pieces(word: str, width: int) -> list[str]:
    """Break a word that is wider than a line."""
    width = max(width, 2)
    if cells(word) <= width:
        return [word]
    pieces, used = [""], 0
    for character in word:
        if used + _cell(character) > width:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += _cell(character)
    return pieces


def _cell(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
