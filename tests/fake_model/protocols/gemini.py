"""Google's generateContent."""

from __future__ import annotations

import json
from typing import Any

from tests.fake_model.streams import words

CONTENT_TYPE = "text/event-stream"
_FINISH = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}


def chat(body: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the request as a chat completion's."""
    system = (body.get("systemInstruction") or {}).get("parts") or []
    messages = [{"role": "system", "content": part["text"]} for part in system]
    for turn in body["contents"]:
        role = "assistant" if turn.get("role") == "model" else "user"
        texts = [part["text"] for part in turn["parts"] if "text" in part]
        texts += [
            part["functionResponse"]["response"]["result"] for part in turn["parts"] if "functionResponse" in part
        ]
        messages.append({"role": role, "content": "".join(texts)})
    made: dict[str, Any] = {"model": model, "messages": messages}
    settings = body.get("generationConfig") or {}
    if "responseJsonSchema" in settings:
        made["response_format"] = {"type": "json_schema", "json_schema": {"schema": settings["responseJsonSchema"]}}
    elif settings.get("responseMimeType") == "application/json":
        made["response_format"] = {"type": "json_object"}
    declared = [each for tool in body.get("tools") or [] for each in tool.get("functionDeclarations", [])]
    if declared:
        made["tools"] = [
            {"type": "function", "function": {**each, "parameters": each.get("parametersJsonSchema", {})}}
            for each in declared
        ]
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    if calling.get("allowedFunctionNames"):
        made["tool_choice"] = {"function": {"name": calling["allowedFunctionNames"][0]}}
    elif calling:
        made["tool_choice"] = calling["mode"].lower()
    return {**body, **made}


def answer(whole: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the completion as a candidate; the tokens of its thoughts are counted beside those of its text."""
    usage = whole["usage"]
    thoughts = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens", 0)
    counted = {
        "promptTokenCount": usage["prompt_tokens"],
        "candidatesTokenCount": usage["completion_tokens"] - thoughts,
        "thoughtsTokenCount": thoughts,
        "cachedContentTokenCount": (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0),
        "totalTokenCount": usage["prompt_tokens"] + usage["completion_tokens"],
    }
    made = {"usageMetadata": counted, "modelVersion": whole["model"], "responseId": f"r{number}"}
    if not whole["choices"]:
        return {**made, "promptFeedback": {"blockReason": "SAFETY"}}
    choice = whole["choices"][0]
    message = choice["message"]
    text = message.get("content") or message.get("refusal")
    parts: list[dict[str, Any]] = [{"text": text}] if text else []
    parts += [
        {"functionCall": {"name": call["function"]["name"], "args": json.loads(call["function"]["arguments"])}}
        for call in message.get("tool_calls") or []
    ]
    finish = _FINISH.get(choice["finish_reason"], choice["finish_reason"])
    return {**made, "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}]}


def stream(body: dict[str, Any], answered: dict[str, Any]) -> list[bytes]:
    """Return the chunks: whole answers, each with one word more."""
    (candidate,) = answered["candidates"]
    parts = [
        {"text": word} if "text" in part else part
        for part in candidate["content"]["parts"]
        for word in (words(part["text"]) if "text" in part else [""])
    ]
    chunks = [
        {**answered, "candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]} for part in parts
    ]
    chunks[-1]["candidates"][0]["finishReason"] = candidate["finishReason"]
    return [f"data: {json.dumps(chunk)}\r\n\r\n".encode() for chunk in chunks]


def error(status: int, message: str, code: Any) -> dict[str, Any]:
    """Return an error's body."""
    found: dict[str, Any] = {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN")}
    if status == 429:
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.05s"}
        found["details"] = [info]
    return {"error": found}
