"""OpenAI's Responses API."""

from __future__ import annotations

from typing import Any

from tests.fake_model.protocols import completions
from tests.fake_model.streams import response_stream

CONTENT_TYPE = completions.CONTENT_TYPE
error = completions.error


def chat(body: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the request as a chat completion's."""
    given = body.get("input", "")
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else list(given)
    made: dict[str, Any] = {"model": body.get("model", ""), "messages": messages}
    form = (body.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        made["response_format"] = {"type": "json_schema", "json_schema": form}
    elif form:
        made["response_format"] = form
    if body.get("tools"):
        made["tools"] = [{"type": "function", "function": tool} for tool in body["tools"]]
    choice = body.get("tool_choice")
    if choice:
        made["tool_choice"] = choice if isinstance(choice, str) else {"function": choice}
    return {**body, **made}


def answer(whole: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the completion as a response."""
    choice = (whole["choices"] or [{}])[0]
    message, finish = choice.get("message") or {}, choice.get("finish_reason")
    item = {"id": f"msg_{number}", "type": "message", "role": "assistant", "status": "completed"}
    output: list[dict[str, Any]] = []
    if message.get("refusal"):
        output.append({**item, "content": [{"type": "refusal", "refusal": message["refusal"]}]})
    elif message.get("content"):
        part = {"type": "output_text", "text": message["content"], "annotations": []}
        output.append({**item, "content": [part]})
    output += [
        {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": call["id"],
            "status": "completed",
            **call["function"],
        }
        for call in message.get("tool_calls") or []
    ]
    cut = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(finish or "")
    usage = whole["usage"]
    asked, answered = usage["prompt_tokens"], usage["completion_tokens"]
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": cut} if cut else None,
        "error": None,
        "model": whole["model"],
        "output": output,
        "usage": {
            "input_tokens": asked,
            "input_tokens_details": usage.get("prompt_tokens_details") or {"cached_tokens": 0},
            "output_tokens": answered,
            "output_tokens_details": usage.get("completion_tokens_details") or {"reasoning_tokens": 0},
            "total_tokens": usage.get("total_tokens", asked + answered),
        },
    }


def stream(body: dict[str, Any], answered: dict[str, Any]) -> list[bytes]:
    """Return the events."""
    return response_stream(answered)
