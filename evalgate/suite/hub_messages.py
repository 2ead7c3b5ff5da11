"""The messages of a prompt in Phoenix, as a chat completion has them, filled from variables.

What Phoenix's own client makes of a version is made of it here; what it would leave out of a message is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.records import Json, JsonObject
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.hub_template import HubText, read_text
from evalgate.suite.template import TemplateProblem, dotted

ANTHROPIC: Final = "ANTHROPIC"
WITHOUT_CALLS: Final = frozenset({"GOOGLE", "AWS"})
"""Providers for which earlier calls of tools are not written as a chat completion writes them."""
_ROLES: Final = {
    "user": "user",
    "system": "system",
    "developer": "developer",
    "assistant": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "tool": "tool",
}
_PARTS: Final = {"assistant": ("text", "tool_call"), "tool": ("tool_result",)}
_Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HubMessages:
    """Messages in which texts stand for strings that are templates."""

    tree: tuple[Mapping[str, Any], ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the variables in them."""
        return frozenset(name for text in _texts(self.tree) for name in text.names)

    def fill(self, values: Mapping[str, str]) -> list[JsonObject]:
        """Return the messages. Raises TemplateProblem for a variable without a value."""
        return [{key: _filled(each, values) for key, each in message.items()} for message in self.tree]


def read_messages(prompt: HubPrompt) -> HubMessages:
    """Return the messages of a version. Raises TemplateProblem, at the place in its template, for what is refused."""
    template = prompt.content.get("template")
    kind = template.get("type") if isinstance(template, Mapping) else None
    if not isinstance(template, Mapping) or kind != "chat":
        raise TemplateProblem(f"its template is of the type {kind!r}, and not chat messages")
    given = template.get("messages")
    if not isinstance(given, list) or not given:
        raise TemplateProblem("it has no messages", place=("messages",))
    made: list[Mapping[str, Any]] = []
    for index, message in enumerate(given):
        made.extend(_message(message, prompt, ("messages", index)))
    if not any(map(_says_something, made)):
        raise TemplateProblem("its messages are empty", place=("messages",))
    return HubMessages(tree=tuple(made))


def _says_something(message: Mapping[str, Any]) -> bool:
    """Return whether anything of a message is more than blanks."""
    parts = (part for text in _texts(message) for part in text.parts)
    said = any(not isinstance(part, str) or part.strip() for part in parts)
    return said or "tool_calls" in message or message["role"] == "tool"


def _message(message: Any, prompt: HubPrompt, place: _Place) -> Iterator[Mapping[str, Any]]:
    role = _ROLES.get(str(message.get("role"))) if isinstance(message, Mapping) else None
    if role is None:
        said = message.get("role") if isinstance(message, Mapping) else message
        raise TemplateProblem(f"a message of the role {said!r} is none that evalgate sends", place=place)
    if role == "developer" and prompt.provider == ANTHROPIC:
        raise TemplateProblem(f"{ANTHROPIC} has no role developer: write it as a system message", place=place)
    content = message.get("content")
    within = (*place, "content")
    if isinstance(content, str):
        yield {"role": role, "content": _whole(content, role, prompt, within)}
        return
    if not isinstance(content, list) or not content:
        raise TemplateProblem("a message without content", place=place)
    parts = [_part(part, role, prompt, (*within, index)) for index, part in enumerate(content)]
    if role == "tool":
        yield from _results(parts)
        return
    texts = [part for part in parts if part["type"] == "text"]
    calls = [part["call"] for part in parts if part["type"] == "tool_call"]
    said = {} if not texts else {"content": texts[0]["text"] if len(texts) == 1 else texts}
    yield {"role": role, **said, **({"tool_calls": calls} if calls else {})}


def _whole(content: str, role: str, prompt: HubPrompt, place: _Place) -> HubText:
    """Return the text of a message that is one text."""
    if role == "tool":
        raise TemplateProblem("a tool's message does not say which call it answers", place=place)
    text = _text(content, prompt, place)
    if role == "system" and prompt.provider == ANTHROPIC and text.names:
        raise TemplateProblem(
            f"Phoenix's client sends {ANTHROPIC} the variables of a system message that is one text unfilled: write it"
            " in parts",
            place=place,
        )
    return text


def _text(source: Any, prompt: HubPrompt, place: _Place) -> HubText:
    if not isinstance(source, str):
        raise TemplateProblem("a text that is none", place=place)
    try:
        return read_text(source, str(prompt.content.get("template_format") or "MUSTACHE"))
    except TemplateProblem as problem:
        raise TemplateProblem(problem.message, place=place) from None


def _part(part: Any, role: str, prompt: HubPrompt, place: _Place) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind not in _PARTS.get(role, ("text",)):
        raise TemplateProblem(
            f"content of the type {kind!r} in a {role} message is none that evalgate sends", place=place
        )
    if kind == "text":
        return {"type": "text", "text": _text(part.get("text"), prompt, (*place, "text"))}
    if prompt.provider in WITHOUT_CALLS:
        raise TemplateProblem(f"earlier calls of tools cannot be written for {prompt.provider} exactly", place=place)
    if kind == "tool_call":
        return {"type": kind, "call": _call(part, place)}
    result = part.get("tool_result")
    if prompt.provider == ANTHROPIC and (result is None or isinstance(result, list)):
        raise TemplateProblem(
            f"a result that is {'null' if result is None else 'a list'}, for {ANTHROPIC}", place=place
        )
    return {"type": kind, "id": part.get("tool_call_id"), "text": _result_text(result)}


def _call(part: Mapping[str, Any], place: _Place) -> JsonObject:
    call = part.get("tool_call")
    if not isinstance(call, Mapping) or call.get("type") != "function":
        raise TemplateProblem("a call of a tool that is no function", place=place)
    function = {"name": call.get("name"), "arguments": call.get("arguments", "{}")}
    return {"id": part.get("tool_call_id"), "type": "function", "function": function}


def _result_text(result: Json) -> str:
    """Return the text of a tool's result as Phoenix's client writes it."""
    return json.dumps(result) if isinstance(result, dict | list) else str(result)


def _results(parts: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield one message for the results of each call: those of one call that stand together are one."""
    groups: list[tuple[Any, list[JsonObject]]] = []
    for part in parts:
        if not groups or groups[-1][0] != part["id"]:
            groups.append((part["id"], []))
        groups[-1][1].append({"type": "text", "text": part["text"]})
    for call, texts in groups:
        yield {"role": "tool", "tool_call_id": call, "content": texts[0]["text"] if len(texts) == 1 else texts}


def _texts(value: Any) -> Iterator[HubText]:
    if isinstance(value, HubText):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, HubText):
        return value.fill(values)
    if isinstance(value, Mapping):
        return {key: _filled(each, values) for key, each in value.items()}
    return [_filled(each, values) for each in value] if isinstance(value, list | tuple) else value


def problem_words(prompt: HubPrompt, problem: TemplateProblem) -> str:
    """Return a problem as a sentence that names the version and the place in its template."""
    place = f", {dotted(problem.place)}" if problem.place else ""
    return f"{prompt.shown}{place}: {problem.message}"
