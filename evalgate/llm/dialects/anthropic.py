"""Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from evalgate.llm.dialects.dialect import (
    Asked,
    Written,
    calls_of,
    chosen_function,
    completion,
    functions_of,
    image_of,
    in_turns,
    inline_data,
    lacking,
    merged,
    parts_of,
    schema_of,
    text_of,
    without_system,
)
from evalgate.records import Json, JsonObject

ANSWER: Final = "message of Anthropic's API"
VERSION: Final = {"anthropic-version": "2023-06-01"}
LONGEST_REPLY: Final = 4096
"""The API wants max_tokens said; what every one of its models can do, where the config says nothing."""

_FINISH: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "stop",
}
_CHOICE: Final = {"auto": "auto", "none": "none", "required": "any"}


def write(asked: Asked) -> Written:
    """Return the request. Raises BadRequest for a seed, or for JSON without a schema."""
    lacking(asked.parameters, "seed", protocol="Anthropic's API")
    own = dict(asked.parameters)
    told, others = without_system(asked.messages)
    body: dict[str, Json] = {
        "model": asked.model,
        "max_tokens": own.pop("max_tokens", LONGEST_REPLY),
        "messages": _turns(others),
    }
    if told:
        body["system"] = "\n\n".join(told)
    if asked.tools:
        body["tools"] = _tools(asked.tools)
    if asked.tool_choice:
        body["tool_choice"] = _choice(asked.tool_choice)
    schema = schema_of(asked.response_format, protocol="Anthropic's API")
    if schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema.get("schema")}}
    return Written(path="/messages", body=merged(body, own), headers=VERSION)


def read(document: JsonObject) -> JsonObject | None:
    """Return the answer as a chat completion."""
    content = document.get("content")
    if not isinstance(content, list):
        return None
    blocks = [block for block in content if isinstance(block, Mapping)]
    text = text_of([block for block in blocks if block.get("type") == "text"])
    calls = [
        (str(block.get("id", "")), str(block.get("name", "")), block.get("input"))
        for block in blocks
        if block.get("type") == "tool_use"
    ]
    stopped = document.get("stop_reason")
    return completion(
        text=text,
        calls=calls,
        finish=_FINISH.get(stopped, stopped) if isinstance(stopped, str) else None,
        refusal=(text or "the provider's classifier stopped it") if stopped == "refusal" else None,
        usage=document.get("usage"),
        model=document.get("model"),
    )


def _turns(messages: Sequence[JsonObject]) -> list[Json]:
    return [{"role": role, "content": _short(blocks)} for role, blocks in in_turns(map(_said, messages))]


def _said(message: JsonObject) -> tuple[str, list[Json]]:
    role = "assistant" if message.get("role") == "assistant" else "user"
    return role, _result(message) if message.get("role") == "tool" else _blocks(message)


def _short(blocks: list[Json]) -> Json:
    """Return the content of a turn: where it is one plain text, that."""
    only = blocks[0] if len(blocks) == 1 else None
    if isinstance(only, Mapping) and set(only) == {"type", "text"} and only["type"] == "text":
        return only["text"]
    return blocks


def _blocks(message: JsonObject) -> list[Json]:
    blocks: list[Json] = [_block(part) for part in parts_of(message.get("content"))]
    blocks += [
        {"type": "tool_use", "id": call, "name": name, "input": given} for call, name, given in calls_of(message)
    ]
    return blocks


def _block(part: JsonObject) -> JsonObject:
    url = image_of(part)
    if url is None:
        return part
    inline = inline_data(url)
    if inline is None:
        return {"type": "image", "source": {"type": "url", "url": url}}
    return {"type": "image", "source": {"type": "base64", "media_type": inline[0], "data": inline[1]}}


def _result(message: JsonObject) -> list[Json]:
    content = message.get("content")
    told: Json = content if isinstance(content, str) else [_block(part) for part in parts_of(content)]
    return [{"type": "tool_result", "tool_use_id": message.get("tool_call_id"), "content": told}]


def _tools(tools: Sequence[JsonObject]) -> list[Json]:
    functions, others = functions_of(tools)
    made: list[Json] = []
    for function in functions:
        tool = {name: function[name] for name in ("name", "description", "strict") if name in function}
        made.append({**tool, "input_schema": function.get("parameters") or {"type": "object", "properties": {}}})
    return [*made, *others]


def _choice(choice: Json) -> Json:
    if isinstance(choice, str):
        return {"type": _CHOICE.get(choice, choice)}
    name = chosen_function(choice)
    return choice if name is None else {"type": "tool", "name": name}
