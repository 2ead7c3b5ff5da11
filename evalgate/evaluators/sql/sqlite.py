"""SQLite as the sql worker opens it: read-only, alone, within memory, and stoppable."""

from __future__ import annotations

import re
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from evalgate.evaluators.sql.answers import (
    MAX_SQL_CHARACTERS,
    MEMORY_BYTES,
    DatabaseError,
    Limits,
    QueryError,
    Stage,
    Table,
)
from evalgate.evaluators.sql.stopping import stopped_after
from evalgate.evaluators.sql.values import gathered

_READING: Final = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_FORBIDDEN_FUNCTIONS: Final = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})
_LONGEST_VALUE: Final = 16 * 2**20
_BATCH: Final = 200
_SYNTAX: Final = re.compile(r"syntax error|incomplete input|unrecognized token|one statement at a time")
_SCHEMA: Final = re.compile(r"no such (?:table|column)|ambiguous column name")


class SqliteDatabase:
    """One database file or script, open for reading."""

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises DatabaseError where that fails."""
        try:
            self._connection = _opened(path)
            weakref.finalize(self, self._connection.close)  # whoever has it open lets it go by forgetting it
            self._columns = _columns(self._connection)
            _lock_down(self._connection)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise DatabaseError(f"{path.name} cannot be opened as SQLite: {error}") from error

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table and view."""
        return self._columns

    def prepare(self, sql: str) -> None:
        """Let SQLite itself read `sql`. Raises QueryError."""
        with self._errors("execute"):
            self._connection.execute(f"EXPLAIN {sql}").close()

    def query(self, sql: str, limits: Limits) -> Table:
        """Run `sql`. Raises QueryError where it fails or goes beyond `limits`."""
        with self._errors("execute"), stopped_after(limits.timeout, self._connection.interrupt):
            cursor = self._connection.execute(sql)
            names = tuple(column[0] for column in cursor.description or ())
            return Table(names=names, rows=gathered(iter(lambda: cursor.fetchmany(_BATCH), []), limits))

    @contextmanager
    def _errors(self, stage: Stage) -> Iterator[None]:
        try:
            yield
        except MemoryError as error:
            raise QueryError("execute", f"it takes more than {MEMORY_BYTES // 2**20} MB of memory") from error
        except sqlite3.Error as error:
            message = str(error)
            if _SCHEMA.search(message):
                stage = "schema"
            elif _SYNTAX.search(message):
                stage = "parse"
            raise QueryError(stage, message) from error


def _opened(path: Path) -> sqlite3.Connection:
    if path.suffix.lower() == ".sql":
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        # A script makes tables and reaches no other file: what it attached would not be in its fingerprint.
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.executescript(path.read_text(encoding="utf-8"))
        return connection
    still = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro{still}", uri=True, check_same_thread=False)


def _columns(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    return {
        name: tuple(row[0] for row in connection.execute("SELECT name FROM pragma_table_xinfo(?)", (name,)))
        for (name,) in names
    }


def _lock_down(connection: sqlite3.Connection) -> None:
    for function in ("json_each", "json_tree"):
        connection.execute(f"SELECT 1 FROM {function}('[]')").close()  # noqa: S608 - made here; later it may not be
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in ("query_only=ON", "temp_store=MEMORY", f"hard_heap_limit={MEMORY_BYTES}"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 4 * MAX_SQL_CHARACTERS + 16)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(_authorize)


def _authorize(action: int, _first: str | None, second: str | None, *_: object) -> int:
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY
