"""What goes into the transport and what comes out of it: the seam between clients above and caches or wires below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.wording import one_line

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call. `timeout` is its deadline in seconds, retries included, waiting for a free slot excluded.

    `sample` is the draw that this call belongs to (`r1`, `r2`, a confirmation's own): two calls that differ in it
    alone are two draws, so whatever stores answers must keep them apart. It is never sent.
    """

    endpoint: ModelEndpoint
    url: str
    sample: str
    timeout: float
    body: bytes = b""
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    retries: bool = True
    """False: one attempt, whatever comes of it."""
    model: str = ""
    """What answers, as the endpoint calls it; "" where only the body says it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What the endpoint answered in the end. `latency` is the answering attempt's own, in seconds.

    Header names are in lower case. `cost` is in US dollars, None where nobody knows the price. One that comes
    `from_cache` has the latency and the cost of the call that was made, and of its headers the content type alone.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    latency: float
    attempts: int = 1
    cost: float | None = None
    from_cache: bool = False

    @property
    def good(self) -> bool:
        """Return whether the status is a 2xx."""
        return 200 <= self.status < 300

    def excerpt(self, limit: int = 300) -> str:
        """Return the start of the body as one line of text, for messages."""
        return one_line(self.body[: 4 * limit].decode("utf-8", "replace"), limit)


Reader = Callable[[Response], T]
"""Turns a response into a value, or raises CallFailed, whose `retry` says whether the call is worth repeating."""


class Sender(Protocol):
    """Anything that calls go through: the transport itself, or a layer around it."""

    async def send(self, request: Request, read: Reader[T]) -> T:
        """Return what `read` makes of the response. Raises CallFailed when no attempt gave a usable one.

        A layer that stores responses stores only those that `read` accepted.
        """
