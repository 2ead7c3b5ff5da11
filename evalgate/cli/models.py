"""How calls of models are made in one build: the response cache, then whatever is beneath it, built on first use."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalgate.suite.config import Endpoint, ResponseCache

if TYPE_CHECKING:
    from evalgate.llm.cache import ResponseCache as CacheFile
    from evalgate.llm.cached import CacheUse
    from evalgate.llm.call import Sender
    from evalgate.llm.ondemand import OnDemand


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheChoice:
    """Which cache file a run uses, and how: `fresh` takes nothing of it that the run did not draw itself."""

    path: Path
    fresh: bool = False
    replay: bool = False


class Models:
    """The one transport of a build, with the cache above it. Nothing is opened before it is needed."""

    def __init__(self, *, choice: CacheChoice, limits: ResponseCache, log: Callable[[str], None]) -> None:
        self._choice, self._limits, self._log = choice, limits, log
        self._wire: OnDemand | None = None
        self._cache: CacheFile | None = None
        self._sender: Sender | None = None

    def endpoints(self, declared: Mapping[str, Endpoint]) -> Mapping[str, Endpoint]:
        """Return the endpoints as this build calls them: a replay calls none, and so needs no key."""
        if not self._choice.replay:
            return declared
        return {name: endpoint.model_copy(update={"api_key_env": None}) for name, endpoint in declared.items()}

    def wire(self) -> OnDemand:
        """Return what sends everything as it is: for applications, whose answers are not ours to keep."""
        if self._wire is None:
            from evalgate.llm.ondemand import OnDemand

            self._wire = OnDemand(trust_env=True)
        return self._wire

    def sender(self) -> Sender:
        """Return what calls of models go through. Raises ConfigurationError, CacheError: the cache cannot be opened."""
        if self._sender is None:
            from evalgate.llm.cache import Limits
            from evalgate.llm.cache import ResponseCache as CacheFile
            from evalgate.llm.cached import Cached

            limits = Limits(megabytes=self._limits.max_mb, days=self._limits.max_age_days)
            self._cache = CacheFile(self._choice.path, limits=limits, now=time.time, frozen=self._choice.replay)
            self._sender = Cached(self.wire(), self._cache, use=self._use(), log=self._log)
        return self._sender

    async def close(self) -> None:
        """Close what was opened. May be called twice."""
        if self._wire is not None:
            await self._wire.close()
        if self._cache is not None:
            cache, self._cache = self._cache, None
            cache.close()

    def _use(self) -> CacheUse:
        from evalgate.llm.cached import CacheUse

        if self._choice.replay:
            return CacheUse.REPLAY
        return CacheUse.OWN if self._choice.fresh else CacheUse.READ
