"""One connection to a Phoenix server: its client, plain REST and GraphQL over one pool, and errors in plain words."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from evalgate.encoding import printable
from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.phoenix.address import Address
from evalgate.phoenix.server import VERSION
from evalgate.suite.addresses import is_loopback
from evalgate.unpacking import ACCEPTED, TooLongError, unpacked_body

if TYPE_CHECKING:
    import httpx
    from httpx_retries import Retry
    from phoenix.client import AsyncClient

_RETRIED: Final = (429, 502, 503, 504)
_QUOTED: Final = 300
"""Characters of what a server says that are repeated."""
_READ: Final = 10_000
"""Bytes of a refusal without a `detail` that are looked at, as UTF-8: the server may name any encoding."""
_LARGEST: Final = 512 * 1024**2
"""Bytes of one answer."""
_VERSION: Final = "x-phoenix-server-version"
_HEADERS: Final = ("content-type", "location", _VERSION)
"""What is read of an answer beside its body, which is unpacked by then."""
_WHOLE: Final = 10
"""So many times the time-out an answer may take that comes on and on."""
_TRYING_S: Final = 30.0
"""Seconds in which a call is tried again."""
_NOT_ALLOWED: Final = "perform this action"
"""What GraphQL's refusals of people without the right have in common: they have no code."""
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""All are tried again: what evalgate writes is written under names of its own, so that twice is once."""


class PhoenixError(MeasurementError):
    """Phoenix was not reached, or refused. `status` is the HTTP status, None where there was no answer."""

    def __init__(self, message: str, *, status: int | None = None, next_step: str | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same may succeed later: no answer, too many requests, the server's own failure."""
        return self.status is None or self.status == 429 or self.status >= 500


class LargeAnswerError(PhoenixError):
    """An answer that would fill the memory: ask for less of it."""


class Connection:
    """Asks one server. Made by `connect`; everything it raises for the server's part is a PhoenixError."""

    def __init__(self, address: Address, http: httpx.AsyncClient) -> None:
        self.address = address
        self._http = http
        self._client: AsyncClient | None = None
        self._version: str | None = None

    @property
    def version(self) -> tuple[int, ...] | None:
        """Return the server's version, as its latest answer says it; None where none did."""
        found = re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", self._version or "")
        return None if found is None else tuple(map(int, found.groups()))

    @property
    def outdated(self) -> str:
        """Return what to say of a server that answers otherwise than expected: it is old. Empty where it is not."""
        if self.version is None or self.version >= tuple(map(int, VERSION.split("."))):
            return ""
        return f" (it is Phoenix {'.'.join(map(str, self.version))}, and evalgate is tested with {VERSION})"

    @property
    def client(self) -> AsyncClient:
        """Return Phoenix's own client over this connection; what it raises goes through `failures`."""
        if self._client is None:
            # It would look for the address of a server in files of the folders above: a pull request's may be there.
            os.environ["PHOENIX_DISCOVER_CONFIG"] = "false"
            from phoenix.client import AsyncClient

            self._client = AsyncClient(base_url=self.address.base_url, http_client=self._http)
        return self._client

    async def rest(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        again: bool = True,
        largest: int | None = None,
    ) -> Any:
        """Return the JSON of an answer to `path` (`v1/datasets`), None for an empty one.

        `doing` says what it is for, in the words that go on "… could not be": `the dataset x could not be read`.
        With `again=False` it is done once: what would not be the same a second time. `largest` is in bytes of the
        answer. Raises PhoenixError, LargeAnswerError.
        """
        import httpx

        with self.failures(doing):
            retry = None if again else {"retry": _patience(self.address, once=True)}
            request = self._http.build_request(method, path, params=query, json=body, extensions=retry)
            try:
                async with asyncio.timeout(_TRYING_S + _WHOLE * self.address.timeout):
                    answer = await self._bounded(request, _LARGEST if largest is None else largest)
            except TimeoutError:
                raise httpx.ReadTimeout("it never ended", request=request) from None
            answer.raise_for_status()
            # A score that is no number is none: no file could say it.
            return answer.json(parse_constant=lambda _: None) if answer.content else None

    async def _bounded(self, request: httpx.Request, largest: int) -> httpx.Response:
        """Return the answer to a request. Raises TooLongError for one that would fill the memory."""
        import httpx

        streamed = await self._http.send(request, stream=True)
        try:
            packed = streamed.headers.get("content-encoding", "")
            content = await unpacked_body(streamed.aiter_raw(), packed, most=largest)
        finally:
            await streamed.aclose()
        kept = {name: value for name in _HEADERS if (value := streamed.headers.get(name)) is not None}
        self._version = kept.get(_VERSION, self._version)
        return httpx.Response(streamed.status_code, headers=kept, content=content, request=request)

    async def otlp(self, body: bytes, *, doing: str) -> None:
        """Send spans, an OTLP request packed with gzip; twice is once. Raises PhoenixError."""
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
        with self.failures(doing):
            answer = await self._http.post("v1/traces", content=body, headers=headers)
            answer.raise_for_status()

    async def graphql(
        self, document: str, *, doing: str, variables: Mapping[str, Any] | None = None, again: bool = True
    ) -> dict[str, Any]:
        """Return the `data` of an answer to a GraphQL document. Raises PhoenixError, for errors in an answer too."""
        body = {"query": document, "variables": dict(variables or {})}
        answer = await self.rest("POST", "graphql", doing=doing, body=body, again=again)
        errors = answer.get("errors") if isinstance(answer, dict) else None
        data = answer.get("data") if isinstance(answer, dict) else None
        if errors or not isinstance(data, dict):
            first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
            said = self._quoted(str(first.get("message", "an answer that is none")))
            message = f"{doing}: {self.address.shown} says: {said}{self.outdated}"
            if _NOT_ALLOWED in said:
                raise PhoenixError(message, status=403, next_step=self._another_key)
            raise PhoenixError(message, status=200)
        return data

    @contextmanager
    def failures(self, doing: str) -> Iterator[None]:
        """Turn whatever goes wrong between here and the server into a PhoenixError that says what it was about."""
        import httpx

        try:
            yield
        except httpx.HTTPStatusError as error:
            raise self._refused(doing, error.response) from None
        except httpx.TimeoutException:
            message = f"{doing}: {self.address.shown} did not answer within {self.address.timeout:g} s"
            raise PhoenixError(message, next_step="try again, or give it a larger `phoenix.timeout`") from None
        except httpx.TransportError as error:
            said = self._quoted(str(error)) or type(error).__name__
            message = f"{doing}: {self.address.shown} was not reached: {said}"
            status = "; evalgate phoenix status says where this repository's is" if self.address.is_loopback else ""
            raise PhoenixError(message, next_step=f"check the address and that the server runs{status}") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            # Its client raises ValueError for answers that it cannot read; JSON may be nested without an end.
            said = self._quoted(str(error))
            kind = LargeAnswerError if isinstance(error, TooLongError) else PhoenixError
            raise kind(f"{doing}: {self.address.shown} gave no usable answer: {said}", status=200) from None
        except Exception as error:
            from phoenix.client.exceptions import PhoenixException

            if not isinstance(error, PhoenixException):
                raise
            raise PhoenixError(f"{doing}: {self._quoted(str(error))}", status=200) from None

    def _refused(self, doing: str, response: httpx.Response) -> PhoenixError:
        status = response.status_code
        said = self._quoted(_detail(response))
        if response.has_redirect_location:
            # The key is for this address and goes to no other.
            said = f"it redirects to {self._quoted(response.headers['location'])}"
        key = "has no key for it" if self.address.api_key is None else "refused the key"
        following = {
            401: f"set {self.address.api_key_env} to a key of that server",
            403: self._another_key,
            404: "check the address and the names",
        }.get(status, "name the address that it redirects to" if response.has_redirect_location else None)
        what = f"{key} (401)" if status == 401 else f"answered {status}"
        return PhoenixError(
            f"{doing}: {self.address.shown} {what}" + (f": {said}" if said else ""), status=status, next_step=following
        )

    @property
    def _another_key(self) -> str:
        return f"set {self.address.api_key_env} to a key that may do this"

    def _quoted(self, text: str) -> str:
        """Return what a server or a library said, on one line, short, and without the key that it may repeat."""
        if self.address.api_key is not None:
            text = text.replace(self.address.api_key, "***")
        text = printable(" ".join(text.split()))
        return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


