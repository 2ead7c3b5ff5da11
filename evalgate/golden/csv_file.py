"""CSV: dotted column names build an example's objects, in flat memory.

Every cell is text and an empty cell is nothing at all; a bare `input`, `output` or `metadata` column holds JSON.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from typing import Any, Final

from evalgate.encoding import decode
from evalgate.golden.json_values import bad_values, read_json
from evalgate.golden.raw import Path, Place, Problem, Raw
from evalgate.paths import parse
from evalgate.plain_file import lines

JSON_COLUMNS: Final = ("input", "output", "metadata")
_LONGEST_CELL: Final = 64 * 1024 * 1024


class _Record:
    """The lines that csv has taken for one record, decoded one by one, and where each cell of it begins."""

    def __init__(self, path: FilePath) -> None:
        self.path = path
        self.taken: list[str] = []
        self.first = 1
        self.number = 0

    def lines(self) -> Iterator[str]:
        """Yield the file's lines as csv asks for them."""
        for data in lines(self.path):
            self.number += 1
            text = decode(data, line=self.number)
            self.taken.append(text)
            yield text

    def next(self) -> None:
        """Forget the lines of the record before."""
        self.taken.clear()
        self.first = self.number + 1

    def cell(self, index: int) -> Place:
        """Return where the cell number `index` of the record begins."""
        line, column, quoted = self.first, 1, False
        for character in "".join(self.taken):
            if index == 0:
                break
            if character == '"':
                quoted = not quoted
            elif character == "," and not quoted:
                index -= 1
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
        return line, column


def read_csv(path: FilePath, *, json_columns: Sequence[str] = JSON_COLUMNS) -> Iterator[Raw | Problem]:
    """Yield what each record of a CSV file holds; bare columns of `json_columns` are JSON.

    Raises NotUtf8Error and OSError.
    """
    csv.field_size_limit(_LONGEST_CELL)
    record = _Record(path)
    reader = csv.reader(record.lines(), strict=True)
    columns: list[Path] | None = None
    names: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                pass
            elif columns is None:
                names = [cell.strip() for cell in cells]
                problems, columns = _header(names, record)
                yield from problems
                if problems:
                    return
            elif len(cells) != len(columns):
                yield Problem(
                    f"{len(cells)} cells under {len(columns)} columns: quote cells that hold commas or line ends",
                    *record.cell(0),
                )
            else:
                yield from _example(cells, columns, record, json_columns)
            record.next()
    except csv.Error as error:
        yield Problem(f"not CSV: {_reason(error)}", record.number or 1, 1)


def _reason(error: csv.Error) -> str:
    message = str(error)
    if "new-line character" in message:
        return "a carriage return stands inside a line; save the file with LF or CRLF line ends"
    return "a quoted cell never ends" if "unexpected end of data" in message else message


def _header(names: Sequence[str], record: _Record) -> tuple[list[Problem], list[Path]]:
    """Return what is wrong with the column names, and the path that each column fills."""
    problems: list[Problem] = []
    columns: list[Path] = []
    for index, name in enumerate(names):
        place = record.cell(index)
        try:
            path = parse(name)
        except ValueError:
            hint = "; the columns are to be separated by commas" if len(names) == 1 else ""
            problems.append(Problem(f"the column name {name!r} is not a path like input.question{hint}", *place))
            continue
        clash = next((other for other in columns if path[: len(other)] == other or other[: len(path)] == path), None)
        if clash is not None:
            other = ".".join(str(step) for step in clash)
            twice = "is here twice" if clash == path else f"and {other!r} cannot both be columns"
            problems.append(Problem(f"the column {name!r} {twice}", *place))
        if len(names) == 1 and (";" in name or "\t" in name):
            problems.append(Problem("the columns are to be separated by commas", *place))
        columns.append(path)
    return problems, columns


def _example(
    cells: Sequence[str], columns: Sequence[Path], record: _Record, json_columns: Sequence[str]
) -> Iterator[Raw | Problem]:
    value: dict[str, Any] = {}
    for index, (cell, path) in enumerate(zip(cells, columns, strict=True)):
        if cell == "":
            continue
        content: Any = cell
        if len(path) == 1 and path[0] in json_columns:
            content, end, flaws = read_json(cell, len(cell) - len(cell.lstrip()))
            messages = [flaw.message for flaw in flaws]
            if end >= 0 and cell[end:].strip():
                messages = ["not JSON: something follows the value"]
            for message in messages:
                yield Problem(f"column {path[0]}: {message}", *record.cell(index))
            if end < 0:
                content = {}
        elif "\0" in cell:
            message = next(message for _, message in bad_values(cell))
            yield Problem(f"column {'.'.join(map(str, path))}: {message}", *record.cell(index))
        _put(value, path, content)
    yield Raw(value, record.cell(0), lambda path: record.cell(_index(columns, path)))


def _index(columns: Sequence[Path], path: Path) -> int:
    """Return the first column that fills `path` or a part of it; 0 where none does."""
    return next((n for n, column in enumerate(columns) if column[: len(path)] == path[: len(column)]), 0)


def _put(value: dict[str, Any], path: Path, content: Any) -> None:
    for step in path[:-1]:
        value = value.setdefault(str(step), {})
    value[str(path[-1])] = content
