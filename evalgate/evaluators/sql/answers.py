"""The vocabulary of the sql worker: why a query failed, and at which of its five stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Stage: TypeAlias = Literal["parse", "schema", "filter", "execute", "rows"]
"""parse: one readable SELECT. schema: known names. filter: the required ones. execute: it ran. rows: the right ones."""

Value: TypeAlias = "str | int | float | None"
"""One value of a result as it is compared."""


class QueryError(Exception):
    """What is wrong with a query, and the stage that found it."""

    def __init__(self, stage: Stage, message: str) -> None:
        super().__init__(message)
        self.stage = stage


class LostDatabaseError(QueryError):
    """The query broke the open database beyond use: it has to be opened anew for the next one."""


class DatabaseError(Exception):
    """What is wrong with the database itself: nobody's query is at fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """What a query returned: column names and rows of comparable values."""

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one query may take: seconds, and rows of its result."""

    timeout: float
    max_rows: int


MAX_RESULT_CHARACTERS = 64 * 2**20
"""Of one result, over all its values."""
MEMORY_BYTES = 512 * 2**20
"""What a database may take while it runs one query."""
MAX_SQL_CHARACTERS = 100_000
"""Of one query; parsing time grows with it."""
