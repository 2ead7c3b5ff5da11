"""What a query may be before it runs: one statement that reads, of the database's own tables and columns.

The database itself judges names; sqlglot says what the query is, and finds what the database would let through.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from evalgate.evaluators.sql.answers import MAX_SQL_CHARACTERS, QueryError

_CHANGES: Final = (
    *(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter),
    *(exp.Command, exp.Copy, exp.Attach, exp.Detach, exp.Pragma, exp.Set, exp.Into),
)
_TABLE_FUNCTIONS: Final = frozenset({"json_each", "json_tree", "generate_series", "range", "unnest"})
_UNKNOWN_COLUMN: Final = re.compile(
    r'no such column: (.+)|Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"'
)
_UNKNOWN_TABLE: Final = re.compile(r'no such table: (.+)|Table with name "?([^"\s]+)"? does not exist')
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_CLASS: Final = re.compile(r"<class '[\w.]*?(\w+)'>")


class Reader(Protocol):
    """A database that can read a query without running it."""

    def columns(self) -> Mapping[str, Sequence[str]]:
        """Return the columns of every table and view."""

    def prepare(self, sql: str) -> None:
        """Read `sql`. Raises QueryError."""


def parse(sql: str, dialect: str) -> exp.Query:
    """Return the one statement that `sql` is. Raises QueryError for anything but one SELECT, WITH or UNION."""
    if len(sql) > MAX_SQL_CHARACTERS:
        raise QueryError("parse", f"it has {len(sql)} characters; at most {MAX_SQL_CHARACTERS} are read")
    if sql.lstrip().startswith("```"):
        raise QueryError("parse", "it is wrapped in a code fence")
    try:
        found = sqlglot.parse(sql, dialect=dialect)
    except SqlglotError as error:
        raise QueryError("parse", f"it is not {dialect} SQL: {_first_line(str(error))}") from error
    except RecursionError:
        raise QueryError("parse", "it is nested too deeply") from None
    statements = [statement for statement in found if not isinstance(statement, exp.Semicolon | None)]
    if not statements:
        raise QueryError("parse", "it is empty")
    if len(statements) > 1:
        raise QueryError("parse", f"it has {len(statements)} statements; only one is run")
    statement = statements[0]
    inner = statement.unnest() if isinstance(statement, exp.Subquery) else statement
    if not isinstance(inner, exp.Select | exp.SetOperation):
        raise QueryError("parse", f"it is {_article(inner)} statement; only SELECT is run")
    changing = inner.find(*_CHANGES)
    if changing is not None:
        raise QueryError("parse", f"it holds {_article(changing)}; only SELECT is run")
    return inner


def check_names(query: exp.Query, sql: str, database: Reader) -> None:
    """Refuse tables and columns that the database does not have. Raises QueryError."""
    columns = database.columns()
    known = {table.lower() for table in columns}
    named = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            name = table.this.name if isinstance(table.this, exp.Anonymous) else table.this.sql_name()
            if name.lower() not in _TABLE_FUNCTIONS:
                raise QueryError("schema", f"it reads from {name.lower()}(), which is no table of the database")
        elif table.name.lower() not in known and (table.db or table.name.lower() not in named):
            raise QueryError("schema", _unknown("table", table.name, columns))
    try:
        database.prepare(sql)
    except QueryError as error:
        raise QueryError(error.stage, _explained(str(error), columns)) from error


def qualified(query: exp.Query, dialect: str, columns: Mapping[str, Sequence[str]]) -> exp.Expr | None:
    """Return `query` with every column under its table's name; None where sqlglot cannot tell."""
    schema: dict[str, object] = {table: dict.fromkeys(names, "TEXT") for table, names in columns.items()}
    try:
        return qualify(
            query.copy(),
            schema=schema,
            dialect=dialect,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
            expand_stars=False,
        )
    except (SqlglotError, RecursionError):
        return None


def check_quoted(tree: exp.Expr, columns: Mapping[str, Sequence[str]]) -> None:
    """Refuse a name in double quotes that is no column: SQLite would silently read it as text. Raises QueryError."""
    for scope in traverse_scope(tree):
        if not isinstance(scope.expression, exp.Select):
            continue
        if any(not isinstance(source, exp.Table) for source in scope.sources.values()):
            continue
        own = {name.lower() for name in scope.expression.named_selects}
        for column in scope.unqualified_columns:
            if column.this.args.get("quoted") and column.name.lower() not in own:
                raise QueryError("schema", f"{_unknown('column', column.name, columns)}; text takes single quotes")


def _explained(message: str, columns: Mapping[str, Sequence[str]]) -> str:
    for what, pattern in (("column", _UNKNOWN_COLUMN), ("table", _UNKNOWN_TABLE)):
        found = pattern.search(message)
        if found:
            name = next(group for group in found.groups() if group)
            return _unknown(what, name, columns)
    return message


def _unknown(what: str, name: str, columns: Mapping[str, Sequence[str]]) -> str:
    told, bare = f"there is no {what} {name[:80]!r}", name.rpartition(".")[2].lower()[:80]
    names: Iterable[str] = columns if what == "table" else {known for own in columns.values() for known in own}
    by_lower = {known.lower(): known for known in sorted(names)}
    if bare in by_lower:
        owners = [table for table, own in columns.items() if bare in {known.lower() for known in own}]
        return f"{told}; {', '.join(owners)} has one" if what == "column" else f"{told}, only {by_lower[bare]!r}"
    near = difflib.get_close_matches(bare, by_lower, n=1, cutoff=0.5)
    return told + (f"; the nearest is {by_lower[near[0]]!r}" if near else "")


def _article(node: exp.Expr) -> str:
    name = type(node).__name__.upper()
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _first_line(message: str) -> str:
    return _CLASS.sub(r"\1", _ANSI.sub("", message)).strip().partition("\n")[0]
