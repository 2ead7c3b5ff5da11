"""A journal that another machine wrote, an artifact say: copied before it is read, and refused unless it is sound.

The file itself is opened for reading alone and nothing is left beside it. What a journal of its version has no place
for (triggers, views, generated columns, other tables) is refused: in a file that strangers made they could act while it
is read.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError, JournalError
from evalgate.journal.schema import VERSION, statements_to, version_of

_Schema = frozenset[tuple[str, str, str, str]]

_NOT_ONE: Final = "write one with `evalgate run --record-only` or `evalgate journal export BUILD --to FILE`"
_OF_NO_RUN: Final = """
SELECT 1 FROM evaluation WHERE NOT EXISTS (
    SELECT 1 FROM run
    WHERE run.experiment = evaluation.experiment AND run.example_id = evaluation.example_id
    AND run.sample = evaluation.sample
) LIMIT 1
"""
"""Scores of answers that are not there: green on nothing."""
_AGAIN: Final = "take it from where it was made once more, or decide without it"


def copy_foreign(file: Path, target: Path) -> None:
    """Copy the journal `file` to `target`, a new file. Raises ConfigurationError for what is none, JournalError for a
    damaged one and for one with more in it than a journal has.
    """
    if file.is_symlink():
        raise ConfigurationError(f"{file} is a symbolic link, not a journal", next_step="name the file itself")
    if not file.is_file():
        raise ConfigurationError(
            f"there is no journal at {file}", next_step=f"look at the jobs that were to leave it, or {_NOT_ONE}"
        )
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        with _said_of(file):
            with closing(sqlite3.connect(_read_only(file), uri=True)) as source:
                source.backup(copy)
            copy.execute("PRAGMA trusted_schema = OFF")
            _require_journal(copy, file)
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            unheld = copy.execute(_OF_NO_RUN).fetchone()
        if found != "ok" or unheld is not None:
            raise _damaged(file, "a part of it does not fit the rest")


def _read_only(file: Path) -> str:
    """Return how SQLite opens it without writing. A log beside it has what is not in the file yet."""
    pending = file.with_name(f"{file.name}-wal")
    return f"{file.absolute().as_uri()}?mode=ro{'' if pending.is_file() else '&immutable=1'}"


def _require_journal(copy: sqlite3.Connection, file: Path) -> None:
    version = version_of(copy)
    if not version:
        what = "is empty" if version == 0 else "is a database of another program"
        raise ConfigurationError(f"{file} {what}, not a journal", next_step=_NOT_ONE)
    if not 0 < version <= VERSION:
        raise ConfigurationError(
            f"{file} was written by a newer evalgate (journal version {version}, this one reads up to {VERSION})",
            next_step="decide with the version that recorded it",
        )
    more = _schema(copy) ^ _as_made(version)
    if more:
        kind, name, *_ = min(more)
        raise JournalError(
            f"{file} is not as evalgate makes a journal: the {kind} {_shown(name)} of it is another one, is lacking, or"
            " has no place there",
            next_step=_AGAIN,
        )


def _as_made(version: int) -> _Schema:
    """Return the schema of a journal of this version."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        for statement in statements_to(version):
            made.execute(statement)
        return _schema(made)


def _schema(db: sqlite3.Connection) -> _Schema:
    found = db.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema")
    return frozenset((str(kind), str(name), str(table), _plain(str(sql))) for kind, name, table, sql in found)


def _plain(sql: str) -> str:
    """Return a statement without its comments and its layout, which versions may word otherwise."""
    return re.sub(r"\s+", "", re.sub(r"--[^\n]*", "", sql))


def _shown(name: str) -> str:
    return "".join(each if each.isprintable() else " " for each in name[:40])


@contextmanager
def _said_of(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise JournalError(
                f"no room to copy {file} before it is read",
                next_step="free some space for temporary files",
            ) from error
        raise _damaged(file, str(error)) from error


def _damaged(file: Path, why: str) -> JournalError:
    return JournalError(f"{file} is no journal, or a damaged one: {_shown(why)}", next_step=_AGAIN)
