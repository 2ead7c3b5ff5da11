"""How a value of hostile length and content is named inside an explanation: short, on one line, escaped."""

from __future__ import annotations

import reprlib
from typing import Final

from evalgate.paths import MISSING

_LONGEST: Final = 60
_LEAD: Final = 12
_WIDEST: Final = 200


def _short() -> reprlib.Repr:
    """Return a repr with limits (which Python 3.11 takes as attributes only)."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = 80
    short.maxlong = 40
    short.maxlist = short.maxdict = short.maxtuple = 6
    short.maxlevel = 4
    return short


_shown: Final = _short()


def shown(value: object) -> str:
    """Return `value` in at most a few dozen characters, with control characters escaped."""
    text = "nothing" if value is MISSING else _shown.repr(value)
    return text if len(text) <= _WIDEST else text[:_WIDEST] + "…"


def difference(expected: object, got: object) -> str:
    """Return "expected 'web', got 'recipes'"; long texts are shown from shortly before they part."""
    if isinstance(expected, str) and isinstance(got, str) and max(len(expected), len(got)) > _LONGEST:
        pairs = enumerate(zip(expected, got, strict=False))
        parting = next((index for index, (one, other) in pairs if one != other), min(len(expected), len(got)))
        if parting > _LEAD:
            start = parting - _LEAD
            return f"from character {parting + 1} on, expected {_passage(expected, start)}, got {_passage(got, start)}"
    return f"expected {shown(expected)}, got {shown(got)}"


def _passage(text: str, start: int) -> str:
    end = start + _LONGEST
    return f"…{text[start:end]!r}{'…' if end < len(text) else ''}"
