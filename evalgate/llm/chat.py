"""A chat over the transport, in whatever protocol the endpoint speaks: sending the request, reading the reply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.jsontext import strict_json
from evalgate.llm.call import Request, Response, Sender
from evalgate.llm.dialects import DIALECTS, Asked, Dialect
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import Garbled
from evalgate.llm.usage import TokenUsage, usage_of
from evalgate.llm.whole import whole_document
from evalgate.llm.wording import one_line
from evalgate.records import Json, JsonObject

OWN_KEYS: Final = frozenset(
    {"model", "messages", "tools", "tool_choice", "response_format", "stream", "n", "background"}
)
"""Keys of the body that only this module sets: free parameters may not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """One call that the model wants made. `problem` says why `arguments` could not be read (then they are None)."""

    name: str
    arguments: Json
    problem: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatReply:
    """What the model answered. All of it is hostile text.

    `message` is the assistant's message as a chat completion has it (None: no choice at all). `latency` is in
    seconds, of the attempt that answered. `usage` is None where the provider did not say. `cost` is in US dollars, None
    where nobody knows the price; `from_cache` says that latency and cost are those of an earlier call.
    """

    text: str | None
    tool_calls: tuple[ToolCall, ...]
    refusal: str | None
    finish_reason: str | None
    message: JsonObject | None
    usage: TokenUsage | None
    model: str | None
    latency: float
    attempts: int
    cost: float | None = None
    from_cache: bool = False


async def chat(
    sender: Sender,
    endpoint: ModelEndpoint,
    *,
    model: str,
    messages: Sequence[JsonObject],
    sample: str,
    tools: Sequence[JsonObject] = (),
    tool_choice: Json = None,
    response_format: Json = None,
    parameters: Mapping[str, Json] | None = None,
    within: float | None = None,
) -> ChatReply:
    """Send one chat and return the reply.

    temperature, top_p, max_tokens and seed are written as the protocol has them, all other `parameters` are sent as
    they stand; `within`, in seconds, lowers the endpoint's own.
    Raises CallFailed; an answer that is empty, refused or of the wrong form is a reply (see `evalgate.llm.answer`).
    """
    dialect = DIALECTS[endpoint.api]
    written = dialect.write(
        Asked(
            model=model,
            messages=messages,
            tools=tools,
            tool_choice=tool_choice,
            response_format=response_format,
            parameters=parameters or {},
        )
    )
    request = Request(
        endpoint=endpoint,
        url=endpoint.url(written.path, model),
        sample=sample,
        model=model,
        timeout=endpoint.timeout if within is None else min(within, endpoint.timeout),
        # Key order is kept: models answer in the order of a schema's properties.
        body=json.dumps(written.body, allow_nan=False, separators=(",", ":")).encode("ascii"),
        headers={"Content-Type": "application/json", "Accept": "application/json", **written.headers},
    )
    return await sender.send(request, lambda response: read_chat(response, dialect))


def check_sayable(
    endpoint: ModelEndpoint,
    *,
    tools: Sequence[JsonObject] = (),
    tool_choice: Json = None,
    response_format: Json = None,
    parameters: Mapping[str, Json],
) -> None:
    """Raise BadRequest, naming it, for what the endpoint's protocol cannot say: before anything is paid."""
    DIALECTS[endpoint.api].write(
        Asked(
            model="",
            messages=(),
            tools=tools,
            tool_choice=tool_choice,
            response_format=response_format,
            parameters=parameters,
        )
    )


def read_chat(response: Response, dialect: Dialect = DIALECTS["chat"]) -> ChatReply:
    """Return the reply that `response` holds. Raises CallFailed, retryable where another attempt may be whole."""
    document = whole_document(response)
    read = dialect.read(document)
    choices = read.get("choices") if read is not None else None
    if read is None or not isinstance(choices, list):
        raise Garbled(f"the answer is no {dialect.ANSWER}: {response.excerpt(120)}", retry=True)
    return _reply(response, read, choices[0] if choices and isinstance(choices[0], Mapping) else {})


def _reply(response: Response, document: JsonObject, choice: JsonObject) -> ChatReply:
    given = choice.get("message")
    message = given if isinstance(given, Mapping) else None
    found = message or {}
    calls = found.get("tool_calls")
    return ChatReply(
        text=_text(found.get("content")),
        tool_calls=tuple(map(_tool_call, calls)) if isinstance(calls, list) else (),
        refusal=_string(found.get("refusal")),
        finish_reason=_string(choice.get("finish_reason")),
        message=message,
        usage=usage_of(document.get("usage"), document.get("service_tier")),
        model=_string(document.get("model")),
        latency=response.latency,
        attempts=response.attempts,
        cost=response.cost,
        from_cache=response.from_cache,
    )


def _text(content: Json) -> str | None:
    """Return a message's text; some endpoints send it in parts."""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return "".join(text for text in texts if isinstance(text, str))
    return _string(content)


def _tool_call(call: Json) -> ToolCall:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name := function.get("name"), str):
        return ToolCall(name="", arguments=None, problem="a tool call without a function's name")
    given = function.get("arguments")
    if not isinstance(given, str):
        return ToolCall(name=name, arguments=given)
    try:
        return ToolCall(name=name, arguments=strict_json(given) if given.strip() else {})
    except ValueError as error:
        return ToolCall(
            name=name, arguments=None, problem=f"the arguments of {one_line(name, 80)} are not JSON ({error})"
        )


def _string(value: Json) -> str | None:
    return value if isinstance(value, str) else None
