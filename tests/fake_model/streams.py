"""A whole answer as the event stream that would have carried it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def chat_stream(body: dict[str, Any], whole: dict[str, Any]) -> list[bytes]:
    """Return the chunks of a chat completion, word by word; usage only where it was asked for."""
    choice = whole["choices"][0]
    message = choice["message"]
    head = {"id": whole["id"], "object": "chat.completion.chunk", "created": whole["created"], "model": whole["model"]}
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
    if message.get("reasoning_content"):
        deltas += [({"reasoning_content": part}, None) for part in words(message["reasoning_content"])]
    deltas += [({"content": part}, None) for part in words(message.get("content") or "")]
    if message.get("tool_calls"):
        calls = [{**call, "index": index} for index, call in enumerate(message["tool_calls"])]
        deltas.append(({"tool_calls": calls}, None))
    deltas.append(({}, choice["finish_reason"]))
    asked = (body.get("stream_options") or {}).get("include_usage", False)
    chunks = [
        {
            **head,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            **({"usage": None} if asked else {}),
        }
        for delta, finish in deltas
    ]
    if asked:
        chunks.append({**head, "choices": [], "usage": whole["usage"]})
    return [*(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks), b"data: [DONE]\n\n"]


def response_stream(whole: dict[str, Any]) -> list[bytes]:
    """Return the events of the responses API, word by word."""
    item = whole["output"][0]
    part = item["content"][0]
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
        *({"type": "response.output_text.delta", **place, "delta": word} for word in words(part["text"])),
        {"type": "response.output_text.done", **place, "text": part["text"]},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    return [
        f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n".encode()
        for number, event in enumerate(events)
    ]


def words(text: str) -> Iterator[str]:
    """Yield a text word by word, each with the space before it."""
    for index, word in enumerate(text.split(" ")):
        yield word if index == 0 else f" {word}"
