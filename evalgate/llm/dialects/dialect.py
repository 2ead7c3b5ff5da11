"""What a protocol has to be able to do, and what all of them need of a chat."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from evalgate.jsontext import strict_json
from evalgate.llm.failures import BadRequest
from evalgate.records import Json, JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A chat as OpenAI's chat completions write it.

    Of `parameters`, temperature, top_p, max_tokens and seed are called so for every protocol; all others are the
    protocol's own and are sent as they stand.
    """

    model: str
    messages: Sequence[JsonObject]
    tools: Sequence[JsonObject] = ()
    tool_choice: Json = None
    response_format: Json = None
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The same chat in the protocol's own words: where below the endpoint's address it goes, and its body."""

    path: str
    body: dict[str, Json]
    headers: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """One protocol."""

    ANSWER: str
    """What its answers are called, in messages."""

    def write(self, asked: Asked) -> Written:
        """Return the request. Raises BadRequest, naming the parameter, for what the protocol cannot say."""

    def read(self, document: JsonObject) -> JsonObject | None:
        """Return an answer as a chat completion; None for what is no answer of this protocol.

        Its `usage` stays as it came: `evalgate.llm.usage` reads them all.
        """


def completion(
    *,
    text: str,
    calls: Sequence[tuple[str, str, Json]] = (),
    finish: str | None,
    usage: Json,
    model: Json,
    refusal: str | None = None,
) -> JsonObject:
    """Return an answer as a chat completion. `calls` are (id, name, arguments)."""
    message: dict[str, Json] = {"role": "assistant", "content": text or None}
    if refusal is not None:
        message["refusal"] = refusal
    if calls:
        message["tool_calls"] = [
            {"id": call, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
            for call, name, given in calls
        ]
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": usage, "model": model}


def without_system(messages: Iterable[JsonObject]) -> tuple[list[str], list[JsonObject]]:
    """Return the texts of system and developer messages, and the other messages.

    Where such texts have a place of their own, all of them go there, in their order.
    """
    told: list[str] = []
    others: list[JsonObject] = []
    for message in messages:
        if message.get("role") in {"system", "developer"}:
            told.append(text_of(message.get("content")))
        else:
            others.append(message)
    return told, others


def parts_of(content: Json) -> list[JsonObject]:
    """Return a message's content as parts."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [part for part in content if isinstance(part, Mapping)] if isinstance(content, list | tuple) else []


def text_of(content: Json) -> str:
    """Return the text of a message's content."""
    texts = [part.get("text") for part in parts_of(content)]
    return "".join(text for text in texts if isinstance(text, str))


def image_of(part: JsonObject) -> str | None:
    """Return the address of the picture that a part is; None where it is none."""
    given = part.get("image_url") if part.get("type") == "image_url" else None
    url = given.get("url") if isinstance(given, Mapping) else given
    return url if isinstance(url, str) else None


def inline_data(url: str) -> tuple[str, str] | None:
    """Return media type and base64 data of a `data:` address; None for any other."""
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        return None
    return head[len("data:") : -len(";base64")], data


def calls_of(message: JsonObject) -> list[tuple[str, str, JsonObject]]:
    """Return the calls of an earlier turn as (id, name, arguments). Raises BadRequest for what is no call."""
    found: list[tuple[str, str, JsonObject]] = []
    given = message.get("tool_calls")
    for call in given if isinstance(given, list | tuple) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(call, Mapping) or not isinstance(function, Mapping):
            raise BadRequest("tool_calls holds something that is no call of a function")
        try:
            told = function.get("arguments")
            arguments = strict_json(told or "{}") if isinstance(told, str) else told
        except ValueError as error:
            raise BadRequest(f"the arguments of an earlier call are not JSON ({error})") from None
        if not isinstance(arguments, Mapping):
            raise BadRequest("the arguments of an earlier call are no JSON object")
        found.append((str(call.get("id", "")), str(function.get("name", "")), arguments))
    return found


def in_turns(said: Iterable[tuple[str, list[Json]]]) -> list[tuple[str, list[Json]]]:
    """Return (role, parts) with several of one role in a row as one.

    Results of several calls have to stand together, and some protocols take turns strictly.
    """
    turns: list[tuple[str, list[Json]]] = []
    for role, parts in said:
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(parts)
        else:
            turns.append((role, parts))
    return turns


def functions_of(tools: Iterable[JsonObject]) -> tuple[list[JsonObject], list[JsonObject]]:
    """Return the functions among tools, and the tools that are none: those are the protocol's own."""
    functions: list[JsonObject] = []
    others: list[JsonObject] = []
    for tool in tools:
        function = tool.get("function")
        if tool.get("type") == "function" and isinstance(function, Mapping):
            functions.append(function)
        else:
            others.append(tool)
    return functions, others


def chosen_function(choice: Json) -> str | None:
    """Return the name of the function that a tool_choice forces; None where it forces none."""
    function = choice.get("function") if isinstance(choice, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    return name if isinstance(name, str) else None


def schema_of(response_format: Json, *, protocol: str) -> JsonObject | None:
    """Return what a response_format of the type json_schema holds (`name`, `schema`); None where there is none.

    Raises BadRequest for any other form: JSON without a schema is nothing that every protocol can be asked for.
    """
    if not response_format:
        return None
    form = response_format if isinstance(response_format, Mapping) else {}
    found = form.get("json_schema")
    if form.get("type") == "text":
        return None
    if form.get("type") != "json_schema" or not isinstance(found, Mapping):
        raise BadRequest(f"{protocol} has no response_format {form.get('type')}: it takes json_schema")
    return found


def lacking(parameters: Mapping[str, Json], *names: str, protocol: str) -> None:
    """Raise BadRequest where one of `names`, which the protocol does not have, is among the parameters."""
    for name in names:
        if name in parameters:
            raise BadRequest(f"{protocol} has no {name}")


def merged(body: Mapping[str, Json], parameters: Mapping[str, Json]) -> dict[str, Json]:
    """Return a body with the protocol's own parameters in it: objects are joined, nothing written is replaced.

    Raises BadRequest for a parameter that would replace what is written.
    """
    whole = dict(body)
    for name, value in parameters.items():
        before = whole.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            whole[name] = merged(before, value)
        elif name in whole:
            raise BadRequest(f"parameters cannot set {name}, which is set elsewhere")
        else:
            whole[name] = value
    return whole
