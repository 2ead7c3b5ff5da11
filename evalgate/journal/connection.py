"""Opening a journal file: what it must be, how it is written, and what SQLite's errors mean for people."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalgate.errors import ConfigurationError, JournalError
from evalgate.journal.schema import VERSION, migrate, version_of
from evalgate.sqlite_file import keep_a_log, make_folder

_BUSY_TIMEOUT_S = 30.0


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open `path`, making it and its folder when `create`, and bring it to this version's schema.

    Raises ConfigurationError for a missing file, another program's file and a newer version's, JournalError when the
    file cannot be read or written.
    """
    if not create and not path.is_file():
        raise ConfigurationError(f"there is no journal at {path}", next_step="evalgate run")
    with explained(path):
        if create:
            _make_folder(path.parent)
        connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, uri=False)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    version = version_of(connection)
    if version is None:
        raise ConfigurationError(
            f"{path} is a database of another program, not a journal", next_step="give another file with --journal"
        )
    if version > VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer evalgate (journal version {version}, this one reads up to {VERSION})",
            next_step="upgrade evalgate, or give another file with --journal",
        )
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE type IN ('trigger', 'view') LIMIT 1").fetchone():
        raise JournalError(
            f"{path} has a trigger or a view, which evalgate never makes: something else wrote to it",
            next_step="delete the file; in a workflow, delete the caches of this branch or pull request",
        )
    keep_a_log(connection, patience=_BUSY_TIMEOUT_S)
    connection.execute("PRAGMA foreign_keys = ON")
    if version < VERSION:
        migrate(connection)


def _make_folder(folder: Path) -> None:
    try:
        make_folder(folder)
    except OSError as error:
        raise JournalError(
            f"cannot make the folder {folder}: {error.strerror}", next_step="give a writable place with --journal"
        ) from error


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a JournalError that says what to do; what was committed stays."""
    try:
        yield
    except sqlite3.Error as error:
        message, step = _words(error)
        raise JournalError(f"{message} ({path}: {error})", next_step=step) from error


def _words(error: sqlite3.Error) -> tuple[str, str]:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            return "the disk is full; what was recorded before is kept", "free some space, then evalgate run --resume"
        case sqlite3.SQLITE_IOERR:
            return "the journal cannot be written; what was recorded before is kept", (
                "check the disk, then evalgate run --resume"
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another process holds the journal", "wait for it to end, then evalgate run --resume"
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return "the journal is damaged", "move the file away, or give another one with --journal"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return "the journal cannot be opened for writing", "give a writable place with --journal"
        case _:
            return "the journal refused a statement", "evalgate run --resume"
