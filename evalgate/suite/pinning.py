"""One value put into a YAML text, at its place: comments, order and layout stay as a person wrote them."""

from __future__ import annotations

import copy
import json
import re
from typing import Any, Final

from evalgate.suite.shape import Path
from evalgate.yaml_source import Node, Place, read_yaml, resolve_scalar

_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=+/-]*", re.ASCII)


def with_value(text: str, path: Path, value: str | int, *, after: str, instead_of: str | None = None) -> str | None:
    """Return the text with `value` at `path`; where the key is not there yet it comes behind its sibling `after`.

    A sibling `instead_of` gives its place to the value, where there is one.
    None where that would change anything else (the place is an alias, say), so that a person has to do it.
    """
    before = read_yaml(text)
    key, above = str(path[-1]), before.root.at(path[:-1]) if before.root is not None else None
    if before.problems or before.root is None or above is None or not isinstance(above.value, dict):
        return None
    written = _written(value)
    flow = text[_offset(text, above.place) :].startswith("{")
    old, beside = above.child(key), above.child(after)
    replaced = above.child(instead_of) if instead_of is not None else None
    if replaced is not None and instead_of is not None and old is None:
        span = _span(text, replaced, flow=flow)
        start = _offset(text, above.keys[instead_of])
        new = None if span is None else f"{text[:start]}{key}: {written}{text[span[1] :]}"
    elif old is not None:
        span = _span(text, old, flow=flow)
        new = None if span is None else f"{text[: span[0]]}{written}{text[span[1] :]}"
    elif beside is not None:
        span = _span(text, beside, flow=flow)
        indent = " " * (above.keys[after][1] - 1)
        new = None if span is None else _inserted(text, span[1], f"{key}: {written}", None if flow else indent)
    else:
        return None
    gone = instead_of if replaced is not None else None
    return new if new is not None and _only(before.root, new, path, value, gone=gone) else None


def _written(value: str | int) -> str:
    if isinstance(value, str) and _SAFE.fullmatch(value) and resolve_scalar(value) == value:
        return value
    return json.dumps(value)


def _inserted(text: str, end: int, pair: str, indent: str | None) -> str:
    """Put a pair behind what ends at `end`: on a line of its own with an indent, within braces without."""
    if indent is None:
        return f"{text[:end]}, {pair}{text[end:]}"
    found = _BREAK.search(text, end)
    ending = found.group() if found is not None else "\n"
    line_end = found.start() if found is not None else len(text)
    return f"{text[:line_end]}{ending}{indent}{pair}{text[line_end:]}"


def _span(text: str, node: Node, *, flow: bool) -> tuple[int, int] | None:
    """Return where a scalar on one line begins and ends; None for what is written in another way."""
    start = _offset(text, node.place)
    if quoted := _QUOTED.match(text, start):
        return quoted.span()
    line = _BREAK.split(text[start:], maxsplit=1)[0]
    plain = re.split(r"\s#|[,\[\]{}]" if flow else r"\s#", line, maxsplit=1)[0].rstrip()
    return (start, start + len(plain)) if plain and resolve_scalar(plain) == node.value else None


def _offset(text: str, place: Place) -> int:
    line, column = place
    start = 0
    for _ in range(line - 1):
        found = _BREAK.search(text, start)
        start = found.end() if found is not None else len(text)
    return start + column - 1


def _only(before: Node, text: str, path: Path, value: str | int, *, gone: str | None) -> bool:
    """Return whether a text says what was there before with `value` at `path`, and nothing else."""
    after = read_yaml(text)
    wanted: Any = copy.deepcopy(before.plain())
    inner = wanted
    for step in path[:-1]:
        inner = inner[step]
    inner.pop(gone, None)
    inner[path[-1]] = value
    return not after.problems and after.root is not None and after.root.plain() == wanted
