"""Chat completions: the request as sent, and what is made of every kind of reply."""

from __future__ import annotations

import json

import pytest

from evalgate.llm.answer import answer_of, tool_calls_of
from evalgate.llm.call import Response
from evalgate.llm.chat import TokenUsage, chat, read_chat
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import (
    BadRequest,
    ContentFiltered,
    EmptyAnswer,
    Garbled,
    ModelRefused,
    RateLimited,
    Refused,
    ServerFault,
    Unparseable,
)
from evalgate.records import ErrorKind, Usage
from tests.fake_model import Rule

SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "a",
        "schema": {"type": "object", "properties": {"z": {"type": "integer"}, "a": {"enum": ["x"]}}},
    },
}
TOOL = {"type": "function", "function": {"name": "find", "parameters": {"properties": {"q": {"const": "ü"}}}}}


def response(document: object, *, status: int = 200, **headers: str) -> Response:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Response(status=status, headers=headers, body=body, latency=0.5)


def choice(message: object, finish: str = "stop", **more: object) -> Response:
    return response({"choices": [{"message": message, "finish_reason": finish}], **more})


async def test_the_request_is_sent_as_it_stands_and_the_sample_is_not(fake_model, transport):
    endpoint = ModelEndpoint(name="fake", base_url=fake_model.base_url + "/")
    await chat(
        transport,
        endpoint,
        model="m",
        messages=[{"role": "user", "content": "é \ud800"}],
        sample="again7",
        response_format=SCHEMA,
        parameters={"temperature": 0, "seed": 7},
    )
    body = fake_model.requests[0]["body"]
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "é \ud800"}],
        "response_format": SCHEMA,
        "temperature": 0,
        "seed": 7,
    }
    assert list(body["response_format"]["json_schema"]["schema"]["properties"]) == ["z", "a"]
    assert "again7" not in json.dumps(list(fake_model.requests), default=str)


async def test_text_json_and_tool_calls_come_back_in_their_form(fake_model, transport):
    endpoint = ModelEndpoint(name="fake", base_url=fake_model.base_url)
    ask = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "sample": "r1"}
    assert answer_of(await chat(transport, endpoint, **ask), "text") == "hi"
    structured = answer_of(await chat(transport, endpoint, **ask, response_format=SCHEMA), "json")
    assert (list(structured), structured["a"]) == (["z", "a"], "x")
    reply = await chat(transport, endpoint, **ask, tools=[TOOL])
    assert answer_of(reply, "tool_calls") == [{"name": "find", "arguments": {"q": "ü"}}]
    assert reply.finish_reason == "tool_calls"


async def test_usage_is_read_whole_and_recorded_under_the_configs_name(fake_model, transport):
    given = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    fake_model.rules = [Rule(usage=given)]
    endpoint = ModelEndpoint(name="fake", base_url=fake_model.base_url)
    reply = await chat(transport, endpoint, model="m", messages=[], sample="r1")
    assert reply.usage == TokenUsage(input_tokens=10, output_tokens=5, cached_tokens=8, reasoning_tokens=3)
    assert reply.usage.of("fake/m") == Usage(
        model="fake/m", input_tokens=10, output_tokens=5, cached_tokens=8, reasoning_tokens=3
    )


@pytest.mark.parametrize(
    "usage",
    [
        *(None, {}, "many", {"prompt_tokens": None}),
        *({"prompt_tokens": odd, "completion_tokens": 1} for odd in (-4, True, "7", 1.5, 10**400)),
        *({"prompt_tokens": 1, "completion_tokens": odd} for odd in (-4, [1], 10**13)),
    ],
)
def test_usage_that_nobody_gave_is_unknown_not_zero(usage):
    assert read_chat(choice({"content": "x"}, usage=usage)).usage is None


def test_text_in_parts_is_joined():
    parts = [{"type": "text", "text": "a"}, {"type": "thinking"}, {"type": "text", "text": "b"}]
    assert read_chat(choice({"content": parts})).text == "ab"


