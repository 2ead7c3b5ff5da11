"""The layer that answers from the response cache, and makes of equal requests in flight one call."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TypeVar

from evalgate.llm.cache import ResponseCache, key_of
from evalgate.llm.cache_file import CacheError
from evalgate.llm.call import Reader, Request, Response, Sender
from evalgate.llm.failures import CallFailed, NotCached, Stopped
from evalgate.llm.room import SIZE, Room
from evalgate.llm.tab import put_on_tab
from evalgate.llm.usage import usage_in

T = TypeVar("T")


class CacheUse(Enum):
    """What a run takes from the cache: what is there; only what it drew itself; or nothing but what is there."""

    READ = "read"
    OWN = "own"
    REPLAY = "replay"


class Cached:
    """Answers from `cache` what it holds and sends the rest on to `sender`, storing what its reader accepted.

    Two requests that differ in nothing, sample included, are one draw: they share one answer, whoever asks first. Where
    another process drew it meanwhile, its answer is taken and the own one, though paid for, is dropped. `log` is told
    once when the cache cannot be written: the answers themselves are not lost by that. `missed` hears of a request that
    a replay has no answer to.

    With `room` nobody else keeps answers: no call is made before there is room for what it answers, nor after an answer
    that could not be written. `unkept` then hears why.
    """

    def __init__(
        self,
        sender: Sender,
        cache: ResponseCache,
        *,
        use: CacheUse = CacheUse.READ,
        log: Callable[[str], None] = lambda _: None,
        missed: Callable[[Request], None] = lambda _: None,
        room: Room | None = None,
        unkept: Callable[[CacheError], None] = lambda _: None,
    ) -> None:
        self._sender = sender
        self._cache = cache
        self._use = use
        self._log = log
        self._missed = missed
        self._room = room
        self._unkept = unkept
        self._own: set[bytes] = set()
        self._since = cache.now() if use is CacheUse.OWN else 0.0
        self._broken = False
        self._running: dict[bytes, asyncio.Future[Response | None]] = {}

    async def send(self, request: Request, read: Reader[T]) -> T:
        """Return what `read` makes of the stored answer, or of the endpoint's. Raises CallFailed."""
        key = key_of(request)
        while True:
            stored = self._stored(key)
            if stored is not None:
                try:
                    return _taken(request, stored, read)
                except CallFailed:
                    pass  # another reader took it for whole: it is asked for anew
            running = self._running.get(key)
            if running is None:
                break
            await asyncio.wait({running})
            shared = running.result()
            if shared is not None:
                return _taken(request, replace(shared, from_cache=True), read)
        if self._use is CacheUse.REPLAY:
            self._missed(request)
            raise NotCached(f"{request.endpoint.name}: the cache has no answer to this call of {request.model or 'it'}")
        return await self._call(key, request, read)

    def _stored(self, key: bytes) -> Response | None:
        if self._use is CacheUse.OWN and key not in self._own:
            return None
        try:
            return self._cache.get(key)
        except CacheError as error:
            if self._use is CacheUse.REPLAY:
                raise
            self._say(error)
            return None

    async def _call(self, key: bytes, request: Request, read: Reader[T]) -> T:
        self._require_room()
        running = self._running[key] = asyncio.get_running_loop().create_future()
        accepted: Response | None = None

        def keep(response: Response) -> T:
            nonlocal accepted
            value = read(response)
            accepted = response
            return value

        try:
            value = await self._sender.send(request, keep)
            if accepted is not None and (standing := self._store(key, request, accepted)) is not None:
                try:
                    value, accepted = read(standing), standing
                except CallFailed:  # another reader took it for whole
                    self._store(key, request, accepted, instead=True)
            return value
        finally:
            del self._running[key]
            running.set_result(accepted)

    def _store(self, key: bytes, request: Request, response: Response, *, instead: bool = False) -> Response | None:
        """Store it, or return what another process stored first, at the price that was paid for this one.

        `instead` stores it in the place of the other.
        """
        self._own.add(key)
        since = math.inf if instead else self._since
        try:
            standing = self._put(key, request, response, since=since)
        except CacheError as error:
            self._say(error)
            return None
        return None if standing is None else replace(standing, cost=response.cost, from_cache=False)

    def _put(self, key: bytes, request: Request, response: Response, *, since: float) -> Response | None:
        """Store it, at last in the room that was held for it. Raises CacheError."""
        try:
            return self._cache.put(key, request, response, since=since)
        except CacheError as error:
            if self._room is None or not self._room.give():
                raise
            self._say(error)
            return self._cache.put(key, request, response, since=since)

    def _require_room(self) -> None:
        """Raise Stopped where what is paid for now could not be kept, and nobody else keeps it."""
        if self._room is None:
            return
        try:
            if not self._broken and self._room.take():
                self._cache.prove()
        except CacheError as error:
            self._say(error)
        except OSError as error:
            where = self._cache.path
            self._say(
                CacheError(
                    f"there is no room for answers beside {where}: {error.strerror}",
                    next_step=f"free {SIZE // 1024**2} MB there, or name another place with --cache",
                )
            )
        if self._broken:
            raise Stopped("what it answers could not be kept, so nothing more is asked")

    def _say(self, error: CacheError) -> None:
        if self._broken:
            return
        self._broken = True
        if self._room is not None:
            self._unkept(error)
        else:
            self._log(f"{error.message}; calls go on, and a later run may have to make them again")


def _taken(request: Request, response: Response, read: Reader[T]) -> T:
    value = read(response)
    put_on_tab(request, response, usage_in(response.body, response.headers.get("content-type", "")))
    return value
