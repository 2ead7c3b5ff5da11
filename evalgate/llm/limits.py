"""Who may call an endpoint, and when: slots, requests and tokens a minute, and the pauses that it asks for.

Additive increase, multiplicative decrease: each answer opens the window a little, up to the configured concurrency; a
429 closes it by the square of the share of calls that were lately throttled, at most by half, once for all that were on
their way. So an endpoint that throttles everything is backed off from at once, and one that does so at random is not.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from evalgate.llm.bucket import Bucket
from evalgate.llm.ratelimits import Kind, stated_limits

_BACKOFF: Final = 0.5
_LONGEST_BACKOFF: Final = 8.0
_MEMORY: Final = 1 / 16  # the weight of one answer in the share of throttled ones
_LONGEST_PAUSE: Final = 120.0
"""Whatever an endpoint asks for: after this long one call goes out to see."""
_OPENING: Final = 1.0
"""How much wider the window is when a whole one was answered."""
_OUTPUT_GUESS: Final = 256.0
"""Tokens of an answer before any was seen."""
_BURST_S: Final[Mapping[Kind, float]] = {"requests": 1.0, "tokens": 10.0}


@dataclass(kw_only=True, slots=True, eq=False)
class Pass:
    """Leave to make one attempt. `tokens` is what it was reckoned to take."""

    tokens: float
    since: float = 0.0


class Limits:
    """The limits of one endpoint, for all who call it from this loop. `jitter` draws from [0, 1)."""

    def __init__(
        self,
        *,
        concurrency: int,
        requests_per_minute: float | None,
        tokens_per_minute: float | None,
        jitter: Callable[[], float],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._most = float(concurrency)
        self._window = self._most
        self._in_flight = 0
        self._jitter = jitter
        self._throttled = 1.0
        self._streak = 0
        self._closed_at = now - 1.0
        self._heard_since = float("inf")
        self._paused_until = now
        declared: dict[Kind, float | None] = {"requests": requests_per_minute, "tokens": tokens_per_minute}
        self._buckets: dict[tuple[str, Kind], Bucket] = {
            ("declared", kind): Bucket.per_minute(amount, now, burst=_BURST_S[kind])
            for kind, amount in declared.items()
            if amount is not None
        }
        self._tokens_per_call: float | None = None
        self._waiting: deque[tuple[Pass, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counts_tokens(self) -> bool:
        """Whether the tokens of an answer make a difference to when the next call may go."""
        return any(kind == "tokens" for _, kind in self._buckets)

    async def enter(self, size: int, *, again: bool) -> Pass:
        """Wait for leave to send a body of `size` bytes; `again` goes before those that were never sent."""
        one = Pass(tokens=self._tokens_per_call or size / 4 + _OUTPUT_GUESS)
        if not self._waiting and self._wait(one) <= 0:
            self._admit(one)
            return one
        leave = self._loop.create_future()
        (self._waiting.appendleft if again else self._waiting.append)((one, leave))
        self._dispatch()
        try:
            await leave
        except asyncio.CancelledError:
            if leave.done() and not leave.cancelled():
                self.leave(one)
            elif (one, leave) in self._waiting:
                self._waiting.remove((one, leave))
            raise
        return one

    def leave(self, one: Pass) -> None:
        """Give the slot back."""
        self._in_flight -= 1
        self._dispatch()

    def heard(self, headers: Mapping[str, str]) -> None:
        """Learn from what a response says of the endpoint's limits."""
        now = self._loop.time()
        for stated in stated_limits(headers):
            bucket = self._buckets.get(("stated", stated.kind))
            if bucket is None:
                bucket = Bucket(capacity=stated.limit, rate=0.0, level=stated.remaining, now=now)
                self._buckets["stated", stated.kind] = bucket
            bucket.learn(limit=stated.limit, remaining=stated.remaining, reset=stated.reset, now=now)

    def answered(self, one: Pass, tokens: float | None) -> None:
        """An attempt was answered, whatever with: the endpoint has room. `tokens` is what it took, where known."""
        self._throttled *= 1 - _MEMORY
        self._streak = 0
        self._heard_since += 1
        self._window = min(self._most, self._window + _OPENING / self._window)
        if tokens is None:
            return
        known = self._tokens_per_call
        self._tokens_per_call = tokens if known is None else known + (tokens - known) * _MEMORY
        for (_, kind), bucket in self._buckets.items():
            if kind == "tokens":
                bucket.take(tokens - one.tokens, self._loop.time())

    def throttled(self, one: Pass, retry_after: float | None) -> None:
        """An attempt was refused for too many requests: close the window, and pause every call of the endpoint."""
        self._throttled += (1 - self._throttled) * _MEMORY
        now = self._loop.time()
        seconds = retry_after
        self._heard_since += 1
        # What was on its way together is one refusal, and a window's worth of calls is judged as one.
        if one.since > self._closed_at and self._heard_since >= self._window:
            self._closed_at, self._heard_since = now, 0.0
            self._window = max(1.0, self._window * max(0.5, 1 - self._throttled**2))
            self._streak += 1
            if seconds is None:
                longest = min(_LONGEST_BACKOFF, _BACKOFF * 2.0 ** (self._streak - 1))
                seconds = self._jitter() * longest * self._throttled
        if seconds is not None:
            self._paused_until = max(self._paused_until, now + min(seconds, _LONGEST_PAUSE))

    def _wait(self, one: Pass) -> float:
        """Return the seconds until this attempt may go; infinite where another must end first."""
        if self._in_flight >= max(1, int(self._window)):
            return float("inf")
        now = self._loop.time()
        needed: dict[Kind, float] = {"requests": 1.0, "tokens": one.tokens}
        waits = [bucket.wait(needed[kind], now) for (_, kind), bucket in self._buckets.items()]
        return max([self._paused_until - now, *waits])

    def _admit(self, one: Pass) -> None:
        one.since = now = self._loop.time()
        self._in_flight += 1
        for (_, kind), bucket in self._buckets.items():
            bucket.take(1.0 if kind == "requests" else one.tokens, now)

    def _dispatch(self) -> None:
        """Let go whoever may, in their order, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            one, leave = self._waiting[0]
            if leave.done():
                self._waiting.popleft()
                continue
            wait = self._wait(one)
            if wait > 0:
                if wait < float("inf"):
                    self._timer = self._loop.call_later(wait, self._dispatch)
                return
            self._waiting.popleft()
            self._admit(one)
            leave.set_result(None)
