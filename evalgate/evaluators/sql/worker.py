"""What runs in the sql worker: one function from a query and its reference to a finding, as JSON.

A finding is {} for right rows, {"stage", "explanation"} for a query that fails, or {"fault", "message"} where nobody
can tell: the database or the reference is broken.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypedDict

from evalgate.evaluators.sql import rows
from evalgate.evaluators.sql.answers import DatabaseError, Limits, LostDatabaseError, QueryError, Table
from evalgate.evaluators.sql.checks import check_names, check_quoted, parse, qualified
from evalgate.evaluators.sql.filters import RequiredFilter, check_filters, unknown_filters
from evalgate.evaluators.sql.values import comparable


class Options(TypedDict):
    """What the config says, as JSON."""

    database: str
    dialect: str
    required_filters: list[str]
    row_order: bool
    column_names: bool
    timeout: float
    max_rows: int


class Database(Protocol):
    """An open database."""

    def columns(self) -> Mapping[str, Sequence[str]]:
        """Return the columns of every table and view."""

    def prepare(self, sql: str) -> None:
        """Read `sql` without running it. Raises QueryError."""

    def query(self, sql: str, limits: Limits) -> Table:
        """Run `sql`. Raises QueryError."""


class BrokenReferenceError(Exception):
    """The reference query or rows cannot be used."""


def answer(options: Options, sql: str | None = None, reference: Any = None) -> dict[str, str]:
    """Return the finding for `sql`; without it, whether the database and the options can be used at all.

    `reference` is a query (text) or rows (a list of lists, of objects, or of single values).
    """
    try:
        database = _opened(options["database"], options["dialect"])
        required = [RequiredFilter.read(text) for text in options["required_filters"]]
        if sql is None:
            return _unusable_options(required, database)
        limits = Limits(timeout=options["timeout"], max_rows=options["max_rows"])
        expected = _expected(database, options, reference, limits)
        _check(sql, options["dialect"], database, required)
        wrong = rows.difference(
            expected,
            database.query(sql, limits),
            row_order=options["row_order"],
            column_names=options["column_names"],
        )
    except QueryError as error:
        if isinstance(error, LostDatabaseError):
            _opened.cache_clear()
        return {"stage": error.stage, "explanation": str(error)}
    except (DatabaseError, BrokenReferenceError) as error:
        return {"fault": type(error).__name__.removesuffix("Error"), "message": str(error)}
    return {} if wrong is None else {"stage": "rows", "explanation": wrong}


def _check(sql: str, dialect: str, database: Database, required: Sequence[RequiredFilter]) -> None:
    """Refuse what must not run. Raises QueryError."""
    query = parse(sql, dialect)
    check_names(query, sql, database)
    columns = database.columns()
    tree = qualified(query, dialect, columns)
    if tree is not None and dialect == "sqlite":
        check_quoted(tree, columns)
    if not required:
        return
    if tree is None:
        raise QueryError("filter", "it cannot be seen whether it filters as it must")
    check_filters(tree, required, columns)


def _unusable_options(required: Sequence[RequiredFilter], database: Database) -> dict[str, str]:
    unknown = unknown_filters(required, database.columns())
    if not database.columns():
        return {"fault": "Database", "message": "the database has no tables"}
    if unknown:
        names = ", ".join(f"{wanted.table}.{wanted.column}" if wanted.table else wanted.column for wanted in unknown)
        return {"fault": "RequiredFilter", "message": f"no table of the database has {names}"}
    return {}


@functools.lru_cache(maxsize=2)
def _opened(path: str, dialect: str) -> Database:
    if dialect == "sqlite":
        from evalgate.evaluators.sql.sqlite import SqliteDatabase

        return SqliteDatabase(Path(path))
    from evalgate.evaluators.sql.duck import DuckdbDatabase

    return DuckdbDatabase(Path(path))


_results: dict[tuple[str, str, str], Table] = {}
"""What reference queries returned, by database and dialect: each runs once, as long as there is room."""
_MOST_ROWS: Final = 200_000
"""Rows kept over all of them."""


def _expected(database: Database, options: Options, reference: Any, limits: Limits) -> Table:
    if not isinstance(reference, str):
        rows_given = _table(reference, limits)
        if options["column_names"] and not rows_given.names:
            raise BrokenReferenceError("the reference's rows have no column names; write a query or objects")
        return rows_given
    key = (options["database"], options["dialect"], reference)
    if key not in _results:
        try:
            parse(reference, options["dialect"])
            table = database.query(reference, limits)
        except QueryError as error:
            raise BrokenReferenceError(f"the reference query fails ({error.stage}): {error}") from error
        if sum(len(kept.rows) for kept in _results.values()) + len(table.rows) > _MOST_ROWS:
            _results.clear()
        _results[key] = table
    return _results[key]


def _table(reference: Any, limits: Limits) -> Table:
    if not isinstance(reference, list):
        raise BrokenReferenceError(f"the reference is a {type(reference).__name__}, neither a query nor rows")
    if len(reference) > limits.max_rows:
        raise BrokenReferenceError(f"the reference has {len(reference)} rows; `max_rows` is {limits.max_rows}")
    names = tuple(reference[0]) if reference and isinstance(reference[0], dict) else ()
    if names and any(not isinstance(row, dict) or set(row) != set(names) for row in reference):
        raise BrokenReferenceError("the reference's rows do not all have the same columns")
    found = [_row(row, names) for row in reference]
    if len({len(row) for row in found}) > 1:
        raise BrokenReferenceError("the reference's rows do not all have the same number of columns")
    return Table(names=names, rows=tuple(found))


def _row(row: Any, names: tuple[str, ...]) -> rows.Row:
    values = [row[name] for name in names] if names else row if isinstance(row, list) else [row]
    return tuple(comparable(value) for value in values)
