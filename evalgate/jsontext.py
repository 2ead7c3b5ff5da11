"""Reading JSON that others wrote: strict, and with one exception whatever is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, NoReturn

from evalgate.records import Json

_LONE_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def strict_json(text: str | bytes) -> Json:
    """Return the JSON value that `text` is, with halves of characters, which no store can hold, replaced.

    Raises ValueError: not JSON, NaN or an infinity, or nested too deep.
    """
    try:
        value: Json = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        return whole_characters(value) if _may_have_halves(text) else value
    except RecursionError:
        raise ValueError("nested too deep") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"{digits[:30]} is too large for a number")
    return value


DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
"""Reads a text as strictly, halves of characters and all; for many texts, as `json.loads` makes one for each."""


def _may_have_halves(text: str | bytes) -> bool:
    if isinstance(text, bytes):
        return b"\\ud" in text or b"\\uD" in text
    return "\\ud" in text or "\\uD" in text or _LONE_SURROGATES.search(text) is not None


def whole_characters(value: Json) -> Json:
    """Replace halves of characters, which a program that cuts strings in UTF-16 leaves, and no store can hold."""
    if isinstance(value, str):
        return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", k): whole_characters(v) for k, v in value.items()}
    if isinstance(value, list):
        return [whole_characters(each) for each in value]
    return value
