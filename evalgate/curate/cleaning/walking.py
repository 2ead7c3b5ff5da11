"""The texts of a value that is JSON, wherever they stand, each with something else in its place. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

from evalgate.records import Json, JsonObject

_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,19}")
"""A key that names a field; another one may be what somebody said."""
_DEEPEST: Final = 100
"""Levels that are walked, those of JSON in texts among them; what lies deeper is looked through as one text."""
_SHORTEST: Final = 10**6
_EXACT: Final = 2**53
"""Numbers that may be a telephone's; floats beyond the other have lost digits."""

Replace = Callable[[str, tuple[str, ...]], str]


def walked(value: Any, put: Replace, path: tuple[str, ...] = (), depth: int = 0) -> Any:
    """Return a value with `put` in the place of each of its texts, which hears under which fields it stands.

    A text that is JSON, as the arguments of a tool are, is walked too. `depth` is how many levels it lies below.
    """
    if isinstance(value, str):
        return _of_text(value, put, path, depth)
    if isinstance(value, dict):
        return {
            (key if _FIELD.fullmatch(key) else put(key, ())): walked(each, put, (*path, key), depth + 1)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [walked(each, put, path, depth + 1) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_whole(value):
        text = str(abs(int(value)))
        changed = put(text, path)
        return value if changed == text else changed
    return value


def _is_whole(value: Any) -> bool:
    """Return whether a number is long enough to be somebody's, and has all of its digits."""
    most = _EXACT if isinstance(value, float) else math.inf
    return bool(_SHORTEST <= abs(value) <= most and value == int(value))


def _of_text(text: str, put: Replace, path: tuple[str, ...], depth: int) -> str:
    if text.lstrip()[:1] not in ("{", "["):
        return put(text, path)
    is_repeated = False

    def read(pairs: list[tuple[str, Json]]) -> JsonObject:
        nonlocal is_repeated
        value = dict(pairs)
        is_repeated |= len(value) != len(pairs)
        return value

    try:
        value: Json = json.loads(text, object_pairs_hook=read)
    except (ValueError, RecursionError):
        return put(text, path)
    if _is_deeper(value, _DEEPEST - depth):
        return put(text, path)
    if is_repeated:
        # Of a key that is there twice a reader of JSON sees the last one alone.
        whole = put(text, path)
        if whole != text:
            return whole
    changed = walked(value, put, path, depth)
    return text if changed == value else json.dumps(changed, ensure_ascii=False)


def _is_deeper(value: Json, levels: int) -> bool:
    """Return whether a value has more levels than these, without going down by recursion."""
    below: list[Json] = [value]
    for _ in range(levels + 1):
        below = [
            each
            for one in below
            if isinstance(one, dict | list)
            for each in (one.values() if isinstance(one, dict) else one)
        ]
        if not below:
            return False
    return True
