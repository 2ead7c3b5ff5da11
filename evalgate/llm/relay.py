"""What passes between a program's own client and an endpoint: which answers are whole, what a stream needs added."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from evalgate.jsontext import strict_json
from evalgate.llm.call import Response
from evalgate.llm.failures import BadRequest, CallFailed, Garbled
from evalgate.llm.statuses import failure_of_error
from evalgate.llm.streams import events, is_stream
from evalgate.llm.whole import whole_document
from evalgate.records import Json, JsonObject

_ENDS: Final = frozenset({"response.completed", "response.incomplete", "message_stop"})
"""Events with which a stream of OpenAI's responses, or of Anthropic's messages, is whole."""
_FAILURES: Final = frozenset({"response.failed", "error"})
_DONE: Final = b"[DONE]"


def read_whole(response: Response) -> Response:
    """Return `response` if it is a whole answer of whatever API. Raises CallFailed, retryable where that may help."""
    if response.good and is_stream(response.headers.get("content-type", "")):
        _check_stream(response)
    else:
        whole_document(response)
    return response


def _check_stream(response: Response) -> None:
    """Raise CallFailed unless the stream came to its end."""
    ended = any(line[5:].strip() == _DONE for line in response.body.splitlines() if line.startswith(b"data:"))
    for event in events(response.body, response.headers.get("content-type", "")):
        failed = _failure_in(event)
        if failed is not None:
            raise failure_of_error(response, failed)
        ended = ended or _ends(event)
    if not ended:
        raise Garbled("the stream was cut before its end", retry=True)


def _failure_in(event: JsonObject) -> Json:
    """Return the error that an event of a stream reports; None where it reports none."""
    exception = event.get(":exception-type")
    if exception is not None:
        return {**event, "type": exception}
    if event.get("type") not in _FAILURES and not event.get("error"):
        return None
    inner = event.get("response")
    return event.get("error") or (inner.get("error") if isinstance(inner, Mapping) else None) or dict(event)


def _ends(event: JsonObject) -> bool:
    """Return whether a stream is whole with this event."""
    if event.get("type") in _ENDS or "amazon-bedrock-invocationMetrics" in event:
        return True
    if event.get(":event-type") == "metadata":  # what Converse says last
        return True
    candidates, feedback = event.get("candidates"), event.get("promptFeedback")
    if isinstance(feedback, Mapping) and feedback.get("blockReason"):
        return True
    return isinstance(candidates, list) and any(
        isinstance(each, Mapping) and each.get("finishReason") is not None for each in candidates
    )


def with_usage(body: bytes, path: str) -> bytes | None:
    """Return a chat request whose stream will say what it took, where it does not ask for that; None: as it is."""
    document = _object(body)
    if document is None or not path.endswith("/chat/completions") or document.get("stream") is not True:
        return None
    options = document.get("stream_options")
    if isinstance(options, Mapping) and "include_usage" in options:
        return None
    asked = {**document, "stream_options": {**(options if isinstance(options, Mapping) else {}), "include_usage": True}}
    return json.dumps(asked, allow_nan=False, separators=(",", ":")).encode("ascii")


def without_usage(response: Response) -> Response:
    """Return a chat stream without the last chunk, which says what it took: a client that did not ask expects none."""
    kept = []
    for block in response.body.split(b"\n\n"):
        found = list(events(block))
        asked_for = len(found) == 1 and found[0].get("choices") == [] and found[0].get("usage") is not None
        if not asked_for:
            kept.append(block)
    return replace(response, body=b"\n\n".join(kept))


def rejects_usage(failure: CallFailed) -> bool:
    """Return whether an endpoint does not know the option that asks for usage."""
    return isinstance(failure, BadRequest) and "stream_options" in failure.message


def model_in(body: bytes) -> str:
    """Return the model that a request names; "" where it names none."""
    model = (_object(body) or {}).get("model")
    return model if isinstance(model, str) else ""


def error_body(message: str, kind: str) -> bytes:
    """Return an error as clients of OpenAI, Anthropic, Google and AWS read it."""
    error = {"message": message, "type": kind, "param": None, "code": kind}
    return json.dumps({"type": "error", "error": error, "message": message}).encode("ascii")


def _object(body: bytes) -> Mapping[str, Json] | None:
    try:
        document = strict_json(body)
    except ValueError:
        return None
    return document if isinstance(document, Mapping) else None
