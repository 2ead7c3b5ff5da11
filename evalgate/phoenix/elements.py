"""A long JSON array read element by element as it arrives, each of a bounded size: memory stays flat."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any, Final

LARGEST: Final = 64 * 1024**2
"""Characters of one element."""
_SPACE: Final = " \t\n\r"


async def elements(chunks: AsyncIterable[str], *, largest: int = LARGEST) -> AsyncIterator[Any]:
    """Yield the elements of the JSON array that the chunks are together. Raises ValueError where they are none."""
    array = _Array(largest)
    async for chunk in chunks:
        for value in array.fed(chunk):
            yield value
    for value in array.ended():
        yield value


class _Array:
    """What has arrived of an array and was not given on: what is behind `_at` of the text."""

    def __init__(self, largest: int) -> None:
        self._decoder = json.JSONDecoder(parse_constant=_refused)
        self._largest, self._text, self._at, self._again = largest, "", 0, 0
        self._opened = self._closed = False

    def fed(self, chunk: str) -> Iterator[Any]:
        """Take what arrives and yield what is whole."""
        self._text += chunk
        if len(self._text) < self._again:
            return  # tried in vain: not again before there is twice as much, or each chunk would cost the whole
        yield from self._whole(more=True)
        if len(self._text) > self._largest:
            raise ValueError(f"an entry of more than {self._largest:,} characters")
        self._again = 2 * len(self._text)

    def ended(self) -> Iterator[Any]:
        """Yield what is left, and see that the array ends where the text does."""
        yield from self._whole(more=False)
        if not self._closed:
            raise ValueError("it ends before its end")

    def _whole(self, *, more: bool) -> Iterator[Any]:
        while (here := self._next()) is not None:
            if not self._opened:
                self._opened = self._taken("[")
            elif self._closed or here == "]":
                self._closed = self._taken("]")
            elif (found := self._first(more=more)) is not None:
                yield found[0]
            else:
                break
        self._text, self._at = self._text[self._at :], 0

    def _next(self) -> str | None:
        """Go to what is no space, and return it."""
        self._at = self._behind_space(self._at)
        return self._text[self._at] if self._at < len(self._text) else None

    def _behind_space(self, place: int) -> int:
        while place < len(self._text) and self._text[place] in _SPACE:
            place += 1
        return place

    def _taken(self, bracket: str) -> bool:
        if self._text[self._at] != bracket or self._closed:
            raise ValueError("no array, or something behind it")
        self._at += 1
        return True

    def _first(self, *, more: bool) -> tuple[Any] | None:
        """Return what stands next and go behind it; None where it is not all there yet."""
        try:
            value, end = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError:
            if more:
                return None
            raise ValueError("an entry that is no JSON, or only a part of one") from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        end = self._behind_space(end)
        following = self._text[end : end + 1]
        if more and following in ("", ".", "e", "E"):
            return None  # what separates is not there yet, and a number may go on
        if following not in (",", "]"):
            raise ValueError("something other than a comma behind an entry")
        self._at = end + (following == ",")
        return (value,)


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
