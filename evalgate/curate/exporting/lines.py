"""An example as a line of a file for fine-tuning: the conversation, and the expected answer to learn. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from evalgate.curate.exporting.published import wrong_with
from evalgate.records import Example, Json

Form = Literal["messages", "completion"]
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "system": ("content", "name"),
    "user": ("content", "name"),
    "assistant": ("content", "refusal", "tool_calls", "name"),
    "tool": ("content", "tool_call_id"),
}
"""What a message of a role is written with; the rest is of the trace it came from."""
_MEDIA: Final = re.compile(r"span:[0-9a-f]{16}#\d+")


class UnfitError(ValueError):
    """An example that makes no line. Its text says why, in words under which such examples are counted."""


def line_of(example: Example, form: Form) -> dict[str, Json]:
    """Return an example's line: {"messages", "tools"?}, or {"prompt", "completion"}. Raises UnfitError.

    What the assistant said before the expected answer was nobody's choice: it has the weight 0, to be read and not
    learned. An input that is no conversation is the user's words: its one text, or else its JSON.
    """
    if not example.output:
        raise UnfitError("no expected answer")
    asked = _asked(example.input)
    answer = _answer(example.output)
    if _has_media(asked) or _has_media(answer):
        raise UnfitError("an image or a sound that stayed in its span")
    line = _chat(asked, answer, example.input.get("tools")) if form == "messages" else _completion(asked, answer)
    wrong = wrong_with(line)
    if wrong is not None:
        raise UnfitError(wrong)
    return line


def _asked(value: Mapping[str, Json]) -> list[dict[str, Any]]:
    messages = value.get("messages")
    if isinstance(messages, list) and messages and all(isinstance(each, dict) for each in messages):
        return [_message(each) for each in messages]
    return [{"role": "user", "content": _text_of(value)}]


def _answer(value: Mapping[str, Json]) -> list[dict[str, Any]]:
    messages = value.get("messages")
    if isinstance(messages, list) and messages and all(isinstance(each, dict) for each in messages):
        return [_message(each) for each in messages]
    return [{"role": "assistant", "content": _text_of(value)}]


def _message(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with what belongs to its role. `developer` is what newer models call the system."""
    role = "system" if said.get("role") == "developer" else said.get("role")
    made = {key: said[key] for key in _KEPT.get(str(role), ()) if said.get(key) not in (None, [])}
    if role == "assistant" and "tool_calls" in made:
        made["tool_calls"] = [_call(each) for each in made["tool_calls"]]
        if made.get("content") == "":
            del made["content"]
    return {"role": role, **made}


def _call(said: Any) -> Any:
    function = said.get("function") if isinstance(said, dict) else None
    if not isinstance(function, dict):
        return said
    own = {key: function[key] for key in ("name", "arguments") if key in function}
    return {"id": said.get("id"), "type": "function", "function": own}


def _chat(asked: list[dict[str, Any]], answer: list[dict[str, Any]], tools: Json) -> dict[str, Json]:
    before = [{**each, "weight": 0} if each["role"] == "assistant" else each for each in asked]
    return {"messages": [*before, *answer], **({"tools": tools} if tools else {})}


def _completion(asked: list[dict[str, Any]], answer: list[dict[str, Any]]) -> dict[str, Json]:
    """Return a prompt and its completion: what was told and asked once, and an answer in words."""
    roles = [each["role"] for each in asked]
    texts = [each.get("content") for each in (*asked, *answer)]
    if roles.count("user") != 1 or not {*roles} <= {"system", "user"} or len(answer) != 1 or "tool_calls" in answer[0]:
        raise UnfitError("a conversation, which prompt and completion cannot say")
    if not all(isinstance(text, str) for text in texts):
        raise UnfitError("parts that are no text, which prompt and completion cannot say")
    return {"prompt": "\n\n".join(map(str, texts[:-1])), "completion": str(texts[-1])}


def _text_of(value: Mapping[str, Json]) -> str:
    """Return the one text that a value is about, or else its JSON."""
    only = next(iter(value.values())) if len(value) == 1 else None
    return only if isinstance(only, str) else json.dumps(value, ensure_ascii=False)


def _has_media(messages: list[dict[str, Any]]) -> bool:
    return any(
        isinstance(part, dict) and part.get("type") != "text" and _MEDIA.search(json.dumps(part)) is not None
        for message in messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )
