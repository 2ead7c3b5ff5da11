"""Chat completions over the transport: building the request, classing what went wrong, reading the reply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.llm.call import Request, Response, Sender
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import (
    BadRequest,
    CallFailed,
    ContentFiltered,
    Garbled,
    RateLimited,
    Refused,
    ServerFault,
)
from evalgate.llm.jsontext import strict_json
from evalgate.llm.retry import requested_delay
from evalgate.llm.usage import TokenUsage, usage_of
from evalgate.llm.wording import one_line
from evalgate.records import Json, JsonObject

OWN_KEYS: Final = frozenset({"model", "messages", "tools", "tool_choice", "response_format", "stream", "n"})
"""Keys of the body that only this module sets: free parameters may not."""

MESSAGE_LIMIT: Final = 500
"""Characters of a provider's message that are kept."""

_NO_MORE: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """One call that the model wants made. `problem` says why `arguments` could not be read (then they are None)."""

    name: str
    arguments: Json
    problem: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatReply:
    """What the model answered. All of it is hostile text.

    `message` is the assistant's message as it came (None: no choice at all). `latency` is in seconds, of the attempt
    that answered. `usage` is None where the provider did not say. `cost` is in US dollars, None where nobody knows the
    price; `from_cache` says that latency and cost are those of an earlier call.
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
    """Send one chat completion and return the reply.

    `parameters` (temperature, seed …) are sent as they stand; `within`, in seconds, lowers the endpoint's own.
    Raises CallFailed; an answer that is empty, refused or of the wrong form is a reply (see `evalgate.llm.answer`).
    """
    body: dict[str, Json] = {"model": model, "messages": list(messages)}
    optional = {"tools": list(tools), "tool_choice": tool_choice, "response_format": response_format}
    body.update({key: value for key, value in optional.items() if value})
    body.update(parameters or {})
    request = Request(
        endpoint=endpoint,
        url=endpoint.url("/chat/completions", model),
        sample=sample,
        model=model,
        timeout=endpoint.timeout if within is None else min(within, endpoint.timeout),
        # Key order is kept: models answer in the order of a schema's properties.
        body=json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii"),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    return await sender.send(request, read_chat)


def read_chat(response: Response) -> ChatReply:
    """Return the reply that `response` holds. Raises CallFailed, retryable where another attempt may be whole."""
    if not response.good:
        raise failure_of_status(response)
    try:
        document = strict_json(response.body)
    except ValueError:
        kind = response.headers.get("content-type", "no content type").partition(";")[0]
        raise Garbled(f"the answer ({kind}) is not JSON: {response.excerpt(120)}", retry=True) from None
    if not isinstance(document, Mapping):
        raise Garbled(f"the answer is not a JSON object: {response.excerpt(120)}", retry=True)
    if document.get("error"):
        raise failure_of_error(response, document["error"])
    choices = document.get("choices")
    if not isinstance(choices, list):
        raise Garbled(f"the answer is no chat completion: {response.excerpt(120)}", retry=True)
    return _reply(response, document, choices[0] if choices and isinstance(choices[0], Mapping) else {})


def failure_of_status(response: Response) -> CallFailed:
    """Return the failure that a response outside 2xx is, with the provider's own message."""
    status = response.status
    code, said = _provider_message(response)
    message = f"answered {status}: {said}"
    if status == 429 and (code in _NO_MORE or response.headers.get("x-should-retry") == "false"):
        return Refused(message, status=status)
    if status == 429:
        return RateLimited(message, status=status, retry=True, retry_after=requested_delay(response.headers))
    if status in {408, 409} or status >= 500:
        return ServerFault(message, status=status, retry=True, retry_after=requested_delay(response.headers))
    if status in {401, 402, 403, 404}:
        return Refused(message, status=status)
    if code == "content_filter":
        return ContentFiltered(message, status=status)
    return BadRequest(message, status=status)


def failure_of_error(response: Response, error: Json) -> CallFailed:
    """Class an error that came under a 200: by its own code where that is a status, else as the server's fault."""
    code = error.get("code") if isinstance(error, Mapping) else None
    status = int(code) if isinstance(code, int | str) and str(code).isascii() and str(code).isdecimal() else 500
    inner = Response(
        status=status if 400 <= status < 600 else 500,
        headers=response.headers,
        body=response.body,
        latency=response.latency,
        attempts=response.attempts,
    )
    return failure_of_status(inner).reworded(lambda message: f"{message} (inside a 200)")


def _provider_message(response: Response) -> tuple[str | None, str]:
    """Return the provider's error code and message, from any of the shapes in use."""
    try:
        document = strict_json(response.body)
    except ValueError:
        return None, response.excerpt() or "no message"
    error = document.get("error", document) if isinstance(document, Mapping) else document
    if not isinstance(error, Mapping):
        return None, one_line(str(error), MESSAGE_LIMIT)
    code = next((value for key in ("code", "type") if isinstance(value := error.get(key), str)), None)
    said = next((value for key in ("message", "detail") if isinstance(value := error.get(key), str)), None)
    return code, one_line(said, MESSAGE_LIMIT) if said else response.excerpt() or "no message"


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
