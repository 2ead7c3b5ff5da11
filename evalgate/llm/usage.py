"""How many tokens a response says that it took, whatever protocol it speaks, whole or streamed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeGuard

from evalgate.jsontext import strict_json
from evalgate.llm.streams import events, is_stream
from evalgate.records import MOST_TOKENS, Json, JsonObject, Usage

_PLACES: Final = ("usage", "usageMetadata", "amazon-bedrock-invocationMetrics")
_WITHIN: Final = ("response", "message")
"""Where an event of a stream (OpenAI's responses, Anthropic's messages) holds the answer that it is about."""

_ASKED: Final = ("prompt_tokens", "input_tokens", "inputTokens", "promptTokenCount", "inputTokenCount")
_ANSWERED: Final = ("completion_tokens", "output_tokens", "outputTokens", "candidatesTokenCount", "outputTokenCount")
_THOUGHT: Final = ("thoughtsTokenCount",)
_BY_TOOLS: Final = ("toolUsePromptTokenCount",)
_READ: Final = ("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount")
_WRITTEN: Final = ("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount")


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
    """Return the usage that an answer states, on a service tier; None where it states none.

    Every protocol names the same counts differently. A count that is none (-5, "7", more than there can be) leaves the
    usage unknown: read as 0 it would be free.
    """
    if not isinstance(given, Mapping):
        return None
    asked, answered = (_first(given, names) for names in (_ASKED, _ANSWERED))
    # Gemini counts what it thought, and what its tools put in, beside the rest.
    thought, by_tools = (_first(given, names) for names in (_THOUGHT, _BY_TOOLS))
    stated = (asked, answered, thought, by_tools)
    if (asked is None and answered is None) or not all(each is None or _is_count(each) for each in stated):
        return None
    # Anthropic and Bedrock count what was written to and read from their cache beside the input, not within it.
    read, written = (_count(_first(given, names)) for names in (_READ, _WRITTEN))
    return TokenUsage(
        input_tokens=_count(asked) + _count(by_tools) + read + written,
        output_tokens=_count(answered) + _count(thought),
        cached_tokens=read
        + _count(given.get("cachedContentTokenCount"))
        + _detail(given, ("prompt_tokens_details", "input_tokens_details"), "cached_tokens"),
        reasoning_tokens=_count(thought)
        + _detail(given, ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens")
        + _detail(given, ("output_tokens_details",), "thinking_tokens"),
        written_tokens=written,
        tier=tier if isinstance(tier, str) else None,
    )


def usage_in(body: bytes, content_type: str) -> TokenUsage | None:
    """Return the usage that a response's body states; of a stream each count as it was stated last."""
    if is_stream(content_type):
        counts: dict[str, Json] = {}
        tier: Json = None
        for event in events(body, content_type):
            found, on = _stated(event)
            counts.update({name: value for name, value in (found or {}).items() if value is not None})
            tier = on or tier
        return usage_of(counts or None, tier)
    try:
        document = strict_json(body)
    except ValueError:
        return None
    return usage_of(*_stated(document)) if isinstance(document, Mapping) else None


def _stated(document: JsonObject) -> tuple[JsonObject | None, Json]:
    """Return the usage and the tier of an answer, or of the answer that an event holds."""
    for name in _PLACES:
        found = document.get(name)
        if isinstance(found, Mapping):
            return found, document.get("service_tier")
    for name in _WITHIN:
        inner = document.get(name)
        if isinstance(inner, Mapping):
            found, tier = _stated(inner)
            if found is not None:
                return found, tier
    return None, None


def _first(usage: JsonObject, names: tuple[str, ...]) -> Json:
    return next((usage[name] for name in names if usage.get(name) is not None), None)


def _detail(usage: JsonObject, groups: tuple[str, ...], name: str) -> int:
    return sum(_count(found.get(name)) for group in groups if isinstance(found := usage.get(group), Mapping))


def _count(value: Json) -> int:
    return value if _is_count(value) else 0


def _is_count(value: Json) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MOST_TOKENS
