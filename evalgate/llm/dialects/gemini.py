"""Google's Gemini API: generateContent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from evalgate.llm.dialects.dialect import (
    Asked,
    Written,
    calls_of,
    chosen_function,
    completion,
    functions_of,
    image_of,
    in_turns,
    inline_data,
    merged,
    parts_of,
    text_of,
    without_system,
)
from evalgate.records import Json, JsonObject

ANSWER: Final = "answer of generateContent"
_NAMED: Final = {"temperature": "temperature", "top_p": "topP", "max_tokens": "maxOutputTokens", "seed": "seed"}
_MODES: Final = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_FINISH: Final = {"STOP": "stop", "MAX_TOKENS": "length"}
_FILTERED: Final = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR"}
)


def write(asked: Asked) -> Written:
    """Return the request. Raises BadRequest for earlier calls that are none."""
    own = dict(asked.parameters)
    told, others = without_system(asked.messages)
    body: dict[str, Json] = {"contents": _contents(others)}
    if told:
        body["systemInstruction"] = {"parts": [{"text": text} for text in told]}
    if asked.tools:
        body["tools"] = _tools(asked.tools)
    if asked.tool_choice:
        body["toolConfig"] = _choice(asked.tool_choice)
    settings: dict[str, Json] = {theirs: own.pop(ours) for ours, theirs in _NAMED.items() if ours in own}
    settings.update(_form(asked.response_format))
    if settings:
        body["generationConfig"] = settings
    return Written(path=f"/models/{quote(asked.model, safe='')}:generateContent", body=merged(body, own))


def read(document: JsonObject) -> JsonObject | None:
    """Return the answer as a chat completion; a prompt that was blocked is one that was filtered."""
    candidates, feedback = document.get("candidates"), document.get("promptFeedback")
    usage, model = document.get("usageMetadata"), document.get("modelVersion")
    if not isinstance(candidates, list) or not candidates:
        blocked = isinstance(feedback, Mapping) and feedback.get("blockReason")
        if not blocked and not isinstance(usage, Mapping):
            return None
        if not blocked:
            return {"choices": [], "usage": usage, "model": model}
        return completion(text="", finish="content_filter", usage=usage, model=model)
    first = candidates[0] if isinstance(candidates[0], Mapping) else {}
    content = first.get("content")
    given = content.get("parts") if isinstance(content, Mapping) else None
    parts = [part for part in parts_of(given) if part.get("thought") is not True]
    called = [call for part in parts if isinstance(call := part.get("functionCall"), Mapping)]
    calls = [(f"call_{index}", str(call.get("name", "")), call.get("args") or {}) for index, call in enumerate(called)]
    return completion(text=text_of(list(parts)), calls=calls, finish=_finish(first, calls), usage=usage, model=model)


def _finish(candidate: JsonObject, calls: Sequence[object]) -> str | None:
    reason = candidate.get("finishReason")
    if not isinstance(reason, str):
        return None
    if reason in _FILTERED:
        return "content_filter"
    return "tool_calls" if calls and reason == "STOP" else _FINISH.get(reason, reason.lower())


def _contents(messages: Sequence[JsonObject]) -> list[Json]:
    return [{"role": role, "parts": parts} for role, parts in in_turns(_said(messages))]


def _said(messages: Sequence[JsonObject]) -> Iterator[tuple[str, list[Json]]]:
    names: dict[str, str] = {}
    for message in messages:
        role = "model" if message.get("role") == "assistant" else "user"
        yield role, _result(message, names) if message.get("role") == "tool" else _parts(message)
        names.update({call: name for call, name, _ in calls_of(message)})


def _parts(message: JsonObject) -> list[Json]:
    parts: list[Json] = [_part(part) for part in parts_of(message.get("content"))]
    parts += [{"functionCall": {"name": name, "args": given}} for _, name, given in calls_of(message)]
    return parts


def _part(part: JsonObject) -> JsonObject:
    url = image_of(part)
    if url is not None:
        inline = inline_data(url)
        if inline is None:
            return {"fileData": {"fileUri": url}}
        return {"inlineData": {"mimeType": inline[0], "data": inline[1]}}
    return {"text": part.get("text")} if part.get("type") == "text" else part


def _result(message: JsonObject, names: Mapping[str, str]) -> list[Json]:
    """Return the result of a call, which is known by its function's name here."""
    call = str(message.get("tool_call_id", ""))
    told: Json = {"result": text_of(message.get("content"))}
    return [{"functionResponse": {"name": names.get(call, call), "response": told}}]


def _tools(tools: Sequence[JsonObject]) -> list[Json]:
    functions, others = functions_of(tools)
    made: list[Json] = []
    for function in functions:
        tool = {name: function[name] for name in ("name", "description") if name in function}
        if function.get("parameters"):
            tool["parametersJsonSchema"] = function["parameters"]
        made.append(tool)
    return [*([{"functionDeclarations": made}] if made else []), *others]


def _choice(choice: Json) -> Json:
    if isinstance(choice, str):
        return {"functionCallingConfig": {"mode": _MODES.get(choice, choice)}}
    name = chosen_function(choice)
    if name is None:
        return choice
    return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [name]}}


def _form(form: Json) -> dict[str, Json]:
    kind = form.get("type") if isinstance(form, Mapping) else None
    schema = form.get("json_schema") if isinstance(form, Mapping) else None
    made: dict[str, Json] = {"responseMimeType": "application/json"} if kind in {"json_object", "json_schema"} else {}
    if isinstance(schema, Mapping):
        made["responseJsonSchema"] = schema.get("schema")
    return made
