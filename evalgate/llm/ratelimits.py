"""What an endpoint says of its own limits: how many requests and tokens are left, and when there will be more."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

Kind = Literal["requests", "tokens"]

_NAMES: Final[tuple[tuple[str, str, str], ...]] = (
    ("x-ratelimit-limit-{}", "x-ratelimit-remaining-{}", "x-ratelimit-reset-{}"),
    ("anthropic-ratelimit-{}-limit", "anthropic-ratelimit-{}-remaining", "anthropic-ratelimit-{}-reset"),
)
_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_UNITS: Final = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
_MINUTE: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """One limit as a response states it: what is left of `limit`, and the seconds until all of it is there again."""

    kind: Kind
    limit: float
    remaining: float
    reset: float


def stated_limits(headers: Mapping[str, str]) -> Iterator[Stated]:
    """Yield the limits that a response's headers state; what cannot be read is left out."""
    for kind in ("requests", "tokens"):
        for names in _NAMES:
            limit_name, remaining_name, reset_name = (name.format(kind) for name in names)
            remaining = _number(headers.get(remaining_name))
            if remaining is None:
                continue
            limit = _number(headers.get(limit_name))
            reset = _seconds(headers.get(reset_name), headers)
            limit = max(remaining, limit or 0.0)
            if limit > 0:
                yield Stated(kind=kind, limit=limit, remaining=remaining, reset=_MINUTE if reset is None else reset)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _seconds(text: str | None, headers: Mapping[str, str]) -> float | None:
    """Return a time to wait: `6m0s`, `120ms`, plain seconds, or a date, counted from the response's own."""
    if not text:
        return None
    if (plain := _number(text)) is not None:
        return plain
    if match := _DURATION.fullmatch(text.strip()):
        return sum(float(part) * unit for part, unit in zip(match.groups(), _UNITS, strict=True) if part)
    try:
        until = datetime.fromisoformat(text)
        return max(0.0, (until - parsedate_to_datetime(headers["date"])).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None
