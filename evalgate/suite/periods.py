"""Periods of time, and times, as people write them."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIME: Final = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?",
    re.ASCII,
)


def is_period(text: str) -> bool:
    """Return whether a text is a period of time."""
    number, unit = text[:-1], text[-1:]
    return number.isascii() and number.isdigit() and len(number) <= 5 and unit in _SECONDS


def seconds_of(period: str) -> int:
    """Return the seconds of a period. Raises ValueError for what is none."""
    checked = _period(period)
    return int(checked[:-1]) * _SECONDS[checked[-1]]


def no_time(text: str) -> ValueError:
    """Return what is wrong with a text that says no time."""
    return ValueError(
        f"{text[:40]!r} is no time: write how long ago it was, like 7d or 12h, or when, like 2026-01-31 or"
        " 2026-01-31T12:00Z"
    )


def timed(text: str) -> str:
    """Return a text that may be a time. Raises ValueError for one that is none, whatever the month has for days."""
    if not is_period(text) and _TIME.fullmatch(text) is None:
        raise no_time(text)
    return text


def _period(text: str) -> str:
    if not is_period(text):
        raise ValueError(f"{text[:20]!r} is no period: write it like 7d, 12h, 30m or 45s")
    return text


Period = Annotated[str, AfterValidator(_period)]
"""`45s`, `30m`, `12h`, `7d` or `4w`."""
Time = Annotated[str, AfterValidator(timed)]
"""A time: a period (so long ago), or a date, with a time of day or without, in UTC where it names no zone."""
