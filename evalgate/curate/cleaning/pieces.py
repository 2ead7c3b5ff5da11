"""The pieces of a long text that are read one by one: where it is cut hangs on the words there alone. Pure.

So a text that changed in one place is in the same pieces everywhere else, which need not be read once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zlib import crc32

MOST: Final = 5_000
"""Letters of a piece without what stands around it; a text that has no more is read whole."""
AROUND: Final = 200
"""Letters on either side that are read with a piece, if they are there: about three sentences."""
_LEAST: Final = 1_500
_ONE_OF: Final = 4
"""A text is cut at one of so many ends of sentences, as the letters before them have it."""
_BEFORE: Final = 24
"""Letters before the end of a sentence that say whether it is one of them."""
_END: Final = re.compile("\n+|[.!?…][\"'”’»)\\]]{0,3}\\s+|[。！？]+")
"""With what lines and sentences end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Letters `start` to `end` of a text, to be read with what stands around them: `first` to `last`."""

    start: int
    end: int
    first: int
    last: int


def pieces_of(text: str) -> Iterator[Piece]:
    """Yield the pieces of a text, one after the other without a gap."""
    start = 0
    for end in _cuts(text):
        yield Piece(start=start, end=end, first=_first(text, start), last=_last(text, end))
        start = end


def _cuts(text: str) -> Iterator[int]:
    """Yield where a text is cut, its own end the last."""
    start = last = 0
    for found in _END.finditer(text) if len(text) > MOST else ():
        end = found.end()
        while end - start > MOST:
            start = last if last - start >= _LEAST else _space(text, start)
            yield start
        last = end
        if end - start >= _LEAST and _is_one(text[max(0, end - _BEFORE) : end]):
            start = end
            yield start
    while len(text) - start > MOST:
        start = last if last - start >= _LEAST else _space(text, start)
        yield start
    if start < len(text) or not text:
        yield len(text)


def _is_one(letters: str) -> bool:
    return crc32(letters.encode("utf-8", "surrogatepass")) % _ONE_OF == 0


def _space(text: str, start: int) -> int:
    """Return where to cut what has no end of a sentence: at a space, if there is one."""
    end = start + MOST
    space = text.rfind(" ", end - AROUND, end)
    return end if space == -1 else space + 1


def _first(text: str, start: int) -> int:
    """Return where to begin reading for a piece that begins at `start`: with a whole word, if there is one."""
    first = max(0, start - AROUND)
    space = text.find(" ", first, start) if first else -1
    return first if space == -1 else space + 1


def _last(text: str, end: int) -> int:
    last = min(len(text), end + AROUND)
    space = text.rfind(" ", end, last) if last < len(text) else -1
    return last if space == -1 else space
