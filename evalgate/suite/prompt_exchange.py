"""A prompt file as a version in Phoenix says it, and the other way; what one of them cannot say is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from evalgate.records import Json, JsonObject
from evalgate.suite.hub_messages import read_messages
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.hub_template import HubText, Variable, read_text
from evalgate.suite.prompt import Message, PromptFile
from evalgate.suite.template import TemplateProblem, compile_tree, render_tree, variables_of

_MARKS: Final = ("{{", "{%", "{#")
_FORMAT: Final = "MUSTACHE"
_CHOICES: Final = {"none": "none", "auto": "zero_or_more", "required": "one_or_more"}
_Place = tuple[str | int, ...]


def to_hub(prompt: PromptFile) -> dict[str, Any]:
    """Return what a prompt file says as REST takes it: everything of a version but its model and parameters.

    Raises TemplateProblem, with its place, for what a prompt in Phoenix cannot say.
    """
    messages: list[Json] = []
    for index, turn in enumerate(prompt.messages):
        place: _Place = ("messages", index)
        if not isinstance(turn, Message):
            raise TemplateProblem("a prompt in Phoenix cannot replay messages of an example", place=(*place, "replay"))
        messages.append(_message(turn, place))
    made: dict[str, Any] = {
        "template": {"type": "chat", "messages": messages},
        "template_type": "CHAT",
        "template_format": _FORMAT,
    }
    if prompt.tools:
        tools = [
            dict(tool) if tool.get("type") == "function" else {"type": "raw", "raw": tool} for tool in prompt.tools
        ]
        made["tools"] = {"type": "tools", "tools": tools, **_choice(prompt.tool_choice)}
    form = prompt.response_format
    if form is not None:
        if form.get("type") != "json_schema":
            raise TemplateProblem(
                f"a prompt in Phoenix has no response_format {form.get('type')}: it takes json_schema",
                place=("response_format",),
            )
        made["response_format"] = form
    return made


def to_file(prompt: HubPrompt) -> dict[str, Any]:
    """Return a version as a prompt file says it, without its model and parameters, which are the task's.

    Raises TemplateProblem for what a file cannot say, and for what is no prompt that could be sent.
    """
    messages = [
        {key: _as_template(each) if key == "content" else each for key, each in message.items()}
        for message in read_messages(prompt).tree
    ]
    made: dict[str, Any] = {"messages": messages}
    tools = prompt.content.get("tools")
    if isinstance(tools, Mapping):
        listed = tools.get("tools")
        made["tools"] = [_tool(tool) for tool in listed] if isinstance(listed, list) else []
        choice = tools.get("tool_choice")
        if isinstance(choice, Mapping):
            made["tool_choice"] = _chosen(choice)
    if (form := prompt.content.get("response_format")) is not None:
        made["response_format"] = form
    return made


def settings_of(prompt: HubPrompt) -> dict[str, Json]:
    """Return what a version says that a prompt file does not: its model and parameters, as Phoenix has them."""
    held = prompt.content.get("invocation_parameters")
    given = held.get(str(held.get("type"))) if isinstance(held, Mapping) else None
    return {"model": f"{prompt.provider.lower()}/{prompt.model}", "parameters": given or {}}


def _message(message: Message, place: _Place) -> JsonObject:
    if message.name is not None:
        raise TemplateProblem("a message in Phoenix has no name", place=(*place, "name"))
    within = (*place, "content")
    if message.role == "tool":
        return {"role": "tool", "content": [_result(message, place)]}
    if isinstance(message.content, str) and not message.tool_calls:
        _names(message.content, within)
        return {"role": message.role, "content": message.content}
    given: Sequence[Any] = [message.content] if isinstance(message.content, str) else message.content or ()
    parts = [_text_part(part, (*within, index)) for index, part in enumerate(given)]
    calls = [_call_part(call, (*place, "tool_calls")) for call in message.tool_calls or ()]
    return {"role": message.role, "content": [*parts, *calls]}


def _result(given: Message, place: _Place) -> JsonObject:
    text = given.content
    if not isinstance(text, str) or given.tool_call_id is None or _names(text, (*place, "content")):
        raise TemplateProblem(
            "a tool's message in Phoenix names its call, and is one text without variables", place=place
        )
    return {"type": "tool_result", "tool_call_id": given.tool_call_id, "tool_result": text}


def _text_part(part: Any, place: _Place) -> JsonObject:
    text = part if isinstance(part, str) else part.get("text")
    if not isinstance(text, str) or (isinstance(part, Mapping) and part.get("type") != "text"):
        raise TemplateProblem("a prompt in Phoenix holds texts alone, no pictures", place=place)
    _names(text, place)
    return {"type": "text", "text": text}


def _call_part(call: Mapping[str, Any], place: _Place) -> JsonObject:
    function = call.get("function")
    if not isinstance(function, Mapping):
        raise TemplateProblem("a call that is no function's", place=place)
    called = {"type": "function", "name": function.get("name"), "arguments": function.get("arguments", "{}")}
    return {"type": "tool_call", "tool_call_id": call.get("id"), "tool_call": called}


def _names(text: str, place: _Place) -> frozenset[str]:
    """Return the variables of a template. Raises TemplateProblem where it is more than text and variables."""
    try:
        read, known = read_text(text, _FORMAT), variables_of(text)
    except TemplateProblem as problem:
        raise TemplateProblem(problem.message, place=place, line=problem.line) from None
    rest = "".join(part for part in read.parts if isinstance(part, str))
    if any(mark in rest for mark in _MARKS) or read.names != known:
        message = "a prompt in Phoenix has variables, {{name}}, and nothing else of a template"
        raise TemplateProblem(message, place=place)
    return read.names


def _as_template(value: Any) -> Any:
    """Return content with every text in it as a template of a prompt file."""
    if isinstance(value, str):
        return _written(HubText((value,)))
    if isinstance(value, HubText):
        return _written(value)
    if isinstance(value, Mapping):
        return {key: each if key == "type" else _as_template(each) for key, each in value.items()}
    return [_as_template(each) for each in value]


def _written(text: HubText) -> str:
    """Return a text as a template that gives the same for any values. Raises TemplateProblem where none does."""
    plain = "".join(part for part in text.parts if isinstance(part, str))
    if not text.names and not any(mark in plain for mark in _MARKS):
        return plain
    made = []
    for part, following in zip(text.parts, (*text.parts[1:], ""), strict=True):
        if isinstance(part, Variable):
            made.append(f"{{{{ {part.name} }}}}")
            continue
        braced = any(mark in part for mark in _MARKS) or (part.endswith("{") and isinstance(following, Variable))
        made.append(f"{{% raw %}}{part}{{% endraw %}}" if braced else part)
    source = "".join(made)
    values = {name: f"<{index} {name}>" for index, name in enumerate(sorted(text.names))}
    if render_tree(compile_tree(source), values) != text.fill(values):
        raise TemplateProblem("a text that no template of a prompt file gives")
    return source


def _tool(tool: Any) -> JsonObject:
    if isinstance(tool, Mapping) and isinstance(raw := tool.get("raw"), Mapping):
        return dict(raw)
    if isinstance(tool, Mapping) and isinstance(tool.get("function"), Mapping):
        return {"type": "function", "function": dict(tool["function"])}
    raise TemplateProblem(f"a tool that is none: {json.dumps(tool)[:60]}", place=("tools",))


def _choice(choice: Json) -> dict[str, Any]:
    if choice is None:
        return {}
    if isinstance(choice, str):
        return {"tool_choice": {"type": _CHOICES[choice]}}
    function = choice.get("function") if isinstance(choice, Mapping) else None
    if not isinstance(function, Mapping):
        raise TemplateProblem("a prompt in Phoenix has no such tool_choice", place=("tool_choice",))
    return {"tool_choice": {"type": "specific_function", "function_name": function.get("name")}}


def _chosen(choice: Mapping[str, Any]) -> Json:
    if choice.get("type") == "specific_function":
        return {"type": "function", "function": {"name": choice.get("function_name")}}
    words = {theirs: ours for ours, theirs in _CHOICES.items()}
    if choice.get("type") not in words:
        raise TemplateProblem(f"a tool_choice {choice.get('type')!r}", place=("tools", "tool_choice"))
    return words[str(choice["type"])]
