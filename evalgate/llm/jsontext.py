"""Reading JSON that others wrote: strict, and with one exception whatever is wrong with it."""

from __future__ import annotations

import json
from typing import NoReturn

from evalgate.records import Json


def strict_json(text: str | bytes) -> Json:
    """Return the JSON value that `text` is. Raises ValueError: not JSON, NaN or an infinity, or nested too deep."""
    try:
        value: Json = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"{digits[:30]} is beyond the numbers that can be kept")
    return value
