"""The names that spans use, read as one: OpenInference's own, OpenTelemetry's `gen_ai.*`, and what came before it.

Values are whatever a program sent; nothing here trusts a type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from evalgate.jsontext import DECODER
from evalgate.records import MOST_DOLLARS, MOST_TOKENS, Json
from evalgate.traces.span import Span

LLM: Final = "LLM"
EMBEDDING: Final = "EMBEDDING"
TOOL: Final = "TOOL"
RETRIEVER: Final = "RETRIEVER"
RERANKER: Final = "RERANKER"

_OPERATIONS: Final = {
    "chat": LLM,
    "text_completion": LLM,
    "generate_content": LLM,
    "embeddings": EMBEDDING,
    "execute_tool": TOOL,
    "retrieval": RETRIEVER,
    # LiteLLM's own names of calls.
    "acompletion": LLM,
    "atext_completion": LLM,
    "responses": LLM,
    "aresponses": LLM,
    "anthropic_messages": LLM,
    "aanthropic_messages": LLM,
    "embedding": EMBEDDING,
    "aembedding": EMBEDDING,
}
_MODEL: Final = (
    "llm.model_name",
    "llm.response.model_name",
    "llm.request.model_name",
    "embedding.model_name",
    "gen_ai.response.model",
    "gen_ai.request.model",
)
_ASKED: Final = ("llm.token_count.prompt", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
_ANSWERED: Final = ("llm.token_count.completion", "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
_CACHED: Final = ("llm.token_count.prompt_details.cache_read", "gen_ai.usage.cache_read.input_tokens")
_REASONED: Final = ("llm.token_count.completion_details.reasoning", "gen_ai.usage.reasoning.output_tokens")
_INDEX_DIGITS: Final = 6
_DEEPEST: Final = 100

Attributes = Mapping[str, Any]


def kind_of(span: Span) -> str:
    """Return what a span is about: LLM, TOOL, RETRIEVER … or "" where it does not say."""
    said = span.attributes.get("openinference.span.kind")
    if isinstance(said, str):
        return said.upper()
    operation = span.attributes.get("gen_ai.operation.name")
    if isinstance(operation, str):
        return _OPERATIONS.get(operation, "")
    if any(name in span.attributes for name in ("gen_ai.request.model", "gen_ai.response.model")):
        return LLM
    return TOOL if "gen_ai.tool.name" in span.attributes else ""


def first_text(attributes: Attributes, names: Sequence[str]) -> str | None:
    """Return the first of these attributes that is a text with something in it."""
    return next((found for name in names if isinstance(found := attributes.get(name), str) and found), None)


def model_of(attributes: Attributes) -> str | None:
    """Return the name of the model that answered."""
    return first_text(attributes, _MODEL)


def tokens_of(attributes: Attributes) -> tuple[int, int, int, int] | None:
    """Return tokens of input, of output, and of those the cached and the reasoning ones; None where it is not said."""
    asked, answered = _count(attributes, _ASKED), _count(attributes, _ANSWERED)
    if asked is None and answered is None:
        return None
    return asked or 0, answered or 0, _count(attributes, _CACHED) or 0, _count(attributes, _REASONED) or 0


def cost_of(attributes: Attributes) -> float | None:
    """Return what a call cost in US dollars, where its span says so."""
    value = attributes.get("llm.cost.total")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= MOST_DOLLARS else None


def finish_of(attributes: Attributes) -> str | None:
    """Return why a model ended its answer (`stop`, `length`, `max_tokens` …), as it says it, without case."""
    said = attributes.get("gen_ai.response.finish_reasons", attributes.get("gen_ai.response.finish_reasons.0"))
    listed = read_json(said, otherwise=said)
    found = [listed[0] if isinstance(listed, list | tuple) and listed else listed]
    found += [attributes.get("llm.finish_reason"), attributes.get("llm.output_messages.0.message.finish_reason")]
    answer = read_json(attributes.get("output.value"))
    if isinstance(answer, dict):
        # The answer itself: Anthropic's, OpenAI's, OpenAI's responses.
        found += [
            answer.get("stop_reason"),
            *(each.get("finish_reason") for each in objects(answer.get("choices"))[:1]),
        ]
        incomplete = answer.get("incomplete_details")
        found.append(incomplete.get("reason") if isinstance(incomplete, dict) else None)
    return next((each.casefold() for each in found if isinstance(each, str) and each), None)


def documents_of(attributes: Attributes, place: str = "retrieval.documents") -> list[Json]:
    """Return the texts of the documents at `place`, in their order."""
    found = [document.get("document.content") for document in numbered(attributes, place)]
    if not found and place == "retrieval.documents":
        listed = read_json(attributes.get("gen_ai.retrieval.documents"))
        found = [each.get("content") for each in objects(listed)]
    return [text for text in found if isinstance(text, str)]


def tool_call(span: Span) -> dict[str, Json]:
    """Return the call that a tool's span is of."""
    attributes = span.attributes
    name = first_text(attributes, ("tool.name", "gen_ai.tool.name")) or span.name
    given = ("tool.parameters", "gen_ai.tool.call.arguments", "input.value")
    arguments = next((found for place in given if (found := attributes.get(place)) is not None), None)
    return {"name": name, "arguments": read_json(arguments, otherwise=arguments)}


def numbered(attributes: Attributes, place: str) -> list[dict[str, Any]]:
    """Return what stands at `place.0.…`, `place.1.…` as objects in the order of their numbers."""
    found: dict[int, dict[str, Any]] = {}
    start = f"{place}."
    for name, value in attributes.items():
        if name.startswith(start):
            number, _, rest = name[len(start) :].partition(".")
            if rest and number.isascii() and number.isdigit() and len(number) <= _INDEX_DIGITS:
                found.setdefault(int(number), {})[rest] = value
    return [found[number] for number in sorted(found)]


def read_json(value: Any, otherwise: Any = None) -> Any:
    """Return what a text says in JSON, a list or an object as it is, else `otherwise`."""
    if not isinstance(value, str | list | dict):
        return otherwise
    try:
        said = DECODER.decode(value) if isinstance(value, str) else value
        return _clean(said)
    except (ValueError, RecursionError):
        return otherwise


def is_note(value: Any, attributes: Attributes) -> bool:
    """Return whether an output says no more than the answer's id and model: Phoenix writes such, of `gen_ai.*`."""
    places = {"id": "gen_ai.response.id", "model": "gen_ai.response.model"}
    return (
        isinstance(value, dict)
        and len(value) > 0
        and all(name in places and said == attributes.get(places[name]) for name, said in value.items())
    )


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; none of what is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _clean(value: Any, depth: int = 0) -> Any:
    """Return a value without halves of characters, which no store holds. Raises ValueError for one that is too deep."""
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(each, depth + 1) for key, each in value.items()}
    return value


def _count(attributes: Attributes, names: Sequence[str]) -> int | None:
    for name in names:
        value = attributes.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is int and 0 <= value <= MOST_TOKENS:
            return value
    return None
