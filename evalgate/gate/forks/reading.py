"""Reading what a fork's run reported: line by line, each bounded and checked before the next is looked at.

All of it is anybody's: no message repeats more of it than a short, printable piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any, Final

from pydantic import ValidationError

from evalgate.encoding import printable
from evalgate.errors import MeasurementError
from evalgate.gate.forks.rows import MOST_BYTES, MOST_BYTES_OF_A_LINE, MOST_ROWS, VERSION, Head, Row
from evalgate.golden.json_values import read_json

_SHOWN: Final = 120
AGAIN: Final = "run the fork's workflow again; if that reports the same, a maintainer runs it (docs/forks.md)"


class RowsError(MeasurementError):
    """What a fork's run reported cannot be decided on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedRows:
    """A file whose head was read. `rows` may be gone through once; it raises RowsError at the first line in error."""

    head: Head
    rows: Iterator[Row]


def read_rows(file: BufferedIOBase) -> ReportedRows:
    """Read the head of a file that is open for reading bytes. Raises RowsError."""
    lines = _lines(file)
    first = next(lines, None)
    if first is None:
        raise _refused("it is empty")
    return ReportedRows(head=_head(first), rows=_rows(lines))


def _rows(lines: Iterator[bytes]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=2):
        if number > MOST_ROWS + 1:
            raise _refused(f"it has more than {MOST_ROWS:,} rows")
        try:
            yield Row.model_validate(_value(line, number))
        except ValidationError as error:
            raise _invalid(error, number) from None


def _lines(file: BufferedIOBase) -> Iterator[bytes]:
    """Yield the lines of a file. Never more than one of them is held, and never a long one."""
    read = 0
    number = 0
    while line := file.readline(MOST_BYTES_OF_A_LINE + 1):
        number += 1
        read += len(line)
        if len(line) > MOST_BYTES_OF_A_LINE:
            raise _refused(f"line {number} is longer than {MOST_BYTES_OF_A_LINE:,} bytes")
        if read > MOST_BYTES:
            raise _refused(f"it is larger than {MOST_BYTES:,} bytes")
        yield line


def _head(line: bytes) -> Head:
    value = _value(line, 1)
    version = value.get("evalgate_rows") if isinstance(value, dict) else None
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise _refused(f"it is of version {version}, and this evalgate reads version {VERSION}")
    try:
        return Head.model_validate(value)
    except ValidationError as error:
        raise _invalid(error, 1) from None


def _value(line: bytes, number: int) -> Any:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused(f"line {number} is not UTF-8") from None
    value, end, flaws = read_json(text)
    if flaws:
        raise _refused(f"line {number}: {printable(flaws[0].message)[:_SHOWN]}")
    if end < 0 or text[end:].strip():
        raise _refused(f"line {number} is not one JSON value")
    return value


def _invalid(error: ValidationError, number: int) -> RowsError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return _refused(f"line {number}, {printable(place)[:_SHOWN] or 'as a whole'}: {printable(first['msg'])[:_SHOWN]}")


def _refused(why: str) -> RowsError:
    return RowsError(f"what the fork's run reported was refused: {why}", next_step=AGAIN)
