"""One SQLite file that several processes open at once: whose it is, how it is made, how it is written.

The journal, the response cache and the traces are such files. SQLite's own errors pass through: each store has its
words for them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PAUSE_S: Final = 0.005

_IGNORED: Final = (
    "# made by evalgate: what it stores here is not for git\n*\n!accepted/\n!accepted/**\n!templates/\n!templates/**\n"
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a file says of itself. All zero and empty: nobody has written to it yet."""

    application: int
    version: int
    empty: bool

    @property
    def untouched(self) -> bool:
        """Whether the file is nobody's yet."""
        return self.empty and not self.application and not self.version


def marks_of(db: sqlite3.Connection) -> Marks:
    """Read the marks of one moment: between two statements another process may have made the tables."""
    if db.in_transaction:
        return _marks_of(db)
    db.execute("BEGIN")
    try:
        return _marks_of(db)
    finally:
        db.execute("COMMIT")


def _marks_of(db: sqlite3.Connection) -> Marks:
    tables, application, version = (
        db.execute(query).fetchone()[0]
        for query in ("SELECT count(*) FROM sqlite_master", "PRAGMA application_id", "PRAGMA user_version")
    )
    return Marks(application, version, empty=not tables)


def keep_a_log(db: sqlite3.Connection, *, patience: float) -> None:
    """Write ahead: a row is in the file once it is committed, whatever kills this process; a power cut loses the tail.

    The switch needs the file for itself and SQLite does not always wait for that: for `patience` seconds it is tried
    again. Raises sqlite3.OperationalError.
    """
    db.execute("PRAGMA synchronous = NORMAL")
    until = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_S)


def statements(script: str) -> Iterator[str]:
    """Split a script: `executescript` would commit the transaction that makes it whole."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def make_tables(db: sqlite3.Connection, script: str, *, application: int, version: int) -> None:
    """Make the tables of an empty file, and say whose it is, in one transaction; two processes may try at once."""
    db.execute("BEGIN IMMEDIATE")
    if marks_of(db).empty:
        for statement in statements(script):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {application}")
        db.execute(f"PRAGMA user_version = {version}")
    db.execute("COMMIT")


def fold_in(path: Path) -> None:
    """Bring what was written ahead into the file, which is whole by itself then. Raises sqlite3.Error."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.close()


def make_folder(folder: Path) -> None:
    """Make the store's folder and keep it out of git by itself, whatever the repository says. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == ".evalgate" and not ignore.exists():
        try:
            ignore.write_text(_IGNORED)
        except OSError:
            ignore.unlink(missing_ok=True)  # the half of it that a full disk took would be believed the next time
            raise
