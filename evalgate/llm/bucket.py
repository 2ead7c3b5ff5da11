"""A bucket that fills at a steady rate and is taken from: what may be sent now, and how long to wait for more."""

from __future__ import annotations

from typing import Final

_LONGEST_WAIT: Final = 60.0
"""Whatever was said or reckoned: after this long one call goes out to see."""
_MINUTE: Final = 60.0
_MARGIN: Final = 0.98
"""What of a configured rate is used, so that it holds in every window of a minute, its first burst included."""


class Bucket:
    """`level` may be below zero: what was taken on an estimate and turned out to be more is owed."""

    def __init__(self, *, capacity: float, rate: float, level: float, now: float) -> None:
        self._capacity = capacity
        self._rate = rate
        self._level = level
        self._at = now

    @classmethod
    def per_minute(cls, amount: float, now: float, *, burst: float) -> Bucket:
        """Return one that lets `amount` through in a minute, and `burst` seconds' worth of it at once."""
        capacity = max(1.0, amount * burst / _MINUTE)
        return cls(capacity=capacity, rate=_MARGIN * amount / _MINUTE, level=capacity, now=now)

    def wait(self, amount: float, now: float) -> float:
        """Return the seconds until `amount` may be taken; 0 is now. More than ever fits is let through when full."""
        self._fill(now)
        missing = min(amount, self._capacity) - self._level
        if missing <= 1e-9:
            return 0.0
        return min(_LONGEST_WAIT, missing / self._rate) if self._rate > 0 else _LONGEST_WAIT

    def take(self, amount: float, now: float) -> None:
        """Take `amount`, or give a negative one back."""
        self._fill(now)
        self._level = min(self._capacity, self._level - amount)

    def learn(self, *, limit: float, remaining: float, reset: float, now: float) -> None:
        """Take over what the endpoint says: it knows of other callers, and not yet of what is on its way."""
        self._fill(now)
        self._capacity = limit
        self._rate = (limit - remaining) / reset if reset > 0 and remaining < limit else limit / _MINUTE
        self._level = min(self._level, remaining)

    def _fill(self, now: float) -> None:
        self._level = min(self._capacity, self._level + self._rate * max(0.0, now - self._at))
        self._at = now
