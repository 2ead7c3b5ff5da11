"""Answers computed from a request alone (and from how often the same request came before, for random ones)."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

from tests.fake_model.judge import verdict
from tests.fake_model.reader import reading
from tests.fake_model.rules import Rule


def last_user_text(body: dict[str, Any]) -> str:
    """Return the text of the last user message, or of all input in the responses API."""
    given = body.get("input")
    if isinstance(given, str):
        return given
    messages = body.get("messages") or given or []
    users = [m for m in messages if isinstance(m, dict) and m.get("role") == "user"]
    return _text(users[-1].get("content")) if users else ""


def completion(body: dict[str, Any], rule: Rule, *, seed: int, draw: int, number: int) -> dict[str, Any]:
    """Return a whole chat completion."""
    rng = random.Random(_digest(body, seed, draw))
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    if rule.thinking is not None:
        message["reasoning_content"] = rule.thinking
    finish = "stop"
    calls = rule.tool_calls if rule.tool_calls is not None else _called(body, rng) if rule.reply is None else []
    if calls:
        message["tool_calls"] = [
            {
                "id": f"call_{number}_{i}",
                "type": "function",
                "function": {
                    "name": call["name"],
                    "arguments": a if isinstance(a := call["arguments"], str) else json.dumps(a),
                },
            }
            for i, call in enumerate(calls)
        ]
        finish = "tool_calls"
    else:
        message["content"] = _answer(body, rule, rng)
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": body.get("model", ""),
        "choices": [{"index": 0, "message": message, "finish_reason": rule.finish_reason or finish, "logprobs": None}],
        "usage": rule.usage or _usage(body, message),
    }


def _answer(body: dict[str, Any], rule: Rule, rng: random.Random) -> str:
    if rule.reply == "judge":
        return json.dumps(verdict(body))
    if rule.reply == "reader":
        return json.dumps(reading(body))
    if rule.reply == "random":
        return f"answer {rng.randrange(1_000_000)}"
    if rule.reply is not None and rule.reply != "echo":
        return rule.reply
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        return json.dumps(instance(form["json_schema"].get("schema", {}), rng))
    if form.get("type") == "json_object":
        return json.dumps({"answer": last_user_text(body)})
    return last_user_text(body)


def instance(schema: dict[str, Any], rng: random.Random) -> Any:
    """Return a value that fits a simple JSON schema; an enum's member is drawn."""
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    made = {
        "object": lambda: {k: instance(v, rng) for k, v in schema.get("properties", {}).items()},
        "array": lambda: [instance(schema.get("items", {}), rng)],
        "integer": lambda: rng.randrange(10),
        "number": lambda: round(rng.random(), 3),
        "boolean": lambda: rng.random() < 0.5,
        "null": lambda: None,
        "string": lambda: f"text {rng.randrange(1000)}",
    }
    return made[kind]()


def _called(body: dict[str, Any], rng: random.Random) -> list[dict[str, Any]]:
    tools, choice = body.get("tools") or [], body.get("tool_choice", "auto")
    if not tools or choice == "none":
        return []
    forced = choice["function"]["name"] if isinstance(choice, dict) else None
    tool = next(t["function"] for t in tools if forced in {None, t["function"]["name"]})
    return [{"name": tool["name"], "arguments": instance(tool.get("parameters", {"type": "object"}), rng)}]


def _usage(body: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """Count words: what matters is that equal requests count equal."""
    asked = sum(len(_text(m.get("content")).split()) for m in body.get("messages", []))
    answered = len(json.dumps(message).split())
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(p.get("text", "") for p in content if isinstance(p, dict))
    return content if isinstance(content, str) else ""


def _digest(body: dict[str, Any], seed: int, draw: int) -> bytes:
    return hashlib.sha256(json.dumps([body, seed, draw], sort_keys=True).encode()).digest()
