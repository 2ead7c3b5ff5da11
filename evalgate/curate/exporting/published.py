"""What OpenAI publishes of a line of a file for fine-tuning, as JSON Schema; and what its guide says beyond that.

After `FineTuneChatRequestInput` and `FineTuneCompletionRequestInput` of its OpenAPI description, version 2.3.0; what
that has for sounds, files and functions of before tools is left out. Keys that it does not name are refused.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from evalgate.records import Json

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

LEAST: Final = 10
"""Lines that a file for training has at least, as OpenAI wants it."""
_TEXT: Final = {"type": "string"}
_NAME: Final = {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$"}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _message(role: str, content: Mapping[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return _object({"role": {"const": role}, "content": dict(content), **more}, "role", *required)


def _parts(*kinds: str) -> dict[str, Any]:
    items = {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds]}
    return {"oneOf": [_TEXT, {"type": "array", "minItems": 1, "items": items}]}


def line_schema() -> dict[str, Any]:
    """Return the schema of a line: {"messages", "tools"?} or {"prompt", "completion"}."""
    calls = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/tool_call"}}
    text_or_none = {"oneOf": [_parts("text"), {"type": "null"}]}
    image = _object({"url": _TEXT, "detail": {"enum": ["auto", "low", "high"]}}, "url")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a file for fine-tuning",
        "description": "After FineTuneChatRequestInput and FineTuneCompletionRequestInput of OpenAI's API, 2.3.0.",
        "oneOf": [{"$ref": "#/$defs/chat"}, {"$ref": "#/$defs/completion"}],
        "$defs": {
            "chat": _object(
                {
                    "messages": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/message"}},
                    "tools": {"type": "array", "minItems": 1, "maxItems": 128, "items": {"$ref": "#/$defs/offered"}},
                    "parallel_tool_calls": {"type": "boolean"},
                },
                "messages",
            ),
            "completion": _object(
                {"prompt": _TEXT, "completion": {"type": "string", "minLength": 1}}, "prompt", "completion"
            ),
            "message": {"oneOf": [{"$ref": f"#/$defs/{role}"} for role in ("system", "user", "assistant", "tool")]},
            "system": _message("system", _parts("text"), "content", name=_TEXT),
            "user": _message("user", _parts("text", "image"), "content", name=_TEXT),
            "assistant": _message(
                "assistant",
                text_or_none,
                name=_TEXT,
                refusal={"type": ["string", "null"]},
                weight={"enum": [0, 1]},
                tool_calls=calls,
            ),
            "tool": _message("tool", _parts("text"), "content", "tool_call_id", tool_call_id=_TEXT),
            "text": _object({"type": {"const": "text"}, "text": _TEXT}, "type", "text"),
            "image": _object({"type": {"const": "image_url"}, "image_url": image}, "type", "image_url"),
            "tool_call": _object(
                {
                    "id": _TEXT,
                    "type": {"const": "function"},
                    "function": _object({"name": _NAME, "arguments": _TEXT}, "name", "arguments"),
                },
                *("id", "type", "function"),
            ),
            "offered": _object(
                {
                    "type": {"const": "function"},
                    "function": _object(
                        {
                            "name": _NAME,
                            "description": _TEXT,
                            "parameters": {"type": "object"},
                            "strict": {"type": ["boolean", "null"]},
                        },
                        "name",
                    ),
                },
                *("type", "function"),
            ),
        },
    }


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(line_schema())


def wrong_with(line: Mapping[str, Json]) -> str | None:
    """Return what is wrong with a line, in words; None where it can be sent."""
    if not _is_published(line):
        return _first_wrong(line)
    messages = line.get("messages")
    return None if not isinstance(messages, list) else _wrong_turns(messages, line.get("tools"))


def _is_published(line: Mapping[str, Json]) -> bool:
    """Return whether a line is as published. Messages that are a role and a text are: the schema is not asked."""
    messages = line.get("messages")
    if not isinstance(messages, list) or not messages:
        return _validator().is_valid(dict(line))
    others = [each for each in messages if not _is_plain(each)]
    if not others and line.keys() == {"messages"}:
        return True
    # Each message is right or wrong by itself.
    return _validator().is_valid({**line, "messages": others or messages[:1]})


def _is_plain(message: Any) -> bool:
    """Return whether a message is a role with a text, and perhaps a weight: nearly all of them are."""
    if not isinstance(message, dict) or message.keys() - {"weight"} != {"role", "content"}:
        return False
    role, weight = message["role"], message.get("weight", 1)
    of_its_role = role == "assistant" or (role in ("system", "user") and "weight" not in message)
    return of_its_role and isinstance(message["content"], str) and type(weight) is int and weight in (0, 1)


def _first_wrong(line: Mapping[str, Json]) -> str:
    """Return where a line is not as published: the message it is in, rather than that none of all kinds fits."""
    messages = line.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else []):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("system", "user", "assistant", "tool"):
            return f"message {number + 1} has a role that fine-tuning does not take"
        own = {**line_schema(), "oneOf": [{"$ref": f"#/$defs/{role}"}]}
        if not _validator().evolve(schema=own).is_valid(message):
            return f"a message of the {role} is not as published"
    return "its tools are not as published" if "tools" in line else "it is not as published"


def _wrong_turns(messages: list[Any], tools: Json) -> str | None:
    """Return what is wrong with who says what after whom, and with calls of tools."""
    offered = {each["function"]["name"] for each in tools} if isinstance(tools, list) else set()
    waiting: set[str] = set()
    for message in messages:
        if message["role"] == "tool" and message["tool_call_id"] in waiting:
            waiting.discard(message["tool_call_id"])
            continue
        if message["role"] == "tool":
            return "a tool answers a call that was not made"
        wrong = "a call of a tool has no answer" if waiting else _wrong_message(message, offered)
        if wrong is not None:
            return wrong
        waiting = {call["id"] for call in message.get("tool_calls", ())}
    if messages[-1]["role"] != "assistant" or messages[-1].get("weight") == 0:
        return "the assistant does not have the last word"
    return None if any(each["role"] == "user" for each in messages) else "no user says anything"


def _wrong_message(message: Mapping[str, Any], offered: Collection[str]) -> str | None:
    """Return what is wrong with a message that is none of a tool."""
    calls = [call["function"] for call in message.get("tool_calls", ())]
    if any(call["name"] not in offered for call in calls):
        return "it calls a tool that is not among its tools"
    if not all(_is_object(call["arguments"]) for call in calls):
        return "the arguments of a call are no JSON object"
    silent = message["role"] == "assistant" and not any(message.get(each) for each in ("content", "refusal"))
    return "an answer of the assistant is empty" if silent and not calls else None


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
