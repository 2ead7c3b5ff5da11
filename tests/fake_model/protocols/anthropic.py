"""Anthropic's Messages API."""

from __future__ import annotations

import json
from typing import Any

from tests.fake_model.streams import words

CONTENT_TYPE = "text/event-stream; charset=utf-8"
_STOP = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens", "content_filter": "refusal"}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def chat(body: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the request as a chat completion's. Raises KeyError for one that the API would refuse."""
    made: dict[str, Any] = {"model": body["model"], "max_tokens": body["max_tokens"]}
    system = body.get("system")
    told = [{"role": "system", "content": system}] if system else []
    made["messages"] = [*told, *({**m, "content": _content(m["content"])} for m in body["messages"])]
    if body.get("tools"):
        made["tools"] = [
            {"type": "function", "function": {"name": tool["name"], "parameters": tool["input_schema"]}}
            for tool in body["tools"]
        ]
    choice = body.get("tool_choice")
    if choice and choice["type"] == "tool":
        made["tool_choice"] = {"function": {"name": choice["name"]}}
    elif choice:
        made["tool_choice"] = choice["type"]
    form = (body.get("output_config") or {}).get("format")
    if form:
        made["response_format"] = {"type": "json_schema", "json_schema": {"schema": form["schema"]}}
    return {**{key: value for key, value in body.items() if key not in {"system", "output_config"}}, **made}


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return content
    results = [block["content"] for block in content if block["type"] == "tool_result"]
    texts = [block for block in content if block["type"] == "text"]
    return texts or "".join(each if isinstance(each, str) else each[0]["text"] for each in results)


def answer(whole: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the completion as a message."""
    choice = (whole["choices"] or [{}])[0]
    message = choice.get("message") or {}
    content: list[dict[str, Any]] = []
    if message.get("reasoning_content"):
        content.append({"type": "thinking", "thinking": message["reasoning_content"], "signature": "signed"})
    if message.get("content"):
        content.append({"type": "text", "text": message["content"]})
    content += [
        {
            "type": "tool_use",
            "id": call["id"],
            "name": call["function"]["name"],
            "input": json.loads(call["function"]["arguments"]),
        }
        for call in message.get("tool_calls") or []
    ]
    refused = message.get("refusal") is not None
    finish = choice.get("finish_reason", "stop")
    usage = whole["usage"]
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": whole["model"],
        "content": content,
        "stop_reason": "refusal" if refused else _STOP.get(finish, finish),
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage["prompt_tokens"] - cached,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": cached,
            "output_tokens": usage["completion_tokens"],
            "service_tier": "standard",
        },
    }


def stream(body: dict[str, Any], answered: dict[str, Any]) -> list[bytes]:
    """Return the events: what was asked is counted in the first one, what was answered in the last but one."""
    usage = answered["usage"]
    begun = {**answered, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    for index, block in enumerate(answered["content"]):
        if block["type"] == "text":
            empty, deltas = {**block, "text": ""}, [{"type": "text_delta", "text": w} for w in words(block["text"])]
        elif block["type"] == "thinking":
            empty = {**block, "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": each} for each in words(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        else:
            empty = {**block, "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    ended = {"stop_reason": answered["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": ended, "usage": {"output_tokens": usage["output_tokens"]}})
    events.append({"type": "message_stop"})
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


def error(status: int, message: str, code: Any) -> dict[str, Any]:
    """Return an error's body."""
    return {"type": "error", "error": {"type": _ERRORS.get(status, "api_error"), "message": message}}
