"""Periods of time as people write them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _period(text: str) -> str:
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit() and len(number) <= 5 and unit in _SECONDS):
        raise ValueError(f"{text[:20]!r} is no period: write it like 7d, 12h, 30m or 45s")
    return text


def seconds_of(period: str) -> int:
    """Return the seconds of a period. Raises ValueError for what is none."""
    checked = _period(period)
    return int(checked[:-1]) * _SECONDS[checked[-1]]


Period = Annotated[str, AfterValidator(_period)]
"""`45s`, `30m`, `12h`, `7d` or `4w`."""
