"""A proxy on loopback in front of a real server that makes chosen requests go wrong."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

import aiohttp
from aiohttp import web

from tests.phoenix_server.forwarding import forward, plain_session

FAULTS: Mapping[str, str] = {
    "status": "answers `status` with `body` and `headers`; the server sees nothing",
    "hang": "says nothing until the client gives up; the server sees nothing",
    "reset": "drops the connection; the server sees nothing",
    "lost": "lets the server do it, then drops the connection in place of the answer",
    "late": "lets the server do it, then hangs in place of the answer",
    "garbled": "lets the server do it, then answers half of its body with a status of 200",
}


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with a request that fits: `method`, and `path` as a regular expression found in path and query.

    The first `after` that fit are left alone, then `times` go wrong (None: all). `delay` is seconds before anything
    happens; without a `kind` the request is delayed and forwarded.
    """

    kind: str | None = None
    method: str | None = None
    path: str = ""
    after: int = 0
    times: int | None = None
    delay: float = 0.0
    status: int = 503
    body: str = '{"detail": "out of order"}'
    headers: dict[str, str] = field(default_factory=dict)
    seen: int = 0
    used: int = 0

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in FAULTS:
            raise ValueError(f"{self.kind!r} is no fault: {', '.join(FAULTS)}")

    def takes(self, method: str, path: str) -> bool:
        """Return whether this request goes wrong, and count it."""
        if self.method not in {None, method} or not re.search(self.path, path):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.used >= self.times):
            return False
        self.used += 1
        return True


def throttled(*, retry_after: float | None = None, **fits: object) -> Fault:
    """Return a 429, with the header `retry-after` in seconds where given."""
    headers = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
    return Fault(kind="status", status=429, body='{"detail": "slow down"}', headers=headers, **fits)  # type: ignore[arg-type]


class FaultProxy:
    """`async with FaultProxy(server.base_url, Fault(kind="lost", path="/v1/datasets/upload", times=1)) as proxy:`.

    `proxy.base_url` is what the client is given; `faults` may be changed at any time, the first that fits applies.
    `proxy.down()` closes the port and drops every connection, `await proxy.up()` opens the same port again. Waiting
    requests of a server's own (`hang`, `late`) end with the proxy.
    """

    def __init__(self, server: str, *faults: Fault, port: int = 0) -> None:
        self.server = server.rstrip("/")
        self.faults: list[Fault] = list(faults)
        self.port = port
        self.requests: deque[tuple[str, str]] = deque(maxlen=50_000)
        """Method and path with query of what came in."""
        self.forwarded: deque[tuple[str, str, int]] = deque(maxlen=50_000)
        """Method, path and status of what the server has done."""
        self.watched: list[Callable[[str, str], None]] = []
        """Called with method and path of each request before anything else: a test acts in the middle of something."""
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._connections: set[asyncio.Transport] = set()
        self._closing = asyncio.Event()
        self._prefix = "/" + self.server.split("://", 1)[1].partition("/")[2].strip("/")
        self._root = self.server.removesuffix(self._prefix) if self._prefix != "/" else self.server

    @property
    def base_url(self) -> str:
        """Return the address for clients: the server's own path, on this proxy's port."""
        return f"http://127.0.0.1:{self.port}{self._prefix.rstrip('/')}"

    def count(self, path: str, method: str | None = None) -> int:
        """Return how many requests came in whose path and query hold the regular expression."""
        return sum(1 for said, where in self.requests if method in {None, said} and re.search(path, where))

    async def __aenter__(self) -> Self:
        self._session = plain_session()
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()
        assert self._session is not None
        await self._session.close()

    async def up(self) -> None:
        """Listen, on the same port as before."""
        self._closing = asyncio.Event()
        app = web.Application(client_max_size=1024**3)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True, auto_decompress=False
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def down(self) -> None:
        """Drop every connection and refuse new ones, as a server that has gone away."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        for site in list(runner.sites):
            await site.stop()
        self._closing.set()
        for transport in list(self._connections):
            transport.abort()
        await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        self._connections.add(transport)
        try:
            return await self._answer(request, await request.read())
        finally:
            self._connections.discard(transport)

    async def _answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        said = (request.method, request.raw_path)
        self.requests.append(said)
        for watching in self.watched:
            watching(*said)
        fault = next((each for each in self.faults if each.takes(*said)), None)
        if fault is None:
            return await self._forward(request, body)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        match fault.kind:
            case None:
                return await self._forward(request, body)
            case "status":
                headers = {"content-type": "application/json", **fault.headers}
                return web.Response(status=fault.status, text=fault.body, headers=headers)
            case "hang":
                return await self._hang(request)
            case "reset":
                return _dropped(request)
        answer = await self._forward(request, body)
        match fault.kind:
            case "lost":
                return _dropped(request)
            case "late":
                return await self._hang(request)
        content = bytes(answer.body or b"")  # type: ignore[arg-type]
        return web.Response(body=content[: len(content) // 2], content_type="application/json")

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        assert self._session is not None
        try:
            answer = await forward(self._session, request, f"{self._root}{request.raw_path}", body)
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"the server behind the proxy: {error}")
        self.forwarded.append((request.method, request.raw_path, answer.status))
        return answer

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        await self._closing.wait()
        return _dropped(request)


def _dropped(request: web.Request) -> web.StreamResponse:
    """Drop the connection with a reset, in place of an answer."""
    if request.transport is not None:
        request.transport.abort()  # type: ignore[attr-defined]
    return web.Response(status=499)
