"""One call of a model as OpenInference's attributes: messages, tools, parameters, tokens, cost. Pure.

What a call says is read from its own bytes, whatever protocol they are of: messages where they are found, and always
the request and the answer as they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from evalgate.canonical import content_hash
from evalgate.records import Json, ModelCall, Usage

Flat: TypeAlias = "dict[str, str | int | float | bool]"

_CONVERSATION: Final = frozenset({"messages", "input", "contents", "system", "instructions", "tools", "stream_options"})
"""The keys of a request that are no parameters."""
_PROVIDERS: Final = frozenset(
    {"openai", "anthropic", "cohere", "mistralai", "google", "azure", "aws", "deepseek", "xai", "groq"}
)


def call_attributes(call: ModelCall, *, withhold: bool) -> Flat:
    """Return the attributes of one call; with `withhold`, nothing of what was said."""
    asked, answered = _document(call.asked), _document(call.answered)
    attributes: Flat = {"openinference.span.kind": "LLM"}
    if call.usage is not None:
        attributes |= usage_attributes(call.usage)
    attributes |= _named(call.endpoint, call.model)
    if withhold:
        return attributes | _hidden("input", call.asked) | _hidden("output", call.answered)
    attributes |= _shown("input", call.asked, asked) | _shown("output", call.answered, answered)
    attributes |= message_attributes(_asked_messages(asked), "llm.input_messages")
    attributes |= message_attributes(_answered_messages(answered), "llm.output_messages")
    parameters = {key: value for key, value in asked.items() if key not in _CONVERSATION}
    if parameters:
        attributes["llm.invocation_parameters"] = json.dumps(parameters)
    for number, tool in enumerate(_objects(asked.get("tools"))):
        attributes[f"llm.tools.{number}.tool.json_schema"] = json.dumps(tool)
    return attributes


def usage_attributes(usage: Usage) -> Flat:
    """Return what a usage says: the model, its tokens, and what they cost."""
    endpoint, slash, model = usage.model.partition("/")
    attributes: Flat = {
        "openinference.span.kind": "LLM",
        **_named(endpoint if slash else "", model if slash else usage.model),
        "llm.token_count.prompt": usage.input_tokens,
        "llm.token_count.completion": usage.output_tokens,
        "llm.token_count.total": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens:
        attributes["llm.token_count.prompt_details.cache_read"] = usage.cached_tokens
    if usage.reasoning_tokens:
        attributes["llm.token_count.completion_details.reasoning"] = usage.reasoning_tokens
    if usage.cost is not None:
        attributes["llm.cost.total"] = usage.cost
    said = {"from_cache": usage.from_cache, "calls": usage.calls, **({"shared": True} if usage.shared else {})}
    attributes["metadata"] = json.dumps(said)
    return attributes


def message_attributes(messages: Json, place: str = "llm.input_messages") -> Flat:
    """Return messages in OpenAI's form as attributes at `place`; nothing of what is no list of messages."""
    attributes: Flat = {}
    for number, message in enumerate(_objects(messages)):
        start = f"{place}.{number}.message"
        attributes[f"{start}.role"] = str(message.get("role", ""))
        if (content := _text(message.get("content"))) is not None:
            attributes[f"{start}.content"] = content
        if isinstance(message.get("tool_call_id"), str):
            attributes[f"{start}.tool_call_id"] = message["tool_call_id"]
        for position, call in enumerate(_objects(message.get("tool_calls"))):
            function = call.get("function")
            named = function if isinstance(function, Mapping) else call
            at = f"{start}.tool_calls.{position}.tool_call"
            attributes[f"{at}.function.name"] = str(named.get("name", ""))
            given = named.get("arguments")
            attributes[f"{at}.function.arguments"] = given if isinstance(given, str) else json.dumps(given)
            if isinstance(call.get("id"), str):
                attributes[f"{at}.id"] = call["id"]
    return attributes


def _named(endpoint: str, model: str) -> Flat:
    """Return the names of a model. Phoenix knows prices by the model's own, and by its provider where that is known."""
    named: Flat = {"llm.model_name": model} if model else {}
    return named | ({"llm.provider": endpoint} if endpoint in _PROVIDERS else {})


def _asked_messages(asked: Mapping[str, Any]) -> list[Json]:
    system = asked.get("system", asked.get("instructions"))
    first: list[Json] = [{"role": "system", "content": _text(system)}] if _text(system) is not None else []
    spoken = asked.get("messages", asked.get("input"))
    if isinstance(spoken, str):
        return [*first, {"role": "user", "content": spoken}]
    if isinstance(spoken, list):
        return [*first, *_objects(spoken)]
    turns = [
        {"role": each.get("role", "user"), "content": each.get("parts")} for each in _objects(asked.get("contents"))
    ]
    return [*first, *turns]


def _answered_messages(answered: Mapping[str, Any]) -> list[Json]:
    choices = [
        each["message"] for each in _objects(answered.get("choices")) if isinstance(each.get("message"), Mapping)
    ]
    if choices:
        return [*choices]
    output = [each for each in _objects(answered.get("output")) if each.get("type") == "message"]
    if output:
        return [*output]
    if _text(answered.get("content")) is not None:
        return [{"role": "assistant", "content": answered["content"]}]
    held = [each.get("content") for each in _objects(answered.get("candidates"))]
    converse = answered.get("output")
    held += [converse.get("message")] if isinstance(converse, Mapping) else []
    return [
        {"role": "assistant", "content": each.get("parts", each.get("content"))}
        for each in held
        if isinstance(each, Mapping)
    ]


def _text(content: Any) -> str | None:
    """Return what a content says as text: it is text, or has parts of which some are."""
    if isinstance(content, str):
        return content
    texts = [text for part in _objects(content) if isinstance(text := part.get("text"), str)]
    return "\n".join(texts) if texts else None


def _shown(place: str, raw: bytes, document: Mapping[str, Any]) -> Flat:
    mime = "application/json" if document else "text/plain"
    return {f"{place}.value": raw.decode("utf-8", "replace"), f"{place}.mime_type": mime}


def _hidden(place: str, raw: bytes) -> Flat:
    said = json.dumps({"sha256": content_hash(raw.decode("utf-8", "replace")), "length": len(raw)})
    return {f"{place}.value": said, f"{place}.mime_type": "application/json"}


def _document(raw: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _objects(value: Any) -> Sequence[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list | tuple) else []
