"""A loopback OTLP endpoint: programs that trace anyway send their spans here, each at an address of its own.

Listening costs a socket. What serves HTTP and reads protobuf is imported in a thread: while programs start that may end
right after their answers; for those that wait for their spans to be taken, when the first of them connects.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from evalgate.records import TaskOutcome
from evalgate.trace_ids import trace_of
from evalgate.traces.door import TOKEN_HEADER, TraceDoor, surroundings
from evalgate.traces.otlp import LARGEST_BODY, BodyError, portions, request_of, spans_of, unpacked
from evalgate.traces.runs import Runs
from evalgate.traces.span import Span

if TYPE_CHECKING:
    from aiohttp import web
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_AT_ONCE: Final = 4
"""Bodies that are read at once: memory is bounded, and others wait in their sockets."""
_PATIENCE: Final = 10.0
"""Seconds in which a body must be there."""
_OTHER_SIGNALS: Final = ("/v1/metrics", "/v1/logs")


class Keeper(Protocol):
    """Keeps what was received until it is sent on."""

    def keep(self, trace_id: str, body: bytes) -> None:
        """Keep spans of the run that is recorded under this trace, as OTLP."""

    def rename(self, trace_id: str, known_as: str) -> None:
        """Keep under another trace what was kept under this one."""


class Receiver:
    """One socket for all programs of a build. `keeper` gets what belongs to runs; `log` is told of odd things."""

    def __init__(
        self,
        *,
        log: Callable[[str], None] = lambda _: None,
        keeper: Keeper | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._log, self._keeper, self._now = log, keeper, now
        self._doors: dict[str, TraceDoor] = {}
        self._sides: list[Runs] = []
        self._listening: asyncio.Server | None = None
        self._serving: web.Server | None = None
        self._arriving: set[asyncio.BaseTransport | None] = set()
        self._arrivals: set[asyncio.Task[None]] = set()
        self._opening = asyncio.Lock()
        self._ready: asyncio.Task[None] | None = None
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._port = 0
        self.refused = 0
        """Requests that were none, or were nobody's."""

    async def side(
        self, environment: Mapping[str, str], *, wanted: AbstractSet[str], patience: float, flushes: bool
    ) -> TracedSide:
        """Listen, and return the programs of one side. `environment` is what they see of their own.

        `wanted` are the fields that somebody reads, `patience` the seconds that a run may wait for its spans. Programs
        that `flushes` is true of have sent all they have when they answer.
        """
        async with self._opening:  # the sides are made ready at once
            if self._listening is None:
                await self._listen()
        if not flushes and self._ready is None:
            # Such a program may end right after its answer, and does not wait for what is imported only then.
            self._ready = asyncio.create_task(asyncio.to_thread(_import))
        runs = Runs(
            now=self._now,
            wanted=wanted,
            patience=patience,
            log=self._log,
            arriving=lambda: any(each is not None and not each.is_closing() for each in self._arriving),
        )
        self._sides.append(runs)
        return TracedSide(self, runs, environment, flushes=flushes)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(lambda: _Arrival(self._arrived), "127.0.0.1", 0)
        self._port = self._listening.sockets[0].getsockname()[1]

    def open(self, runs: Runs, environment: Mapping[str, str], hidden: Sequence[str] = ()) -> TraceDoor:
        """Return the way of one more process. `hidden` is what else is to be told to nobody."""
        token = secrets.token_hex(16)
        for name, door in [*self._doors.items()]:
            if door.over:
                del self._doors[name]
                door.runs.forget(door.process)
        self._doors[token] = TraceDoor(
            token=token,
            runs=runs,
            now=self._now,
            defaults=surroundings(self._port, token, environment),
            hidden=(token, *hidden),
        )
        return self._doors[token]

    def _arrived(self, transport: asyncio.Transport) -> None:
        self._arriving.add(transport)
        serving = asyncio.get_running_loop().create_task(self._serve(transport))
        self._arrivals.add(serving)
        serving.add_done_callback(self._arrivals.discard)

    def rename(self, trace_id: str, known_as: str) -> None:
        """Keep what was received of a run under the trace that it is recorded under."""
        if self._keeper is not None:
            self._keeper.rename(trace_id, known_as)

    async def close(self) -> None:
        """Stop listening, and say what came that was nobody's. May be called twice."""
        if self._listening is None:
            return
        if self._ready is not None:
            await self._ready
        self._listening.close()
        self._listening = None
        for arrival in self._arrivals:
            arrival.cancel()
        await asyncio.gather(*self._arrivals, return_exceptions=True)
        if self._serving is not None:
            await self._serving.shutdown(timeout=0.5)
        strays = sum(runs.strays for runs in self._sides)
        if strays:
            self._log(f"{strays:,} spans of programs belonged to no run, and were dropped")

    async def _serve(self, transport: asyncio.Transport) -> None:
        """Let aiohttp go on with a connection; the first one waits until that is imported, and nobody else does."""
        if self._serving is None:
            await (self._ready or asyncio.to_thread(_import))
        handler = self._made()()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        transport.resume_reading()

    def _made(self) -> web.Server:
        if self._serving is None:
            from aiohttp import web

            self._serving = web.Server(self._answer, access_log=None, auto_decompress=False)
        return self._serving

    async def _answer(self, asked: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._taken(asked)
        finally:
            self._arriving.discard(asked.transport)

    async def _taken(self, asked: web.BaseRequest) -> web.StreamResponse:
        from aiohttp import web

        token, path = _address(asked)
        door = self._doors.get(token)
        if door is None or door.over:
            self.refused += 1
            return web.Response(status=403, text="evalgate knows no such program")
        if path in _OTHER_SIGNALS:
            return web.Response()  # read by nobody; a refusal would fill the program's own logs
        if path != "/v1/traces" or asked.method != "POST":
            self.refused += 1
            return web.Response(status=404, text="POST /v1/traces")
        try:
            async with self._room, asyncio.timeout(_PATIENCE):
                request, spans = await _read(asked)
        except TimeoutError:
            self.refused += 1
            return web.Response(status=408, text="the body did not come")
        except BodyError as error:
            self.refused += 1
            return web.Response(status=error.status, text=str(error))
        owners = door.runs.take(door.process, spans)
        if self._keeper is not None and owners:
            for trace_id, part in portions(request, owners).items():
                self._keeper.keep(trace_id, door.without_tokens(part))
        kind = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        in_json = kind == "application/json"
        return web.Response(body=b"{}" if in_json else b"", content_type=kind)


class _Arrival(asyncio.Protocol):
    """A connection of which nothing has been read yet."""

    def __init__(self, arrived: Callable[[asyncio.Transport], None]) -> None:
        self._arrived = arrived

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        one = cast("asyncio.Transport", transport)
        # Not here: Python 3.11.2 begins to read after this, paused or not, and nobody would get what it reads.
        asyncio.get_running_loop().call_soon(one.pause_reading)
        self._arrived(one)


class TracedSide:
    """The programs of one side: a door for each process, and what the spans of a run say of it."""

    def __init__(self, receiver: Receiver, runs: Runs, environment: Mapping[str, str], *, flushes: bool) -> None:
        self._receiver, self._runs, self._environment, self._flushes = receiver, runs, environment, flushes

    def open(self, hidden: Sequence[str] = ()) -> TraceDoor:
        """Return the way of one more process. `hidden` is what else is to be told to nobody."""
        return self._receiver.open(self._runs, self._environment, hidden)

    async def completed(self, traceparent: str, outcome: TaskOutcome) -> tuple[TaskOutcome, bool]:
        """Return a run's outcome with its trace and what its spans say, and whether its usage is from them."""
        run = self._runs.find(trace_of(traceparent))
        if run is None:
            return outcome, False
        read = await self._runs.completed(run, outcome, flushed=self._flushes)
        if run.known_as != run.trace_id:
            self._receiver.rename(run.trace_id, run.known_as)
        return read


def _address(asked: web.BaseRequest) -> tuple[str, str]:
    """Return the token of a request, from its path or from its header, and the rest of the path."""
    path = asked.path
    if path.startswith("/v1/"):
        return asked.headers.get(TOKEN_HEADER, ""), path
    token, _, rest = path.removeprefix("/").partition("/")
    return token, f"/{rest}"


async def _read(asked: web.BaseRequest) -> tuple[ExportTraceServiceRequest, list[Span]]:
    body = bytearray()
    async for chunk in asked.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise BodyError("the body is too large", status=413)
    kind, packing = (asked.headers.get(name, "") for name in ("content-type", "content-encoding"))
    return await asyncio.to_thread(_parsed, bytes(body), kind, packing)


def _import() -> None:
    import_module("aiohttp.web")
    import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2")


def _parsed(body: bytes, kind: str, packing: str) -> tuple[ExportTraceServiceRequest, list[Span]]:
    request = request_of(unpacked(body, packing), kind)
    return request, spans_of(request)
