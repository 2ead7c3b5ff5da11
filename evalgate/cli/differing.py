"""Where two texts differ, for people to see before something is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from evalgate.encoding import printable


def differences(before: Sequence[str], after: Sequence[str], one: str, other: str) -> Iterator[str]:
    """Yield where two texts differ, line by line as a patch says it, safe for a terminal."""
    return map(printable, difflib.unified_diff(before, after, one, other, lineterm=""))
