"""How a value of hostile length and content is named inside an explanation: short, on one line, escaped."""

from __future__ import annotations

import os.path
import reprlib
from typing import Final

from evalgate.paths import MISSING

_LONGEST: Final = 60
_LEAD: Final = 12

_shown: Final = reprlib.Repr(maxstring=80, maxother=80, maxlong=40, maxlist=6, maxdict=6, maxtuple=6, maxlevel=3)


def shown(value: object) -> str:
    """Return `value` in at most a few dozen characters, with control characters escaped."""
    return "nothing" if value is MISSING else _shown.repr(value)


def difference(expected: object, got: object) -> str:
    """Return "expected 'web', got 'recipes'"; long texts are shown from shortly before they part."""
    if isinstance(expected, str) and isinstance(got, str) and max(len(expected), len(got)) > _LONGEST:
        parting = len(os.path.commonprefix([expected, got]))
        if parting > _LEAD:
            start = parting - _LEAD
            return f"from character {parting + 1} on, expected {_passage(expected, start)}, got {_passage(got, start)}"
    return f"expected {shown(expected)}, got {shown(got)}"


def _passage(text: str, start: int) -> str:
    end = start + _LONGEST
    return f"…{text[start:end]!r}{'…' if end < len(text) else ''}"
