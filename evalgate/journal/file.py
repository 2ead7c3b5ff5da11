"""A journal's file: opened, written in whole transactions, read row by row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from evalgate.journal.connection import connect, explained

_Parameters: TypeAlias = Sequence[object] | Mapping[str, object]


class JournalFile:
    """An open file; what is in it is for those that build on this."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Open it. Raises ConfigurationError or JournalError as `connection.connect` says."""
        self.path = path
        self._db = connect(path, create=create)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, its write-ahead log folded in where nobody else has it open."""
        self._db.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                if self._db.in_transaction:  # a full disk rolls back by itself
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _rows(self, query: str, parameters: _Parameters) -> Iterator[sqlite3.Row]:
        """Yield rows as they are read: there may be more of them than memory holds."""
        with explained(self.path):
            yield from self._db.execute(query, parameters)

    def _all(self, query: str, parameters: _Parameters) -> list[sqlite3.Row]:
        with explained(self.path):
            return self._db.execute(query, parameters).fetchall()

    def _tuples(self, query: str, parameters: _Parameters) -> Iterator[Any]:
        """Yield plain tuples, one at a time: named rows cost as much as what is done with each of half a million."""
        cursor = self._db.cursor()
        cursor.row_factory = None
        with explained(self.path):
            yield from cursor.execute(query, parameters)

    def _one(self, query: str, parameters: _Parameters) -> sqlite3.Row | None:
        return next(iter(islice(self._all(query, parameters), 1)), None)
