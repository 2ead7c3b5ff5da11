"""The one asynchronous HTTP layer: limits per endpoint, one deadline per call, retries within it, bounded bodies."""

from __future__ import annotations

import asyncio
import random
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

import aiohttp
from yarl import URL

from evalgate import __version__
from evalgate.llm.call import Reader, Request, Response
from evalgate.llm.failures import CallFailed, Garbled, RateLimited, Refused, Stopped, TimedOut, TooLarge, Unreachable
from evalgate.llm.limits import Limits, Pass
from evalgate.llm.retry import delay_before_retry, worth_retrying
from evalgate.llm.sigv4 import signed_headers
from evalgate.llm.usage import usage_in
from evalgate.suite.addresses import is_loopback

T = TypeVar("T")

MAX_BYTES: Final = 16 * 1024 * 1024
CONNECT_TIMEOUT: Final = 10.0
MAX_HOPS: Final = 3


class Transport:
    """Sends requests and reads responses. One per event loop; close it, or use it as a context manager.

    `trust_env` honours the proxies that the environment names (never for loopback addresses). `max_bytes` bounds a
    decompressed body. `jitter` draws from [0, 1) and spreads retries. Once `halted`, what still waits is not sent.
    """

    def __init__(
        self,
        *,
        trust_env: bool = False,
        max_bytes: int = MAX_BYTES,
        jitter: Callable[[], float] = random.random,
        halted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._trust_env = trust_env
        self._max_bytes = max_bytes
        self._jitter = jitter
        self._halted = halted
        self._session: aiohttp.ClientSession | None = None
        self._limits: dict[tuple[str, str], Limits] = {}
        self._proxies: dict[str, str | None] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. May be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(self, request: Request, read: Reader[T]) -> T:
        """Return what `read` makes of the response. Raises CallFailed, without the endpoint's secrets.

        The deadline counts attempts and the delays between them: waiting in our own queue is nobody's slowness.
        """
        outcome = await self._persist(request, read, self._limits_of(request))
        if isinstance(outcome, CallFailed):
            raise outcome
        return outcome

    def _limits_of(self, request: Request) -> Limits:
        endpoint = request.endpoint
        key = (endpoint.name, endpoint.base_url)
        limits = self._limits.get(key)
        if limits is None:
            limits = self._limits[key] = Limits(
                concurrency=endpoint.concurrency,
                requests_per_minute=endpoint.requests_per_minute,
                tokens_per_minute=endpoint.tokens_per_minute,
                jitter=self._jitter,
            )
        return limits

    async def _persist(self, request: Request, read: Reader[T], limits: Limits) -> T | CallFailed:
        """Try until an answer, a failure that no retry mends, or the deadline. Failures are returned, not raised."""
        clock = asyncio.get_running_loop().time
        spent = 0.0
        attempts = 0
        last: CallFailed | None = None
        while True:
            leave = await limits.enter(len(request.body), again=last is not None)
            if self._halted():
                limits.leave(leave)
                return Stopped(f"{request.endpoint.name}: the run is being ended")
            attempts += 1
            began = clock()
            try:
                async with asyncio.timeout(request.timeout - spent):
                    outcome = await self._attempt(request, read, attempts, limits, leave)
            except TimeoutError:
                if last is None:
                    return TimedOut(f"{request.endpoint.name}: no answer within {request.timeout:g} s")
                return _gave_up(last, attempts, spent + clock() - began)
            finally:
                limits.leave(leave)
            spent += clock() - began
            if not isinstance(outcome, CallFailed) or not (outcome.retry and request.retries):
                return outcome
            last = outcome
            delay = delay_before_retry(last, attempts, self._jitter)
            if not worth_retrying(last, attempts) or spent + delay >= request.timeout:
                return _gave_up(last, attempts, spent)
            spent += delay
            await asyncio.sleep(delay)

    async def _attempt(
        self, request: Request, read: Reader[T], attempts: int, limits: Limits, leave: Pass
    ) -> T | CallFailed:
        """Try once. A failure names the endpoint and keeps none of its secrets, from here on."""
        outcome: Response | CallFailed = await self._exchange(request, attempts)
        if isinstance(outcome, Response):
            response = outcome
            limits.heard(response.headers)
            try:
                value = read(response)
            except CallFailed as failure:
                outcome = failure
            else:
                limits.answered(leave, _tokens(response) if limits.counts_tokens else None)
                return value
        if isinstance(outcome, RateLimited) and request.retries:
            limits.throttled(leave, outcome.retry_after)
        name, redact = request.endpoint.name, request.endpoint.redact
        return outcome.reworded(lambda message: f"{name}: {redact(message)}")

    async def _exchange(self, request: Request, attempts: int) -> Response | CallFailed:
        """Send once, following only redirects that repeat the request at the same origin."""
        url = request.url
        for _ in range(MAX_HOPS + 1):
            outcome = await self._guarded(request, url, attempts)
            if isinstance(outcome, CallFailed) or not 300 <= outcome.status < 400:
                return outcome
            target = urljoin(url, outcome.headers.get("location", ""))
            shown = urlunsplit(urlsplit(target)._replace(query="", fragment=""))
            if outcome.status not in {307, 308} or _origin(target) != _origin(url):
                return Refused(
                    f"answered {outcome.status}, a redirect to {shown}, which is not followed",
                    status=outcome.status,
                    next_step="write the address that it redirects to into the config",
                )
            url = target
        return Refused(f"redirects more than {MAX_HOPS} times", status=outcome.status)

    async def _guarded(self, request: Request, url: str, attempts: int) -> Response | CallFailed:
        """Send once. Exceptions of the HTTP library end here: some carry the request's headers."""
        try:
            return await self._wire(request, url, attempts)
        except (aiohttp.ClientError, OSError) as error:
            return _classed(error, url)

    async def _wire(self, request: Request, url: str, attempts: int) -> Response | CallFailed:
        clock = asyncio.get_running_loop().time
        began = clock()
        async with self._connected().request(
            request.method,
            URL(url, encoded=True) if request.endpoint.aws else url,
            data=request.body or None,
            headers=_headers(request, url),
            allow_redirects=False,
            proxy=self._proxy(url),
        ) as reply:
            chunks: list[bytes] = []
            size = 0
            async for chunk in reply.content.iter_any():
                size += len(chunk)
                if size > self._max_bytes:
                    reply.close()
                    return TooLarge(
                        f"answered with more than {self._max_bytes:,} bytes",
                        status=reply.status,
                    )
                chunks.append(chunk)
            return Response(
                status=reply.status,
                headers={name.lower(): value for name, value in reply.headers.items()},
                body=request.endpoint.without_secrets(b"".join(chunks)),
                latency=clock() - began,
                attempts=attempts,
            )

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Not aiohttp's own trust_env: it reads .netrc and adds credentials of its own, in two threads per call.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"evalgate/{__version__}"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            )
        return self._session

    def _proxy(self, url: str) -> str | None:
        if not self._trust_env:
            return None
        scheme, host, port = _origin(url)
        key = f"{scheme}://{host}:{port}"
        if key not in self._proxies:
            direct = is_loopback(host) or bool(urllib.request.proxy_bypass(f"{host}:{port}"))
            self._proxies[key] = None if direct else urllib.request.getproxies().get(scheme)
        return self._proxies[key]


def _headers(request: Request, url: str) -> dict[str, str]:
    """Return the headers of one attempt; a signature is of its own time."""
    headers = {**request.endpoint.headers, **request.headers}
    if request.endpoint.aws is None:
        return headers
    now = datetime.now(UTC)
    return headers | signed_headers(request.endpoint.aws, method=request.method, url=url, body=request.body, now=now)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _classed(error: aiohttp.ClientError | OSError, url: str) -> CallFailed:
    failure: CallFailed = Unreachable(f"cannot be reached: {error}", retry=True)
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            failure = Unreachable(f"no trusted TLS connection: {error}")
        case aiohttp.InvalidURL():
            failure = Refused(f"{url!r} is not an address that can be called")
        case aiohttp.ClientPayloadError():
            failure = Garbled("the connection broke in the middle of the answer", retry=True)
        case aiohttp.ClientHttpProxyError():
            failure = Unreachable(f"the proxy answered {error.status}", status=error.status, retry=True)
        case aiohttp.ClientResponseError():
            failure = Garbled(f"not an HTTP response: {error.message}", retry=True)
        case aiohttp.ConnectionTimeoutError():
            failure = Unreachable(f"no connection within {CONNECT_TIMEOUT:g} s", retry=True)
        case aiohttp.ServerDisconnectedError():
            failure = Unreachable("closed the connection without an answer", retry=True)
        case _:
            pass
    return failure


def _tokens(response: Response) -> float | None:
    usage = usage_in(response.body, response.headers.get("content-type", ""))
    return None if usage is None else float(usage.total)


def _gave_up(failure: CallFailed, attempts: int, seconds: float) -> CallFailed:
    if attempts == 1:
        return failure
    return failure.reworded(lambda message: f"{message} (gave up after {attempts} attempts in {seconds:.1f} s)")
