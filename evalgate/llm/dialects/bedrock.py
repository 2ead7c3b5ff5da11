"""Amazon Bedrock's Converse API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

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
from evalgate.llm.failures import BadRequest
from evalgate.records import Json, JsonObject

ANSWER: Final = "answer of Converse"
_NAMED: Final = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP"}
_FINISH: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


def write(asked: Asked) -> Written:
    """Return the request. Raises BadRequest for a seed, a picture by its address, or JSON without a schema."""
    lacking(asked.parameters, "seed", protocol="Converse")
    own = dict(asked.parameters)
    told, others = without_system(asked.messages)
    body: dict[str, Json] = {"messages": _turns(others)}
    if told:
        body["system"] = [{"text": text} for text in told]
    settings: dict[str, Json] = {theirs: own.pop(ours) for ours, theirs in _NAMED.items() if ours in own}
    if settings:
        body["inferenceConfig"] = settings
    # Converse has no choice that forbids tools: without them, none can be called.
    if asked.tools and asked.tool_choice != "none":
        body["toolConfig"] = _tool_config(asked.tools, asked.tool_choice)
    schema = schema_of(asked.response_format, protocol="Converse")
    if schema is not None:
        body["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": _schema(schema)}}}
    return Written(path=f"/model/{quote(asked.model, safe='')}/converse", body=merged(body, own))


def read(document: JsonObject) -> JsonObject | None:
    """Return the answer as a chat completion."""
    output = document.get("output")
    message = output.get("message") if isinstance(output, Mapping) else None
    if not isinstance(message, Mapping):
        return None
    blocks = parts_of(message.get("content"))
    calls = [
        (str(call.get("toolUseId", "")), str(call.get("name", "")), call.get("input"))
        for block in blocks
        if isinstance(call := block.get("toolUse"), Mapping)
    ]
    stopped = document.get("stopReason")
    return completion(
        text=text_of(list(blocks)),
        calls=calls,
        finish=_FINISH.get(stopped, stopped) if isinstance(stopped, str) else None,
        usage=document.get("usage"),
        model=None,
    )


def _turns(messages: Sequence[JsonObject]) -> list[Json]:
    return [{"role": role, "content": blocks} for role, blocks in in_turns(map(_said, messages))]


def _said(message: JsonObject) -> tuple[str, list[Json]]:
    role = "assistant" if message.get("role") == "assistant" else "user"
    return role, _result(message) if message.get("role") == "tool" else _blocks(message)


def _blocks(message: JsonObject) -> list[Json]:
    blocks: list[Json] = [_block(part) for part in parts_of(message.get("content"))]
    blocks += [
        {"toolUse": {"toolUseId": call, "name": name, "input": given}} for call, name, given in calls_of(message)
    ]
    return blocks


def _block(part: JsonObject) -> JsonObject:
    url = image_of(part)
    if url is None:
        return {"text": part.get("text")} if part.get("type") == "text" else part
    inline = inline_data(url)
    if inline is None:
        raise BadRequest("Converse takes pictures as data: addresses only")
    return {"image": {"format": inline[0].rpartition("/")[2], "source": {"bytes": inline[1]}}}


def _result(message: JsonObject) -> list[Json]:
    told: Json = [{"text": text_of(message.get("content"))}]
    return [{"toolResult": {"toolUseId": message.get("tool_call_id"), "content": told}}]


def _tool_config(tools: Sequence[JsonObject], choice: Json) -> JsonObject:
    functions, others = functions_of(tools)
    made: list[Json] = []
    for function in functions:
        tool = {name: function[name] for name in ("name", "description", "strict") if name in function}
        schema = function.get("parameters") or {"type": "object", "properties": {}}
        made.append({"toolSpec": {**tool, "inputSchema": {"json": schema}}})
    config: dict[str, Json] = {"tools": [*made, *others]}
    name = chosen_function(choice)
    if name is not None:
        config["toolChoice"] = {"tool": {"name": name}}
    elif choice:
        config["toolChoice"] = {"any": {}} if choice == "required" else {"auto": {}} if choice == "auto" else choice
    return config


def _schema(given: JsonObject) -> JsonObject:
    """Return a schema as Converse takes it: as text, in the order in which its keys stand."""
    named = {name: given[name] for name in ("name", "description") if given.get(name)}
    return {**named, "schema": json.dumps(given.get("schema"))}
