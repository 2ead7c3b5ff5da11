"""Opening a response cache's file: what it must be, its tables, and what SQLite's errors mean for people."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.sqlite_file import keep_a_log, make_folder, make_tables, marks_of

APPLICATION_ID: Final = 0x65766331  # "evc1"
VERSION: Final = 1

_BUSY_TIMEOUT_S: Final = 10.0

_TABLES: Final = """
CREATE TABLE answer (
    key BLOB PRIMARY KEY,       -- SHA-256 of what was asked and for which sample
    endpoint TEXT NOT NULL,     -- its name in the config, for people
    model TEXT NOT NULL,
    sample TEXT NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,         -- deflated
    latency REAL NOT NULL,      -- of the call that was made, in seconds
    cost REAL,                  -- of that call, in US dollars; NULL where nobody knows the price
    drawn_at REAL NOT NULL,     -- seconds since 1970
    used_at REAL NOT NULL
) STRICT;
CREATE INDEX answer_by_age ON answer (drawn_at);
CREATE INDEX answer_by_use ON answer (used_at);
"""


class CacheError(MeasurementError):
    """The cache file cannot be read or written. What was stored before stays."""


def opened(path: Path, *, frozen: bool) -> sqlite3.Connection:
    """Open `path`, making it and its folder unless it is `frozen`: read as it is, and never written.

    Raises ConfigurationError for a file that is missing, is no cache or is a newer version's; CacheError.
    """
    if frozen and not path.is_file():
        raise ConfigurationError(
            f"there is no cache at {path}", next_step="evalgate run without --replay fills one, or name it with --cache"
        )
    if not frozen:
        _make_folder(path.parent)
    db = _connected(path, frozen=frozen)
    try:
        _prepare(db, path, frozen=frozen)
    except BaseException:
        db.close()
        raise
    return db


def _connected(path: Path, *, frozen: bool) -> sqlite3.Connection:
    if not frozen:
        return sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    address = f"{path.resolve().as_uri()}?mode=ro"
    db = sqlite3.connect(address, timeout=_BUSY_TIMEOUT_S, isolation_level=None, uri=True)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        db.close()
        # In a folder that cannot be written a write-ahead log's lock cannot be made, and nobody else can write either.
        db = sqlite3.connect(f"{address}&immutable=1", isolation_level=None, uri=True)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path, *, frozen: bool) -> None:
    marks = marks_of(db)
    if marks.application != APPLICATION_ID and (frozen or not marks.untouched):
        raise ConfigurationError(f"{path} is not a response cache", next_step="give another file with --cache")
    if marks.version > VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer evalgate (cache version {marks.version}, this one reads up to {VERSION})",
            next_step="upgrade evalgate, or give another file with --cache",
        )
    if frozen:
        return
    if marks.empty:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    keep_a_log(db, patience=_BUSY_TIMEOUT_S)
    if marks.empty:
        make_tables(db, _TABLES, application=APPLICATION_ID, version=VERSION)


def _make_folder(folder: Path) -> None:
    try:
        make_folder(folder)
    except OSError as error:
        raise CacheError(
            f"cannot make the folder {folder}: {error.strerror}", next_step="give a writable place with --cache"
        ) from error


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a CacheError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        message, step = _WORDS.get(code, ("the response cache refused a statement", "give another file with --cache"))
        raise CacheError(f"{message} ({path}: {error})", next_step=step) from error


_WORDS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full; what the response cache held is kept", "free some space, then run again"),
    sqlite3.SQLITE_IOERR: ("the response cache cannot be written", "check the disk, then run again"),
    sqlite3.SQLITE_BUSY: ("another process holds the response cache", "wait for it to end, then run again"),
    sqlite3.SQLITE_LOCKED: ("another process holds the response cache", "wait for it to end, then run again"),
    sqlite3.SQLITE_NOTADB: ("the file is no response cache, or a damaged one", "give another file with --cache"),
    sqlite3.SQLITE_CORRUPT: ("the response cache is damaged", "delete the file, or give another one with --cache"),
    sqlite3.SQLITE_READONLY: ("the response cache cannot be written", "give a writable place with --cache"),
    sqlite3.SQLITE_CANTOPEN: ("the response cache cannot be opened", "give a writable place with --cache"),
    sqlite3.SQLITE_PERM: ("the response cache cannot be opened", "give a writable place with --cache"),
}
"""By SQLite's code: what happened, and what to do."""
