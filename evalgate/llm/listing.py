"""Which models an endpoint says that it has: the cheapest thing that it can be asked, paid by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from evalgate.jsontext import strict_json
from evalgate.llm.call import Request, Response, Sender
from evalgate.llm.dialects.anthropic import VERSION
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import CallFailed
from evalgate.llm.wording import one_line

_MOST: Final = "1000"
_QUERIES: Final[Mapping[str, str]] = {"anthropic": f"limit={_MOST}", "gemini": f"pageSize={_MOST}"}
_QUOTED: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What an endpoint answered. `models` is None where it lists none; `date` is its clock, in seconds since 1970."""

    status: int
    models: frozenset[str] | None
    said: str
    date: float | None
    more: bool = False
    """There are more than it listed at once."""


def lists_models(endpoint: ModelEndpoint) -> bool:
    """Return whether the protocol has a listing where the endpoint is: Bedrock's is at another address."""
    return endpoint.api != "bedrock" and "{model}" not in endpoint.base_url


async def list_models(sender: Sender, endpoint: ModelEndpoint, *, within: float) -> Listing:
    """Ask for the models, once, whatever comes of it; `within` is in seconds. Raises CallFailed: nothing answered."""
    parts = urlsplit(endpoint.url("/models"))
    query = "&".join(filter(None, (parts.query, _QUERIES.get(endpoint.api, ""))))
    request = Request(
        endpoint=endpoint,
        url=urlunsplit(parts._replace(query=query)),
        sample="",
        method="GET",
        timeout=within,
        headers={"Accept": "application/json", **(VERSION if endpoint.api == "anthropic" else {})},
        retries=False,
    )
    return await sender.send(request, lambda response: _listing(response, endpoint))


def _listing(response: Response, endpoint: ModelEndpoint) -> Listing:
    said = one_line(endpoint.redact(response.excerpt(_QUOTED)), _QUOTED)
    date = _seconds(response.headers.get("date"))
    if not response.good:
        return Listing(status=response.status, models=None, said=said, date=date)
    try:
        document = strict_json(response.body.decode())
    except (ValueError, RecursionError):
        return Listing(status=response.status, models=None, said=said, date=date)
    entries = document.get("models" if endpoint.api == "gemini" else "data") if isinstance(document, Mapping) else None
    if not isinstance(entries, list):
        return Listing(status=response.status, models=None, said=said, date=date)
    names = {_name(entry) for entry in entries}
    more = isinstance(document, Mapping) and bool(document.get("has_more") or document.get("nextPageToken"))
    return Listing(status=response.status, models=frozenset(names - {""}), said=said, date=date, more=more)


def _name(entry: object) -> str:
    found = (entry.get("id") or entry.get("name")) if isinstance(entry, Mapping) else None
    return found.removeprefix("models/") if isinstance(found, str) else ""


def _seconds(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


__all__ = ["CallFailed", "Listing", "list_models", "lists_models"]