@asynccontextmanager
async def connect(address: Address) -> AsyncIterator[Connection]:
    """Yield a connection; nothing is asked yet. Raises ConfigurationError for a `ca_file` that holds no certificate."""
    import httpx
    from httpx_retries import RetryTransport

    headers = {"Accept-Encoding": ACCEPTED}
    if address.api_key is not None:
        headers["Authorization"] = f"Bearer {address.api_key}"
    direct = httpx.AsyncHTTPTransport(verify=_trusted(address), proxy=_proxy(address.base_url), trust_env=False)
    async with httpx.AsyncClient(
        base_url=address.base_url,
        headers=headers,
        timeout=address.timeout,
        transport=RetryTransport(transport=direct, retry=_patience(address)),
        trust_env=False,
    ) as http:
        yield Connection(address, http)


def _patience(address: Address, *, once: bool = False) -> Retry:
    """Return how a call is tried again; `once`: only where the server says that it was not done."""
    import httpx
    from httpx_retries import Retry

    class Patience(Retry):
        def is_retryable_exception(self, exception: Exception) -> bool:
            # Where nobody listens on this machine itself, nobody does a few seconds later.
            nobody = address.is_loopback and isinstance(exception, httpx.ConnectError) and self.attempts_made > 0
            return not nobody and super().is_retryable_exception(exception)

    return Patience(
        total=4,
        allowed_methods=_METHODS,
        status_forcelist=(429,) if once else _RETRIED,
        backoff_factor=0.25,
        max_backoff_wait=10,
        total_timeout=_TRYING_S,
        # What was silent for the whole time-out is not asked again: it may be at work on it.
        retry_on_exceptions=() if once else (httpx.NetworkError, httpx.RemoteProtocolError),
    )


def _trusted(address: Address) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=address.ca_file)
    except ssl.SSLError:
        raise ConfigurationError(
            f"{address.ca_file}, `ca_file` of {address.shown}, holds no certificate", next_step="name a PEM file"
        ) from None


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for an address; none for this machine's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _detail(response: httpx.Response) -> str:
    """Return what an answer says of itself: the `detail` or `error` of its JSON, else its text."""
    try:
        body = response.json()
    except (ValueError, RecursionError):  # JSON may be nested without an end
        return response.content[:_READ].decode(errors="replace")
    for key in ("detail", "error", "message"):
        if isinstance(body, dict) and isinstance(body.get(key), str):
            return str(body[key])
    return response.content[:_READ].decode(errors="replace")
