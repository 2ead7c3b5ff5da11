"""Database values as comparable ones: numbers as numbers, everything else as text, NULL as None."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from decimal import Decimal

from evalgate.evaluators.sql.answers import MAX_RESULT_CHARACTERS, Limits, QueryError, Value


def comparable(value: object) -> Value:
    """Return `value` as a number, text or None. A boolean is 1 or 0, as SQLite has it; dates are ISO text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"x'{bytes(value).hex()}'"
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, default=str, ensure_ascii=False, sort_keys=True)
    return str(value)


def gathered(batches: Iterable[list[tuple[object, ...]]], limits: Limits) -> tuple[tuple[Value, ...], ...]:
    """Return all rows. Raises QueryError beyond `limits.max_rows` or MAX_RESULT_CHARACTERS."""
    rows: list[tuple[Value, ...]] = []
    size = 0
    for batch in batches:
        for row in batch:
            values = tuple(comparable(value) for value in row)
            size += sum(len(value) if isinstance(value, str) else 8 for value in values)
            rows.append(values)
        if len(rows) > limits.max_rows:
            raise QueryError("rows", f"it returns more than {limits.max_rows} rows")
        if size > MAX_RESULT_CHARACTERS:
            raise QueryError("rows", f"it returns more than {MAX_RESULT_CHARACTERS // 2**20} MB")
    return tuple(rows)
