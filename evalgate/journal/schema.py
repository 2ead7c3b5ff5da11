"""The journal's version, and the way of a file from an older one to this one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from evalgate.journal.migrations import MIGRATIONS
from evalgate.sqlite_file import marks_of, statements

APPLICATION_ID: Final = 0x65766731  # "evg1", so that another program's SQLite file is not taken for a journal

VERSION: Final = 13


def version_of(connection: sqlite3.Connection) -> int | None:
    """Return the schema version of a journal, 0 for an empty file, None for another program's database."""
    marks = marks_of(connection)
    if marks.application == APPLICATION_ID:
        return marks.version
    return 0 if marks.untouched else None


def statements_to(version: int) -> Iterator[str]:
    """Yield what makes an empty file a journal of this version, its marks left out."""
    for step in range(version):
        yield from statements(MIGRATIONS[step])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to VERSION, one step a transaction; two processes may try at once."""
    while True:
        # Read again under the write lock: another process may have made the same step meanwhile.
        connection.execute("BEGIN IMMEDIATE")
        version = version_of(connection)
        if version is None or version >= VERSION:
            connection.execute("COMMIT")
            return
        for statement in statements(MIGRATIONS[version]):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
