"""How calls of models are made in one build: cache, prices, budget, circuit breaker, wire; each built on first use."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.records import TaskOutcome
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.config import Config, Endpoint, Price

if TYPE_CHECKING:
    from evalgate.decision.reserve import Limit
    from evalgate.llm.budget import Spent
    from evalgate.llm.cache import ResponseCache
    from evalgate.llm.cache_file import CacheError
    from evalgate.llm.cached import CacheUse
    from evalgate.llm.call import Request, Sender
    from evalgate.llm.ondemand import OnDemand
    from evalgate.llm.proxy import Proxy
    from evalgate.llm.room import Room
    from evalgate.tasks.ways_out import Doorway
    from evalgate.workers.door import Door


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheChoice:
    """Which cache file a run uses, and how: `fresh` takes nothing of it that the run did not draw itself.

    `days` leaves answers out that were drawn longer ago.
    """

    path: Path
    fresh: bool = False
    replay: bool = False
    keyless: bool = False
    """A replay because the run has no keys: that of a fork."""
    alone: bool = False
    """Nothing else keeps what is answered: no call is made that the cache could not keep."""
    days: float = math.inf

    def where(self, endpoints: Iterable[Endpoint], environ: Mapping[str, str], *, outside: bool) -> CacheChoice:
        """Return it for a run that may come from `outside`: where a key is not set there, only the cache answers."""
        lacking = any(each.api_key_env is not None and not environ.get(each.api_key_env) for each in endpoints)
        if not outside or not lacking or self.replay:
            return self
        return replace(self, fresh=False, replay=True, keyless=True)

    @property
    def answers_none(self) -> bool:
        """Whether nothing is kept that could stand in for a call."""
        return not self.replay and (self.fresh or not self.path.exists())


class Models:
    """The one transport of a build, with all that stands above it. Nothing is opened before it is needed.

    `before` is what the build has paid for already; `stop` ends the run, for which `halt` then has the reason, and
    `goes_on` is the command that then goes on. Once it was `stopped` from outside, nothing more is sent.
    """

    def __init__(
        self,
        config: Config,
        *,
        choice: CacheChoice,
        stop: Callable[[], None],
        log: Callable[[str], None],
        before: Spent | None = None,
        goes_on: str = "evalgate run --resume",
        prices: Mapping[str, Price] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        from evalgate.llm.budget import Purse, Spent
        from evalgate.llm.halt import Halt
        from evalgate.llm.prices import Prices

        self._config, self._choice, self._log, self._stopped = config, choice, log, stopped
        self.halt = Halt(stop, goes_on=goes_on)
        self._purse = Purse(config.budget, self.halt, before=before or Spent(), log=log)
        self._prices = Prices(config.prices, last=prices)
        self._proxy: Proxy | None = None
        self._wire: OnDemand | None = None
        self._cache: ResponseCache | None = None
        self._room: Room | None = None
        self._sender: Sender | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Start the clock of the budget, which stops the run at once where nothing is left of it."""
        self._purse.check()
        if self._purse.seconds_left is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, self._purse.seconds_left), self._purse.out_of_time)

    def budget(self) -> tuple[Mapping[Limit, float], Mapping[Limit, float]]:
        """Return what is left of each limit of the budget and what was taken of it; a replay takes nothing."""
        return ({}, {}) if self._choice.replay else self._purse.standing()

    def endpoints(self, declared: Mapping[str, Endpoint]) -> Mapping[str, Endpoint]:
        """Return the endpoints as this build calls them: a replay calls none, and so needs no key."""
        if not self._choice.replay:
            return declared
        return {
            name: endpoint.model_copy(update={"api_key_env": None, "aws_region": None})
            for name, endpoint in declared.items()
        }

    def wire(self) -> OnDemand:
        """Return what sends everything as it is: for applications, whose answers are not ours to keep."""
        if self._wire is None:
            from evalgate.llm.ondemand import OnDemand

            self._wire = OnDemand(trust_env=True, halted=lambda: self.halt.reason is not None or self._stopped())
        return self._wire

    def sender(self) -> Sender:
        """Return what calls of models go through. Raises ConfigurationError, CacheError: the cache cannot be opened."""
        if self._sender is None:
            from evalgate.llm.ahead import import_for_calls
            from evalgate.llm.breaker import Guarded
            from evalgate.llm.cache import Limits, ResponseCache
            from evalgate.llm.cached import Cached
            from evalgate.llm.embeddings import Batched
            from evalgate.llm.metered import Metered
            from evalgate.llm.room import Room

            if self._choice.answers_none:
                import_for_calls()
            kept = self._config.cache
            limits = Limits(megabytes=kept.max_mb, days=kept.max_age_days, used_days=self._choice.days)
            self._cache = ResponseCache(self._choice.path, limits=limits, now=time.time, frozen=self._choice.replay)
            metered = Metered(Guarded(self.wire(), self.halt), self._prices, self._purse)
            self._room = Room(self._choice.path.parent) if self._choice.alone and not self._choice.replay else None
            self._sender = Cached(
                Batched(metered),
                self._cache,
                use=self._use(),
                log=self._log,
                missed=self._missed,
                room=self._room,
                unkept=self._unkept,
            )
        return self._sender

    def doorway(
        self, name: str | None, endpoints: Mapping[str, Endpoint], environ: Mapping[str, str]
    ) -> Doorway | None:
        """Return what lets a program call one of `endpoints` through this transport; None where it calls none."""
        if name is None:
            return None
        declared = endpoints[name]

        async def opened() -> Callable[[], Door]:
            from evalgate.llm.endpoint import resolve_endpoint
            from evalgate.llm.proxy import Proxy

            try:
                endpoint = resolve_endpoint(name, declared, environ)
            except ConfigurationError as error:
                raise CandidateError(error.message, next_step=error.next_step) from None
            if self._proxy is None:
                self._proxy = Proxy(self.sender())
            proxy = self._proxy
            await proxy.start()
            return lambda: proxy.open(endpoint)

        return opened

    def declared(self, outcome: TaskOutcome) -> TaskOutcome:
        """Return an outcome whose usage, as its task declares it, has a price, and count that against the budget."""
        if not outcome.usage:
            return outcome
        usage = []
        for part in outcome.usage:
            cost = self._prices.of_declared(part)
            self._purse.pay(part.model, calls=part.calls, tokens=part.input_tokens + part.output_tokens, cost=cost)
            usage.append(replace(part, cost=cost))
        return replace(outcome, usage=tuple(usage))

    async def close(self) -> None:
        """Close what was opened. May be called twice."""
        if self._proxy is not None:
            await self._proxy.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._wire is not None:
            await self._wire.close()
        if self._room is not None:
            self._room.give()
        if self._cache is not None:
            from evalgate.llm.cache_file import CacheError

            cache, self._cache = self._cache, None
            try:
                cache.close()
            except CacheError as error:
                # What was answered is kept by then: when it was used last is not worth an error.
                self._log(f"{error.message}; what it was asked for was not noted")

    def _use(self) -> CacheUse:
        from evalgate.llm.cached import CacheUse

        if self._choice.replay:
            return CacheUse.REPLAY
        return CacheUse.OWN if self._choice.fresh else CacheUse.READ

    def _unkept(self, error: CacheError) -> None:
        """End what nobody else keeps: an answer that is not kept would be paid for once more."""
        self.halt(
            Unmeasurable.INCOMPLETE,
            f"{error.message}. Nothing more is asked: an answer that is not kept would be paid for once more.",
            f"{error.next_step or 'check the cache'}: {self.halt.goes_on}",
        )

    def _missed(self, request: Request) -> None:
        """End a replay at the first call that it cannot answer: the rest would be a part only."""
        from evalgate.llm.tab import example_at_work

        example = example_at_work()
        whose = f" for the example {example} (sample {request.sample})" if example else f" (sample {request.sample})"
        if self._choice.keyless:
            self.halt(
                Unmeasurable.REPLAY,
                f"{request.endpoint.name}/{request.model} is to be asked{whose}, and a run from outside of the"
                " repository has no key for it, nor is the answer kept.",
                "a maintainer runs it with the secrets that it needs: docs/forks.md",
            )
            return
        self.halt(
            Unmeasurable.REPLAY,
            f"{self._choice.path} lacks the answer of {request.endpoint.name}/{request.model}{whose}, and a replay"
            " calls no model.",
            "evalgate run without --replay, where the endpoint can be called, makes the call and keeps its answer",
        )
