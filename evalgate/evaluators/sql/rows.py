"""Whether two results are the same rows: values by position, numbers close, in order or as a multiset."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeAlias

from evalgate.evaluators.sql.answers import Table, Value

Row: TypeAlias = "tuple[Value, ...]"

_RELATIVE: Final = 1e-6
_ABSOLUTE: Final = 1e-9
_FEW: Final = 500
"""Rows left over that are worth matching one by one."""


def difference(expected: Table, got: Table, *, row_order: bool, column_names: bool) -> str | None:
    """Return in words how `got` differs from `expected`, or None."""
    if column_names:
        wanted, named = ([name.lower() for name in table.names] for table in (expected, got))
        if wanted != named:
            return f"it names its columns {', '.join(got.names)[:200]}, expected {', '.join(expected.names)[:200]}"
    widths = {len(row) for row in expected.rows} or {len(expected.names)} - {0}
    width = len(got.names)
    if widths and width not in widths:
        return f"it returns {_count(width, 'column')}, expected {_count(max(widths), 'column')}"
    if row_order:
        return _in_order(expected.rows, got.rows)
    return _as_multiset(expected.rows, got.rows)


def _in_order(expected: Sequence[Row], got: Sequence[Row]) -> str | None:
    for number, (wanted, row) in enumerate(zip(expected, got, strict=False), start=1):
        if not _close(wanted, row):
            return f"row {number} is {_shown(row)}, expected {_shown(wanted)}"
    return None if len(expected) == len(got) else _sizes(expected, got)


def _as_multiset(expected: Sequence[Row], got: Sequence[Row]) -> str | None:
    wanted, found = Counter(map(_rounded, expected)), Counter(map(_rounded, got))
    missing, extra = list((wanted - found).elements()), list((found - wanted).elements())
    if len(missing) <= _FEW and len(extra) <= _FEW:
        missing, extra = _unmatched(missing, extra)
    if not missing and not extra:
        return None
    words = [] if len(expected) == len(got) else [_sizes(expected, got)]
    words += [f"{_count(len(missing), 'row')} missing{_example(missing)}"] if missing else []
    words += [f"{_count(len(extra), 'row')} not expected{_example(extra)}"] if extra else []
    return "; ".join(words)


def _unmatched(missing: list[Row], extra: list[Row]) -> tuple[list[Row], list[Row]]:
    """Match what rounding parted although it is close."""
    left = list(extra)
    alone: list[Row] = []
    for row in missing:
        match = next((index for index, other in enumerate(left) if _close(row, other)), None)
        if match is None:
            alone.append(row)
        else:
            del left[match]
    return alone, left


def _close(one: Row, other: Row) -> bool:
    return len(one) == len(other) and all(map(_close_values, one, other))


def _close_values(one: Value, other: Value) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or math.isclose(one, other, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return one == other


def _rounded(row: Row) -> Row:
    return tuple(float(f"{value:.7g}") + 0.0 if isinstance(value, float) else value for value in row)


def _sizes(expected: Sequence[Row], got: Sequence[Row]) -> str:
    return f"it returns {_count(len(got), 'row')}, expected {len(expected)}"


def _example(rows: Sequence[Row]) -> str:
    return f"{':' if len(rows) == 1 else ', such as'} {_shown(rows[0])}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _shown(row: Row) -> str:
    text = "(" + ", ".join("NULL" if value is None else repr(value) for value in row[:8]) + ")"
    return text if len(text) <= 120 else text[:120] + "…"
