"""Whether a query filters as it must: every SELECT that reads a table restricts the required columns of it.

A restriction is a condition of WHERE, or of a JOIN's ON, that every row read has to meet: a comparison of the column
with a value, or its equality with a column that is itself restricted. One branch of an OR is none; an outer join's ON
restricts only the side that it may leave out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from evalgate.evaluators.sql.answers import QueryError

Place: TypeAlias = "tuple[str, str]"
"""A source's name within its SELECT, and a column, in lower case."""

_COMPARISONS: Final = (exp.EQ, exp.NullSafeEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_TRANSPARENT: Final = (
    exp.Cast,
    exp.Lower,
    exp.Upper,
    exp.Trim,
    exp.Date,
    exp.TsOrDsToDate,
    exp.TimestampTrunc,
    exp.DateTrunc,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RequiredFilter:
    """A column that must be filtered by; `table` None: of every table that has it."""

    table: str | None
    column: str

    @classmethod
    def read(cls, text: str) -> RequiredFilter:
        """Read `tenant_id` or `devices.tenant_id`."""
        table, _, column = text.lower().rpartition(".")
        return cls(table=table or None, column=column)

    def applies_to(self, table: str, columns: Sequence[str]) -> bool:
        """Return whether `table` has to be filtered by this column."""
        return self.table in {None, table.lower()} and self.column in {column.lower() for column in columns}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conditions:
    """What conditions restrict, and which columns they make equal (from, to)."""

    facts: set[Place] = field(default_factory=set)
    equal: set[tuple[Place, Place]] = field(default_factory=set)

    def only(self, names: Collection[str]) -> _Conditions:
        """Return what of it restricts the sources `names`."""
        return _Conditions(
            facts={place for place in self.facts if place[0] in names},
            equal={(one, other) for one, other in self.equal if other[0] in names},
        )

    def closed(self) -> set[Place]:
        """Return every restricted column."""
        restricted = set(self.facts)
        while added := {other for one, other in self.equal if one in restricted} - restricted:
            restricted |= added
        return restricted


def unknown_filters(required: Sequence[RequiredFilter], columns: Mapping[str, Sequence[str]]) -> list[RequiredFilter]:
    """Return the filters that no table of the database could need: mistakes in the config."""
    return [wanted for wanted in required if not any(wanted.applies_to(*table) for table in columns.items())]


def check_filters(tree: exp.Expr, required: Sequence[RequiredFilter], columns: Mapping[str, Sequence[str]]) -> None:
    """Refuse a query in which a SELECT reads a table without its required filters. Raises QueryError."""
    by_name = {table.lower(): names for table, names in columns.items()}
    for scope in traverse_scope(tree):
        tables = {alias.lower(): source.name.lower() for alias, source in _tables(scope)}
        if not tables:
            continue
        restricted: set[Place] | None = None
        for alias, table in tables.items():
            for wanted in required:
                if not wanted.applies_to(table, by_name.get(table, ())):
                    continue
                restricted = _conditions(scope, set(tables)).closed() if restricted is None else restricted
                if (alias, wanted.column) not in restricted:
                    raise QueryError("filter", f"it reads {table} without a filter on {wanted.column}")


def _tables(scope: Scope) -> Iterator[tuple[str, exp.Table]]:
    for alias, (_, source) in scope.selected_sources.items():
        if isinstance(source, exp.Table):
            yield alias, source


def _conditions(scope: Scope, local: set[str]) -> _Conditions:
    """Return what all of a SELECT's WHERE and ON restrict. `local` are the tables that it reads itself."""
    where = scope.expression.args.get("where")
    parts = [_read(where.this, local)] if where is not None else []
    for join in scope.expression.args.get("joins") or ():
        condition = join.args.get("on")
        if condition is not None:
            parts.append(_read(condition, local).only(_decided_by(join, local)))
    return _all_of(parts)


def _decided_by(join: exp.Join, local: set[str]) -> Collection[str]:
    joined = join.this.alias_or_name.lower()
    if join.side == "FULL":
        return ()
    if join.side == "LEFT" or join.kind == "ANTI":
        return {joined}
    return local - {joined} if join.side == "RIGHT" else local


def _read(condition: exp.Expr, local: set[str]) -> _Conditions:
    if isinstance(condition, exp.Paren):
        return _read(condition.this, local)
    if isinstance(condition, exp.And):
        return _all_of([_read(condition.left, local), _read(condition.right, local)])
    if isinstance(condition, exp.Or):
        return _Conditions(facts=_read(condition.left, local).facts & _read(condition.right, local).facts)
    if isinstance(condition, exp.In | exp.Between):
        place = _column(condition.this, local)
        others = [part for name, part in condition.args.items() if name != "this"]
        free = not any(_reads(part, local) for part in others)
        return _Conditions(facts={place}) if place and free else _Conditions()
    return _comparison(condition, local) if isinstance(condition, _COMPARISONS) else _Conditions()


def _comparison(condition: exp.Expr, local: set[str]) -> _Conditions:
    left, right = condition.this, condition.expression
    one, other = _column(left, local), _column(right, local)
    if one and other:
        equal = {(one, other), (other, one)} if isinstance(condition, exp.EQ | exp.NullSafeEQ) else set()
        return _Conditions(equal=equal)
    if one and not _reads(right, local):
        return _Conditions(facts={one})
    return _Conditions(facts={other}) if other and not _reads(left, local) else _Conditions()


def _column(expression: exp.Expr, local: set[str]) -> Place | None:
    while isinstance(expression, (exp.Paren, *_TRANSPARENT)):
        expression = expression.this
    if isinstance(expression, exp.Column) and expression.table.lower() in local:
        return expression.table.lower(), expression.name.lower()
    return None


def _reads(part: object, local: set[str]) -> bool:
    """Return whether `part` depends on a row of this SELECT; a subquery in it is a SELECT of its own."""
    if isinstance(part, list):
        return any(_reads(item, local) for item in part)
    if not isinstance(part, exp.Expression) or isinstance(part, exp.Query):
        return False
    if isinstance(part, exp.Column):
        return part.table.lower() in local
    return any(_reads(child, local) for child in part.iter_expressions())


def _all_of(parts: Sequence[_Conditions]) -> _Conditions:
    return _Conditions(
        facts=set().union(*(part.facts for part in parts)),
        equal=set().union(*(part.equal for part in parts)),
    )
