"""DuckDB as the sql worker opens it: read-only, without files, network or extensions, within memory, stoppable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from evalgate.evaluators.sql.answers import (
    MEMORY_BYTES,
    DatabaseError,
    Limits,
    LostDatabaseError,
    QueryError,
    Stage,
    Table,
)
from evalgate.evaluators.sql.stopping import stopped_after
from evalgate.evaluators.sql.values import gathered

_LOCKS: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "memory_limit": f"{MEMORY_BYTES // 2**20}MiB",
    "threads": "1",
    "enable_external_access": "false",
    "lock_configuration": "true",
}
"""In this order: the last one closes the door."""
_BATCH: Final = 200
_SCHEMA: Final = re.compile(r"Table with name|Referenced (?:column|table)|does not have a column|Ambiguous reference")


class DuckdbDatabase:
    """One database file or script, open for reading."""

    def __init__(self, path: Path) -> None:
        """Open `path`. Raises DatabaseError where that fails."""
        try:
            self._connection = _opened(path)
            self._columns = _columns(self._connection)
        except (duckdb.Error, OSError, UnicodeDecodeError) as error:
            raise DatabaseError(f"{path.name} cannot be opened as DuckDB: {error}") from error

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table and view."""
        return self._columns

    def prepare(self, sql: str) -> None:
        """Let DuckDB itself read `sql`: one SELECT, known names. Raises QueryError."""
        with self._reading():
            statements = self._connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise QueryError("parse", "it is not one SELECT statement")
            self._connection.execute(f"EXPLAIN {sql}").fetchall()

    def query(self, sql: str, limits: Limits) -> Table:
        """Run `sql`. Raises QueryError where it fails or goes beyond `limits`."""
        with self._reading(), stopped_after(limits.timeout, self._connection.interrupt):
            cursor = self._connection.execute(sql)
            names = tuple(str(column[0]) for column in cursor.description or ())
            return Table(names=names, rows=gathered(iter(lambda: cursor.fetchmany(_BATCH), []), limits))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Hold a read-only transaction, so that a database made by a script is never changed either."""
        try:
            self._connection.execute("BEGIN TRANSACTION READ ONLY")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise QueryError("execute", f"it takes more than {MEMORY_BYTES // 2**20} MB of memory") from error
        except (duckdb.FatalException, duckdb.InternalException) as error:
            raise LostDatabaseError("execute", "it broke the database's engine") from error
        except duckdb.Error as error:
            raise QueryError(_stage(error), " ".join(str(error).partition("\n\n")[0].split())) from error


def _stage(error: duckdb.Error) -> Stage:
    if isinstance(error, duckdb.ParserException):
        return "parse"
    known = isinstance(error, duckdb.BinderException | duckdb.CatalogException) and _SCHEMA.search(str(error))
    return "schema" if known else "execute"


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    if path.suffix.lower() != ".sql":
        return duckdb.connect(str(path), read_only=True, config=dict(_LOCKS))
    # A script is as shut in as the queries: its fingerprint is its own text, and what it could copy out is not its own.
    shut = {option: value for option, value in _LOCKS.items() if option != "lock_configuration"}
    connection = duckdb.connect(":memory:", config=dict(shut))
    connection.execute(path.read_text(encoding="utf-8"))
    for option in ("memory_limit", "threads", "lock_configuration"):
        connection.execute(f"SET {option} = '{_LOCKS[option]}'")
    return connection


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    rows = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal ORDER BY column_index"
    ).fetchall()
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return {table: tuple(columns) for table, columns in found.items()}
