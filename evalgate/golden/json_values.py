"""Strict JSON with places: one value of a text, and everything in it that is not quite JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from evalgate.golden.raw import Path

MAX_DEPTH: Final = 100

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CONSTANTS: Final = ("NaN", "Infinity", "-Infinity")


class Flaw(NamedTuple):
    """Something wrong at an offset of the text."""

    offset: int
    message: str


class _SuspiciousError(ValueError):
    """The text holds something that needs the slow reading, which says what and where."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _SuspiciousError
    return value


def _refuse(_: str) -> Any:
    raise _SuspiciousError


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _SuspiciousError
    return value


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse, parse_float=_finite)
_LENIENT: Final = json.JSONDecoder()


def read_json(text: str, start: int = 0) -> tuple[Any, int, list[Flaw]]:
    """Read the value that begins at `start`. Returns it, the offset after it, and its flaws in order.

    The offset is -1 where nothing can be read. A value with flaws is returned too, so that more can be said of it.
    """
    flaws: list[Flaw] = []
    try:
        value, end = _STRICT.raw_decode(text, start)
    except (_SuspiciousError, RecursionError):
        places = scan_places(text, start)
        flaws = places.flaws
        if places.too_deep:
            return None, -1, flaws
        try:
            value, end = _LENIENT.raw_decode(text, start)
        except ValueError as error:
            return None, -1, [*flaws, _malformed(error, start)]
    except ValueError as error:
        return None, -1, [_malformed(error, start)]
    if _may_hide(text, start, end) and not flaws:
        places = scan_places(text, start)
        if places.too_deep:
            return None, -1, places.flaws
        flaws = sorted(Flaw(places.find(path), message) for path, message in bad_values(value))
    return value, end, flaws


def _malformed(error: ValueError, start: int) -> Flaw:
    if isinstance(error, json.JSONDecodeError):
        return Flaw(error.pos, f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}")
    return Flaw(start, "a whole number has too many digits to be read")


def bad_values(value: Any) -> Iterator[tuple[Path, str]]:
    """Yield the path and the fault of everything in `value` that JSON or UTF-8 cannot hold."""
    stack: list[tuple[Path, Any]] = [((), value)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, str):
            if message := _bad_text(item):
                yield path, message
        elif isinstance(item, float) and not math.isfinite(item):
            yield path, f"{item} is not a JSON number"
        elif isinstance(item, dict):
            for key in item:
                if message := _bad_text(key):
                    yield (*path, key), f"in a key: {message}"
            stack += [((*path, key), child) for key, child in reversed(item.items())]
        elif isinstance(item, list):
            stack += [((*path, index), child) for index, child in reversed(list(enumerate(item)))]


@dataclass(kw_only=True, slots=True)
class Places:
    """Where the keys and values of one JSON value stand, as offsets of its text."""

    keys: dict[Path, int] = field(default_factory=dict)
    values: dict[Path, int] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    too_deep: bool = False

    def find(self, path: Path) -> int:
        """Return where `path` stands, its key where it has one, or else the nearest value around it."""
        while path and path not in self.values:
            path = path[:-1]
        return self.keys.get(path, self.values.get(path, 0))


def scan_places(text: str, start: int = 0) -> Places:
    """Read the value at `start` token by token: slow, never recursive, content to stop at anything malformed."""
    scanner = _Scanner()
    for match in _TOKEN.finditer(text, start):
        scanner.take(match.group(), match.start())
        if scanner.done:
            break
    return scanner.places


class _Scanner:
    """Follows tokens with a stack of its own: the path so far, and whether a key comes next at each level."""

    def __init__(self) -> None:
        self.places = Places()
        self.path: list[str | int] = []
        self.expects_key: list[bool] = []
        self.done = False

    def take(self, token: str, offset: int) -> None:
        """Note what one token says."""
        if token == ":":
            return
        if token in "]},":
            self.close_or_go_on(token)
        elif self.expects_key and self.expects_key[-1]:
            self.key(token, offset)
        else:
            self.value(token, offset)
        self.done = self.done or not self.path

    def close_or_go_on(self, token: str) -> None:
        """Leave a level, or come to its next item."""
        if not self.path:
            self.done = True
        elif token == ",":
            last = self.path[-1]
            self.expects_key[-1] = isinstance(last, str)
            self.path[-1] = last + 1 if isinstance(last, int) else last
        else:
            self.path.pop()
            self.expects_key.pop()

    def key(self, token: str, offset: int) -> None:
        """Note a key, and whether it was there before."""
        name = token[1:-1] if "\\" not in token else _unescaped(token)
        self.expects_key[-1] = False
        self.path[-1] = name
        path = tuple(self.path)
        if self.places.keys.setdefault(path, offset) != offset:
            self.places.flaws.append(Flaw(offset, f"the key {name[:60]!r} is here twice"))

    def value(self, token: str, offset: int) -> None:
        """Note a value; an object or a list opens a level."""
        self.places.values.setdefault(tuple(self.path), offset)
        if token in "[{":
            self.path.append(0 if token == "[" else "")
            self.expects_key.append(token == "{")
            if len(self.path) > MAX_DEPTH:
                self.places.flaws.append(Flaw(offset, f"values are nested more than {MAX_DEPTH} deep"))
                self.places.too_deep = self.done = True
        elif problem := _bad_number(token):
            self.places.flaws.append(Flaw(offset, problem))


def _unescaped(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def _bad_number(token: str) -> str | None:
    if token in _CONSTANTS:
        return f"{token} is not JSON: write null, or leave the key out"
    if token[0] not in '"tfn' and re.search("[.eE]", token):
        try:
            return None if math.isfinite(float(token)) else f"{token[:40]} is too large for a number"
        except ValueError:
            return None
    return None


def _bad_text(text: str) -> str | None:
    if "\0" in text:
        return "text holds a null character (U+0000), which databases and terminals do not take"
    found = _SURROGATE.search(text)
    return f"text holds half a character (the lone surrogate U+{ord(found.group()):04X})" if found else None


def _may_hide(text: str, start: int, end: int) -> bool:
    """Whether the text needs a second look: escapes of surrogates or of null, or many brackets."""
    if text.find("\\u", start, end) >= 0 and re.search(r"\\u(?:[dD]|0000)", text[start:end]):
        return True
    return text.count("[", start, end) + text.count("{", start, end) > MAX_DEPTH
