"""Streams as they arrive: what they carry, what they took, and whether they are whole."""

from __future__ import annotations

import json
import random

import pytest

from evalgate.llm.call import Response
from evalgate.llm.failures import CallFailed, Garbled, RateLimited, ServerFault
from evalgate.llm.relay import read_whole
from evalgate.llm.streams import AWS_EVENT_STREAM, EVENT_STREAM, events
from evalgate.llm.usage import TokenUsage, usage_in
from tests.fake_model.protocols import anthropic, bedrock, gemini

WHOLE = {
    "choices": [{"message": {"content": "one two three"}, "finish_reason": "stop"}],
    "model": "m",
    "usage": {"prompt_tokens": 90, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 40}},
}
TOOK = TokenUsage(input_tokens=90, output_tokens=10, cached_tokens=40)
STREAMS = {
    "anthropic": (EVENT_STREAM, anthropic.stream({}, anthropic.answer(WHOLE, 1)), TOOK),
    "gemini": (EVENT_STREAM, gemini.stream({}, gemini.answer(WHOLE, 1)), TOOK),
    "converse": (AWS_EVENT_STREAM, bedrock.stream({}, bedrock.answer(WHOLE, 1)), TOOK),
    # What the model itself counted, and then what Bedrock did, which leaves out what was cached beside it.
    "invoke": (AWS_EVENT_STREAM, bedrock.invoked_stream(anthropic.answer(WHOLE, 1)), TOOK),
}


def arrived(kind: str, *parts: bytes) -> Response:
    return Response(status=200, headers={"content-type": kind}, body=b"".join(parts), latency=0.1)


@pytest.mark.parametrize("name", STREAMS)
def test_a_whole_stream_says_what_it_took(name):
    kind, parts, took = STREAMS[name]
    response = arrived(kind, *parts)
    assert read_whole(response) is response
    assert usage_in(response.body, kind) == took


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_anywhere_is_asked_for_again(name):
    kind, parts, _ = STREAMS[name]
    whole = b"".join(parts)
    last = len(parts[-1])
    for cut in range(0, len(whole) - last, 7):
        with pytest.raises(Garbled, match="cut before its end") as caught:
            read_whole(arrived(kind, whole[:cut]))
        assert caught.value.retry


@pytest.mark.parametrize(
    ("kind", "event", "raised"),
    [
        (EVENT_STREAM, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, ServerFault),
        (EVENT_STREAM, {"type": "error", "error": {"type": "rate_limit_error", "message": "busy"}}, RateLimited),
        (EVENT_STREAM, {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}, ServerFault),
        (AWS_EVENT_STREAM, {"throttlingException": "busy"}, RateLimited),
        (AWS_EVENT_STREAM, {"modelStreamErrorException": "busy"}, ServerFault),
    ],
)
def test_an_error_in_a_stream_is_that_error(kind, event, raised):
    if kind == EVENT_STREAM:
        body = f"event: error\ndata: {json.dumps(event)}\n\n".encode()
    else:
        ((name, message),) = event.items()
        body = bedrock.frame(name, {"message": message}, exception=True)
    with pytest.raises(CallFailed, match="busy") as caught:
        read_whole(arrived(kind, body))
    assert type(caught.value) is raised
    assert caught.value.retry


@pytest.mark.parametrize("text", ["\u00e9\u00e9", "abc", "////", "W10="])
def test_an_event_that_is_no_base64_is_left_out(text):
    cut = bedrock.frame("chunk", {"bytes": text})
    assert [*events(cut, AWS_EVENT_STREAM)] in ([], [{":event-type": "chunk"}])
    with pytest.raises(Garbled, match="cut before its end"):
        read_whole(arrived(AWS_EVENT_STREAM, cut))


def test_bytes_that_are_no_stream_are_read_to_no_harm():
    noise = random.Random(1)
    whole = b"".join(STREAMS["converse"][1])
    for _ in range(500):
        broken = bytearray(whole)
        for _ in range(noise.randrange(1, 9)):
            broken[noise.randrange(len(broken))] = noise.randrange(256)
        list(events(bytes(broken), AWS_EVENT_STREAM))
        list(events(noise.randbytes(noise.randrange(80)), AWS_EVENT_STREAM))
