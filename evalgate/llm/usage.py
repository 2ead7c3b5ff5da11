"""How many tokens a response says that it took, whatever protocol it speaks, whole or streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeGuard

from evalgate.llm.jsontext import strict_json
from evalgate.records import MOST_TOKENS, Json, JsonObject, Usage

EVENT_STREAM: Final = "text/event-stream"


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenUsage:
    """Tokens as the provider counted them. Cached ones are part of the input, reasoning ones of the output.

    `written_tokens` are those of the input that the provider charges for putting into its cache; `tier` is the service
    tier that it says it answered on.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    written_tokens: int = 0
    tier: str | None = None

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def of(self, model: str, *, cost: float | None = None, from_cache: bool = False) -> Usage:
        """Return this as a record of one call, under the name that the config gives the model."""
        return Usage(
            model=model,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cached_tokens,
            reasoning_tokens=self.reasoning_tokens,
            cost=cost,
            from_cache=from_cache,
        )


def usage_of(given: Json, tier: Json = None) -> TokenUsage | None:
    """Return the usage that the `usage` object of an answer states, on a service tier; None where it states none.

    Chat completions, the responses API and Anthropic's messages name the same counts differently. A count that is none
    (-5, "7", more than there can be) leaves the usage unknown: read as 0 it would be free.
    """
    if not isinstance(given, Mapping):
        return None
    asked = given.get("prompt_tokens", given.get("input_tokens"))
    answered = given.get("completion_tokens", given.get("output_tokens"))
    if (asked is None and answered is None) or not all(each is None or _is_count(each) for each in (asked, answered)):
        return None
    # Anthropic counts what it wrote to and read from its cache beside the input, not within it.
    read, written = _count(given.get("cache_read_input_tokens")), _count(given.get("cache_creation_input_tokens"))
    return TokenUsage(
        input_tokens=_count(asked) + read + written,
        output_tokens=_count(answered),
        cached_tokens=read + _detail(given, ("prompt_tokens_details", "input_tokens_details"), "cached_tokens"),
        reasoning_tokens=_detail(given, ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens"),
        written_tokens=written,
        tier=tier if isinstance(tier, str) else None,
    )


def usage_in(body: bytes, content_type: str) -> TokenUsage | None:
    """Return the usage that a response's body states; of a stream the last one stated. None where there is none."""
    if content_type.startswith(EVENT_STREAM):
        found = [usage for event in events(body) if (usage := _stated(event)) is not None]
        return found[-1] if found else None
    try:
        document = strict_json(body)
    except ValueError:
        return None
    return _stated(document) if isinstance(document, Mapping) else None


def events(body: bytes) -> Iterator[JsonObject]:
    """Yield the JSON objects that a whole event stream carries; what is none is left out."""
    for line in body.splitlines():
        if not line.startswith(b"data:"):
            continue
        try:
            event: Json = json.loads(line[5:])
        except (ValueError, RecursionError):
            continue
        if isinstance(event, Mapping):
            yield event


def _stated(document: JsonObject) -> TokenUsage | None:
    """Return the usage of an answer, or of the answer inside an event of the responses API."""
    found = usage_of(document.get("usage"), document.get("service_tier"))
    inner = document.get("response")
    return _stated(inner) if found is None and isinstance(inner, Mapping) else found


def _detail(usage: JsonObject, groups: tuple[str, ...], name: str) -> int:
    return sum(_count(found.get(name)) for group in groups if isinstance(found := usage.get(group), Mapping))


def _count(value: Json) -> int:
    return value if _is_count(value) else 0


def _is_count(value: Json) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MOST_TOKENS
