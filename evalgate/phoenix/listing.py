"""Where a listing ends: a server that gives page after page and nothing new on them is not read without end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from evalgate.phoenix.connection import Connection, PhoenixError

_BARREN: Final = 3
"""So many pages in a row without anything new are no listing: one may overlap with what came before it."""

_REMEMBERED: Final = 200_000
"""Things that are remembered, in 20 MB: a listing in which none of so many comes again has something on it."""


class Listing:
    """One listing while it is read, page by page: what was on it lately, a hash of each.

    `doing` says in words what could not be done where it has no end.
    """

    def __init__(self, connection: Connection, *, doing: str, cursor: str | None = None) -> None:
        self._connection = connection
        self._doing = doing
        self._asked = {cursor}
        self._seen: set[int] = set()
        self._barren = 0

    def following(self, page: Iterable[str], cursor: str | None, *, more: bool = True) -> str | None:
        """Return the cursor of the page after one that has these things on it as the server gave it; None at the end.

        With `more` false the page was the last, whatever its cursor says. Raises PhoenixError for pages without end.
        """
        new = {_hash(each) for each in page} - self._seen
        if len(self._seen) > _REMEMBERED:
            self._seen = set()
        self._seen |= new
        self._barren = 0 if new else self._barren + 1
        if not more:
            return None
        if cursor in self._asked or self._barren >= _BARREN:
            what = "lists pages without an end, and nothing new on them"
            raise PhoenixError(
                f"{self._doing}: {self._connection.address.shown} {what}",
                status=200,
                next_step="look at that server, and at what stands before it",
            )
        self._asked.add(cursor)
        return cursor


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
