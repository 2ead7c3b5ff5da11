"""What a reader of one file format yields: raw examples and problems, each with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys and list positions that lead to a value inside an example."""

Place: TypeAlias = tuple[int, int]
"""Line and column, both from 1."""

Find: TypeAlias = Callable[[Path], Place]


class Problem(NamedTuple):
    """Something wrong with a dataset file, at a line and a column that count from 1."""

    message: str
    line: int
    column: int


class Raw(NamedTuple):
    """One example as its file has it. `find` tells where a path of it stands, the key if there is one."""

    value: Any
    place: Place
    find: Find
