"""Dotted paths into JSON values (`input.question`, `messages.0.content`, `metadata["a.b"]`): one reading of them.

Slices, clusters, input mappings, dataset fields and prompt variables all name places this way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from evalgate.records import Json

_STEP: Final = re.compile(r'(?:^|\.)(?P<name>[^.\[\]"]+)|\[(?P<index>-?\d+)\]|\["(?P<quoted>[^"]*)"\]')

MISSING: Final = object()
"""What `resolve` returns where nothing is at the path: None is a value."""


def parse(path: str) -> tuple[str | int, ...]:
    """Split `path` into its steps. Raises ValueError, naming the path, when it is not one."""
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or match.end() == position:
            raise ValueError(f"{path!r} is not a path: write names joined by dots, like input.question")
        name, index, quoted = match.group("name", "index", "quoted")
        steps.append(int(index) if index is not None else quoted if quoted is not None else name)
        position = match.end()
    if not steps:
        raise ValueError("a path is empty: write names joined by dots, like input.question")
    return tuple(steps)


def resolve(path: str, value: object) -> Json | object:
    """Return what stands at `path` in `value`, or MISSING. A numeric name reads a list by position."""
    for step in parse(path):
        if isinstance(value, Mapping):
            if step not in value:
                return MISSING
            value = value[step]
        elif isinstance(value, Sequence) and not isinstance(value, str) and re.fullmatch(r"-?\d+", str(step)):
            try:
                value = value[int(step)]
            except IndexError:
                return MISSING
        else:
            return MISSING
    return value
