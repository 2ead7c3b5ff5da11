"""OpenAI's Responses API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from evalgate.llm.dialects.dialect import (
    Asked,
    Written,
    chosen_function,
    functions_of,
    image_of,
    lacking,
    merged,
    parts_of,
    text_of,
)
from evalgate.records import Json, JsonObject

ANSWER: Final = "response"
_ENDED: Final = {"completed", "incomplete"}
_FINISH: Final = {"max_output_tokens": "length", "content_filter": "content_filter"}


def write(asked: Asked) -> Written:
    """Return the request. Raises BadRequest for a seed, which this API does not have."""
    lacking(asked.parameters, "seed", protocol="the Responses API")
    own = dict(asked.parameters)
    body: dict[str, Json] = {"model": asked.model, "input": [item for each in asked.messages for item in _items(each)]}
    if "max_tokens" in own:
        body["max_output_tokens"] = own.pop("max_tokens")
    if asked.tools:
        body["tools"] = _tools(asked.tools)
    if asked.tool_choice:
        name = chosen_function(asked.tool_choice)
        body["tool_choice"] = asked.tool_choice if name is None else {"type": "function", "name": name}
    if asked.response_format:
        body["text"] = {"format": _form(asked.response_format)}
    if "store" not in own:
        # Chat completions are not kept by the provider either, unless that is asked for.
        body["store"] = False
    return Written(path="/responses", body=merged(body, own))


def read(document: JsonObject) -> JsonObject | None:
    """Return the answer as a chat completion; None for one that is still being made."""
    output, status = document.get("output"), document.get("status", "completed")
    if not isinstance(output, list) or not (isinstance(status, str) and status in _ENDED):
        return None
    items = [item for item in output if isinstance(item, Mapping)]
    said = [part for item in items if item.get("type") == "message" for part in parts_of(item.get("content"))]
    refusals = [part.get("refusal") for part in said if part.get("type") == "refusal"]
    calls: list[Json] = [_call(item) for item in items if item.get("type") == "function_call"]
    message: dict[str, Json] = {"role": "assistant", "content": text_of(list(said)) or None}
    if refusals:
        message["refusal"] = str(refusals[0])
    if calls:
        message["tool_calls"] = calls
    return {
        "choices": [{"message": message, "finish_reason": _finish(document, calls)}],
        "usage": document.get("usage"),
        "model": document.get("model"),
        "service_tier": document.get("service_tier"),
    }


def _finish(document: JsonObject, calls: Sequence[Json]) -> Json:
    if document.get("status") == "incomplete":
        details = document.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, Mapping) else None
        return _FINISH.get(reason, reason) if isinstance(reason, str) else "length"
    return "tool_calls" if calls else "stop"


def _call(item: JsonObject) -> JsonObject:
    return {
        "id": item.get("call_id"),
        "type": "function",
        "function": {"name": item.get("name"), "arguments": item.get("arguments")},
    }


def _items(message: JsonObject) -> list[Json]:
    """Return what a message is: text of its role, calls that it made, or the result of one."""
    role = message.get("role")
    if role == "tool":
        told = text_of(message.get("content"))
        return [{"type": "function_call_output", "call_id": message.get("tool_call_id"), "output": told}]
    items: list[Json] = []
    content = message.get("content")
    if isinstance(content, str) and content:
        items.append({"role": role, "content": content})
    elif parts := parts_of(content):
        items.append({"role": role, "content": [_part(part, of_model=role == "assistant") for part in parts]})
    given = message.get("tool_calls")
    for call in given if isinstance(given, list | tuple) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(call, Mapping) and isinstance(function, Mapping):
            items.append({"type": "function_call", "call_id": call.get("id"), **function})
    return items


def _part(part: JsonObject, *, of_model: bool) -> JsonObject:
    url = image_of(part)
    if url is not None:
        details = part.get("image_url")
        detail = details.get("detail", "auto") if isinstance(details, Mapping) else "auto"
        return {"type": "input_image", "image_url": url, "detail": detail}
    if part.get("type") == "text":
        return {**part, "type": "output_text" if of_model else "input_text"}
    return part


def _tools(tools: Sequence[JsonObject]) -> list[Json]:
    functions, others = functions_of(tools)
    # Here a function is strict unless it says otherwise; in chat completions it is the other way round.
    return [*({"type": "function", "strict": False, **function} for function in functions), *others]


def _form(form: Json) -> Json:
    schema = form.get("json_schema") if isinstance(form, Mapping) else None
    return {"type": "json_schema", **schema} if isinstance(schema, Mapping) else form
