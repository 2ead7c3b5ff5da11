"""The blocks that a message's content is made of, OpenAI's and Anthropic's, written as OpenAI's messages. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from evalgate.records import Json

_THOUGHTS: Final = ("thinking", "redacted_thinking", "reasoning")
_CALLS: Final = ("tool_use", "server_tool_use", "mcp_tool_use")
_TEXTS: Final = ("text", "input_text", "output_text")


def messages_of(
    role: Any, content: Any, calls: Sequence[dict[str, Json]] = (), *, answers: Any = None
) -> list[dict[str, Json]]:
    """Return what one message says as OpenAI's chat messages.

    `content` is a text or blocks. Anthropic's results of tools, which a user's message carries, are messages of their
    own, before the rest; its calls are `tool_calls`; thoughts are left out.
    """
    if not isinstance(content, list):
        text = content if isinstance(content, str) else None if content is None else _as_text(content)
        return [written(role, [] if text is None else [{"type": "text", "text": text}], calls, answers=answers)]
    blocks = [each if isinstance(each, dict) else {"type": "text", "text": _as_text(each)} for each in content]
    made: list[dict[str, Json]] = []
    for each in blocks:
        if each.get("type") == "tool_result":
            made += messages_of("tool", _result(each.get("content")), answers=each.get("tool_use_id"))
    own = [call(each.get("id"), each.get("name"), each.get("input")) for each in blocks if each.get("type") in _CALLS]
    parts = [found for each in blocks if (found := part(each)) is not None]
    if parts or own or calls or not made:
        made.append(written(role, parts, [*calls, *own], answers=answers))
    return made


def call(call_id: Any, name: Any, arguments: Any) -> dict[str, Json]:
    """Return a call of a tool; arguments that are no text are written as JSON."""
    text = arguments if isinstance(arguments, str) else _as_text(arguments if arguments is not None else {})
    function: dict[str, Json] = {"name": name if isinstance(name, str) else "", "arguments": text}
    made: dict[str, Json] = {"type": "function", "function": function}
    return {"id": call_id, **made} if isinstance(call_id, str) else made


def written(
    role: Any, parts: Sequence[Mapping[str, Any]], calls: Sequence[dict[str, Json]], *, answers: Any = None
) -> dict[str, Json]:
    """Return a message; its content is a text where its parts are nothing else, and null where there are none."""
    texts = [each["text"] for each in parts if each["type"] == "text"]
    content: Json = list(parts) if len(texts) < len(parts) else "\n".join(texts) if texts else None
    if calls and content == "":
        content = None  # a stream puts together a text of nothing beside its calls
    message: dict[str, Json] = {"role": role if isinstance(role, str) else "user", "content": content}
    if calls:
        message["tool_calls"] = list(calls)
    if isinstance(answers, str):
        message["tool_call_id"] = answers
    return message


def part(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a block as a part of content; None for what is none: thoughts, calls and what came of them."""
    kind = block.get("type")
    if kind in _THOUGHTS or kind in _CALLS or kind == "tool_result":
        return None
    if kind in ("image_url", "input_audio", "file") and isinstance(block.get(kind), dict):
        return {"type": kind, kind: block[kind]}
    address = _address(block)
    if address is not None:
        return {"type": "image_url", "image_url": {"url": address}}
    text = block.get("refusal") if kind == "refusal" else block.get("text") if kind in _TEXTS else None
    return {"type": "text", "text": text if isinstance(text, str) else _as_text(block)}


def _address(block: Mapping[str, Any]) -> str | None:
    """Return where a block's image is, or the image itself as a data URL; None where the block is none."""
    if block.get("type") == "input_image" and isinstance(block.get("image_url"), str):
        return str(block["image_url"])
    source = block.get("source")
    if block.get("type") != "image" or not isinstance(source, dict):
        return None
    if isinstance(source.get("url"), str):
        return str(source["url"])
    data = source.get("data")
    return f"data:{source.get('media_type')};base64,{data}" if isinstance(data, str) else None


def _result(content: Any) -> Any:
    return "" if content is None else content


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
