"""When to try again and after how long: pure functions over failures and headers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from evalgate.llm.failures import CallFailed, Unreachable

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 8.0
CONNECT_ATTEMPTS: Final = 5
"""An address that nobody listens on is given up sooner than a busy one: waiting a whole deadline helps nobody."""


def worth_retrying(failure: CallFailed, attempts: int) -> bool:
    """Return whether a call that failed `attempts` times, last with `failure`, is tried again."""
    return failure.retry and not (isinstance(failure, Unreachable) and attempts >= CONNECT_ATTEMPTS)


def delay_before_retry(failure: CallFailed, attempts: int, jitter: Callable[[], float]) -> float:
    """Return the seconds to wait after `attempts` failures. `jitter` draws from [0, 1).

    What the endpoint asked for is the least that is waited, spread a little so that calls do not return in one wave;
    else a full-jitter exponential delay.
    """
    ceiling = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(attempts - 1, 16))
    if failure.retry_after is not None:
        return failure.retry_after + jitter() * min(ceiling, 0.1 + 0.1 * failure.retry_after)
    return jitter() * ceiling


def requested_delay(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` asks for; None where absent or unreadable.

    A date counts from the response's own `date`, so that two clocks need not agree.
    """
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers["retry-after"])
        return max(0.0, (until - parsedate_to_datetime(headers["date"])).total_seconds())
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
