"""JSONL, one example per line in flat memory; and JSON, a list of examples or an object with `examples`."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Final

from evalgate.encoding import decode
from evalgate.golden.json_values import read_json, scan_places
from evalgate.golden.raw import Find, Place, Problem, Raw
from evalgate.plain_file import lines

_SHAPE: Final = "a JSON dataset is a list of examples, or an object with the list under `examples`"
_SPACE: Final = re.compile(r"[ \t\r\n]*")


def read_json_lines(path: FilePath) -> Iterator[Raw | Problem]:
    """Yield what each line of a JSONL file holds; blank lines and any line ends are fine. Raises NotUtf8Error."""
    for number, data in enumerate(lines(path), start=1):
        text = decode(data, line=number)
        # A carriage return cannot stand inside JSON text, so it ends a line wherever it is.
        for part in text.split("\r") if "\r" in text else (text,):
            if part.strip(" \t\n"):
                yield from _line(part, number, ended=data.endswith((b"\n", b"\r")))


def _line(text: str, number: int, *, ended: bool) -> Iterator[Raw | Problem]:
    body = text.rstrip(" \t\n")
    start = _space(body, 0)
    value, end, flaws = read_json(body, start)
    for flaw in flaws:
        message = flaw.message
        if end < 0 and not ended and ("unterminated" in message or flaw.offset >= len(body)):
            message += "; this last line is cut off"
        yield Problem(message, number, flaw.offset + 1)
    if end < 0:
        return
    rest = _space(body, end)
    if rest < len(body):
        yield Problem("not JSON: something follows the object; one line holds one example", number, rest + 1)
    elif isinstance(value, list):
        yield Problem("a list: a line of JSONL holds one example; name a file with a list .json", number, start + 1)
    else:
        places = lru_cache(1)(scan_places)
        yield Raw(value, (number, start + 1), lambda path: (number, places(body, start).find(path) + 1))


def read_json_file(text: str) -> Iterator[Raw | Problem]:
    """Yield what a JSON text holds: a list of examples, or an object with the list under `examples`."""
    lines = _Lines(text)
    start = _space(text, 0)
    if start == len(text):
        return
    try:
        yield from _members(text, start, lines) if text[start] == "{" else _list(text, start, lines)
    except _FlawedError as error:
        yield Problem(error.message, *lines.place(error.offset))


class _FlawedError(Exception):
    """The text is malformed at an offset: nothing after it can be read."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def _list(text: str, start: int, lines: _Lines) -> Iterator[Raw | Problem]:
    """Walk a dataset that is a list and nothing else."""
    if text[start] != "[":
        raise _FlawedError(_SHAPE, start)
    _end(text, (yield from _items(text, start, lines)))


def _members(text: str, start: int, lines: _Lines) -> Iterator[Raw | Problem]:
    """Walk an object, yield the examples of its member `examples` and pass over the others."""
    seen = False
    offset = _space(text, start + 1)
    while text[offset : offset + 1] != "}":
        key, offset = _value(text, offset)
        if not isinstance(key, str):
            raise _FlawedError("not JSON: a key must be text in double quotes", offset)
        offset = _space(text, _expect(text, _space(text, offset), ":"))
        if key == "examples" and text[offset : offset + 1] == "[":
            if seen:
                raise _FlawedError("the key 'examples' is here twice", offset)
            seen = True
            offset = yield from _items(text, offset, lines)
        else:
            _, offset = _value(text, offset)
        offset = _separator(text, offset, "}")
    _end(text, offset + 1)
    if not seen:
        raise _FlawedError(_SHAPE, start)


def _items(text: str, start: int, lines: _Lines) -> Generator[Raw | Problem, None, int]:
    """Yield the items of the list at `start`; return the offset after it."""
    offset = _space(text, start + 1)
    while text[offset : offset + 1] != "]":
        begin = offset
        value, offset, flaws = read_json(text, begin)
        for flaw in flaws[: -1 if offset < 0 else None]:
            yield Problem(flaw.message, *lines.place(flaw.offset))
        if offset < 0:
            raise _FlawedError(flaws[-1].message, flaws[-1].offset)
        yield Raw(value, lines.place(begin), _finder(text, begin, lines))
        offset = _separator(text, offset, "]")
    return offset + 1


def _finder(text: str, begin: int, lines: _Lines) -> Find:
    places = lru_cache(1)(scan_places)
    return lambda path: lines.place(places(text, begin).find(path))


def _value(text: str, offset: int) -> tuple[Any, int]:
    value, end, flaws = read_json(text, offset)
    if end < 0:
        raise _FlawedError(flaws[-1].message, flaws[-1].offset)
    return value, end


def _separator(text: str, offset: int, closing: str) -> int:
    """Return the offset of the next item or of `closing`, after the value that ends at `offset`."""
    offset = _space(text, offset)
    if text[offset : offset + 1] == closing:
        return offset
    following = _space(text, _expect(text, offset, ","))
    if text[following : following + 1] == closing:
        raise _FlawedError(f"not JSON: a comma before {closing}", offset)
    return following


def _expect(text: str, offset: int, sign: str) -> int:
    if text[offset : offset + 1] != sign:
        found = "the file ends" if offset >= len(text) else f"{text[offset]!r} stands"
        raise _FlawedError(f"not JSON: {found} where {sign!r} should be", offset)
    return offset + 1


def _end(text: str, offset: int) -> None:
    rest = _space(text, offset)
    if rest < len(text):
        raise _FlawedError("not JSON: something follows the end of the dataset", rest)


class _Lines:
    """Lines and columns of offsets that mostly grow, without counting from the beginning each time."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.known = (0, 1)

    def place(self, offset: int) -> Place:
        """Return line and column of an offset."""
        before, line = self.known
        line += self.text.count("\n", before, offset) if offset >= before else -self.text.count("\n", offset, before)
        self.known = (offset, line)
        return line, offset - self.text.rfind("\n", 0, offset)


def _space(text: str, offset: int) -> int:
    match = _SPACE.match(text, offset)
    return match.end() if match else offset
