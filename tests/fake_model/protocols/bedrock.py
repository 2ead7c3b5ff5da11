"""Amazon Bedrock's runtime: Converse, and InvokeModel with Anthropic's bodies, whole and as binary event streams."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from typing import Any

from tests.fake_model.protocols import anthropic
from tests.fake_model.streams import words

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STOP = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens", "content_filter": "content_filtered"}


def chat(body: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the request as a chat completion's."""
    messages = [{"role": "system", "content": part["text"]} for part in body.get("system") or []]
    for turn in body["messages"]:
        blocks = turn["content"]
        texts = [block["text"] for block in blocks if "text" in block]
        texts += [block["toolResult"]["content"][0]["text"] for block in blocks if "toolResult" in block]
        messages.append({"role": turn["role"], "content": "".join(texts)})
    made: dict[str, Any] = {"model": model, "messages": messages}
    form = (body.get("outputConfig") or {}).get("textFormat")
    if form:
        schema = json.loads(form["structure"]["jsonSchema"]["schema"])
        made["response_format"] = {"type": "json_schema", "json_schema": {"schema": schema}}
    config = body.get("toolConfig") or {}
    if config:
        specs = [tool["toolSpec"] for tool in config["tools"]]
        made["tools"] = [
            {"type": "function", "function": {"name": spec["name"], "parameters": spec["inputSchema"]["json"]}}
            for spec in specs
        ]
        forced = (config.get("toolChoice") or {}).get("tool")
        if forced:
            made["tool_choice"] = {"function": {"name": forced["name"]}}
    return {**body, **made}


def answer(whole: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the completion as Converse's answer."""
    choice = (whole["choices"] or [{"message": {}, "finish_reason": "stop"}])[0]
    message = choice["message"]
    text = message.get("content") or message.get("refusal")
    content: list[dict[str, Any]] = [{"text": text}] if text else []
    content += [
        {
            "toolUse": {
                "toolUseId": call["id"],
                "name": call["function"]["name"],
                "input": json.loads(call["function"]["arguments"]),
            }
        }
        for call in message.get("tool_calls") or []
    ]
    usage = whole["usage"]
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": _STOP.get(choice["finish_reason"], choice["finish_reason"]),
        "usage": {
            "inputTokens": usage["prompt_tokens"] - cached,
            "outputTokens": usage["completion_tokens"],
            "totalTokens": usage["prompt_tokens"] + usage["completion_tokens"],
            "cacheReadInputTokens": cached,
            "cacheWriteInputTokens": 0,
        },
        "metrics": {"latencyMs": 5},
    }


def stream(body: dict[str, Any], answered: dict[str, Any]) -> list[bytes]:
    """Return the frames of ConverseStream."""
    frames = [frame("messageStart", {"role": "assistant"})]
    for index, block in enumerate(answered["output"]["message"]["content"]):
        at = {"contentBlockIndex": index}
        if "text" in block:
            deltas = [{"text": word} for word in words(block["text"])]
        else:
            use = block["toolUse"]
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            frames.append(frame("contentBlockStart", {**at, "start": start}))
            deltas = [{"toolUse": {"input": json.dumps(use["input"])}}]
        frames += [frame("contentBlockDelta", {**at, "delta": delta}) for delta in deltas]
        frames.append(frame("contentBlockStop", at))
    frames.append(frame("messageStop", {"stopReason": answered["stopReason"]}))
    frames.append(frame("metadata", {"usage": answered["usage"], "metrics": answered["metrics"]}))
    return frames


def invoked_stream(answered: dict[str, Any]) -> list[bytes]:
    """Return the frames of InvokeModelWithResponseStream around the events of Anthropic's stream."""
    events = [json.loads(event.split(b"data: ")[1]) for event in anthropic.stream({}, answered)]
    usage = answered["usage"]
    events[-1]["amazon-bedrock-invocationMetrics"] = {
        "inputTokenCount": usage["input_tokens"],
        "outputTokenCount": usage["output_tokens"],
    }
    return [frame("chunk", {"bytes": base64.b64encode(json.dumps(event).encode()).decode()}) for event in events]


def frame(kind: str, payload: dict[str, Any], *, exception: bool = False) -> bytes:
    """Return one binary event with its headers and checksums."""
    told = {
        ":exception-type" if exception else ":event-type": kind,
        ":content-type": "application/json",
        ":message-type": "exception" if exception else "event",
    }
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in told.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    head = prelude + struct.pack(">I", binascii.crc32(prelude))
    whole = head + headers + body
    return whole + struct.pack(">I", binascii.crc32(whole))


def error(status: int, message: str, code: Any) -> dict[str, Any]:
    """Return an error's body."""
    return {"message": message}
