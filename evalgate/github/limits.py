"""How long GitHub asks to be left alone: its primary and secondary rate limits, read from an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_UNSAID: Final = 60.0
"""Seconds to wait where an answer names a limit and no time: "wait for at least one minute", says GitHub."""
_LIMIT: Final = re.compile(r"secondary rate limit|rate limit exceeded|abuse detection", re.IGNORECASE)


def asked_to_wait(status: int, headers: Mapping[str, str], message: str) -> float | None:
    """Return the seconds until the same may be asked again; None where an answer is about no limit.

    `headers` are found by names in lower case. A limit is told by 403 or 429: what else is 403 is a permission.
    """
    if status not in (403, 429):
        return None
    after = headers.get("retry-after", "")
    if after.isdecimal():
        return float(after[:9])
    if headers.get("x-ratelimit-remaining") == "0":
        return _until(headers.get("x-ratelimit-reset", ""), headers.get("date", ""))
    return _UNSAID if status == 429 or _LIMIT.search(message) else None


def _until(reset: str, date: str) -> float:
    """Return the seconds to an epoch second, by the server's own clock: this machine's may be wrong."""
    if not reset.isdecimal():
        return _UNSAID
    try:
        now = parsedate_to_datetime(date)
        now = now if now.tzinfo else now.replace(tzinfo=UTC)
    except ValueError:
        now = datetime.now(UTC)
    return max(float(reset[:12]) - now.timestamp(), 0.0) + 1.0