@pytest.mark.parametrize(
    ("reply", "form", "raised", "says"),
    [
        (response({"choices": []}), "text", EmptyAnswer, "no choice"),
        (response({"choices": []}), "tool_calls", EmptyAnswer, "no choice"),
        (response({"choices": [None]}), "text", EmptyAnswer, "no choice"),
        (choice({"content": None}), "text", EmptyAnswer, "is empty"),
        (choice({"content": " \n"}), "json", EmptyAnswer, "is empty"),
        (choice({"content": ""}, "length"), "text", EmptyAnswer, "raise max_tokens"),
        (choice({"content": None}, "length"), "tool_calls", EmptyAnswer, "raise max_tokens"),
        (choice({"tool_calls": [{"function": {"name": "f"}}]}), "text", EmptyAnswer, "called tools and wrote no text"),
        (choice({"content": None, "refusal": "No,\nnever."}), "text", ModelRefused, "the model refused: No, never."),
        (choice({"refusal": "No."}), "tool_calls", ModelRefused, "No."),
        (choice({"content": "half an ans"}, "content_filter"), "text", ContentFiltered, "content filter"),
        (choice({"content": "```json\n{}\n```"}), "json", Unparseable, "not JSON"),
        (choice({"content": '{"a": NaN}'}), "json", Unparseable, "NaN is not JSON"),
        (choice({"content": '{"a": 1e999}'}), "json", Unparseable, "too large for a number"),
        (choice({"content": "[" * 100_000}), "json", Unparseable, "nested too deep"),
        (choice({"content": '{"a": "b'}, "length"), "json", Unparseable, "cut off at the token limit"),
        (
            choice({"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}, "length"),
            "tool_calls",
            Unparseable,
            "the arguments of f are not JSON",
        ),
        (choice({"tool_calls": ["f"]}), "tool_calls", Unparseable, "without a function's name"),
    ],
)
def test_what_is_no_answer_is_the_tasks_own_failure(reply, form, raised, says):
    with pytest.raises(raised) as caught:
        answer_of(read_chat(reply), form)
    assert says in caught.value.message
    assert caught.value.failure().kind is ErrorKind.TASK
    assert len(caught.value.message) < 400


def test_a_cut_text_is_still_an_answer():
    assert answer_of(read_chat(choice({"content": "half"}, "length")), "text") == "half"


def test_calling_no_tool_is_an_answer_and_arguments_may_be_empty_or_values():
    assert answer_of(read_chat(choice({"content": "no need"})), "tool_calls") == []
    calls = [{"function": {"name": "f", "arguments": ""}}, {"function": {"name": "g", "arguments": {"a": 1}}}]
    reply = read_chat(choice({"tool_calls": calls}))
    assert tool_calls_of(reply) == [{"name": "f", "arguments": {}}, {"name": "g", "arguments": {"a": 1}}]


def test_halves_of_characters_are_replaced():
    reply = read_chat(response(b'{"choices": [{"message": {"content": "a\\ud83d b \\ud83d\\ude00"}}]}'))
    assert reply.text == "a\N{REPLACEMENT CHARACTER} b 😀"
    inner = read_chat(choice({"content": json.dumps({"k\udc00": ["\ud83d"]})}))
    assert answer_of(inner, "json") == {"k\N{REPLACEMENT CHARACTER}": ["\N{REPLACEMENT CHARACTER}"]}


@pytest.mark.parametrize(
    ("given", "raised", "retry", "says"),
    [
        (response(b"<html>", **{"content-type": "text/html; x"}), Garbled, True, "(text/html) is not JSON: <html>"),
        (response([]), Garbled, True, "not a JSON object"),
        (response({}), Garbled, True, "no chat completion"),
        (response({"error": "overloaded"}), ServerFault, True, "answered 500: overloaded (inside a 200)"),
        (response({"error": {"code": "429", "message": "slow"}}), RateLimited, True, "slow"),
        (response({"error": {"message": "m"}}, status=400), BadRequest, False, "answered 400: m"),
        (response({"detail": "no such route"}, status=404), Refused, False, "answered 404: no such route"),
        (response({"object": "error", "message": "m"}, status=418), BadRequest, False, "m"),
        (response({"error": {"code": "content_filter"}}, status=400), ContentFiltered, False, "content_filter"),
        (response({"error": "x"}, status=429, **{"x-should-retry": "false"}), Refused, False, "x"),
        (response({"error": {"type": "insufficient_quota"}}, status=429), Refused, False, "insufficient_quota"),
        (response(b"", status=529), ServerFault, True, "answered 529: no message"),
        (response(["?"], status=500), ServerFault, True, "['?']"),
    ],
)
def test_a_failure_is_classed_with_the_providers_words(given, raised, retry, says):
    with pytest.raises(raised) as caught:
        read_chat(given)
    assert says in caught.value.message
    assert caught.value.retry is retry


def test_long_messages_of_providers_are_cut():
    with pytest.raises(BadRequest) as caught:
        read_chat(response({"error": {"message": "x" * 10_000}}, status=400))
    assert len(caught.value.message) < 600


def test_no_control_character_gets_into_a_message():
    with pytest.raises(BadRequest) as caught:
        read_chat(response({"error": {"message": "red \x1b[31m\r\n::error::forged\u202e"}}, status=400))
    assert caught.value.message == "answered 400: red [31m ::error::forged"
    with pytest.raises(ModelRefused) as refused:
        answer_of(read_chat(choice({"refusal": "no\x1b]0;title\x07\n"})), "text")
    assert refused.value.message == "the model refused: no ]0;title"
