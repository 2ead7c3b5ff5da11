"""What spans say of themselves, in whichever names: nothing that a program sent is trusted to be of its type."""

from __future__ import annotations

import json

import pytest

from evalgate.records import MOST_DOLLARS, MOST_TOKENS
from evalgate.traces.conventions import (
    cost_of,
    documents_of,
    finish_of,
    is_note,
    kind_of,
    model_of,
    numbered,
    read_json,
    tokens_of,
    tool_call,
)
from evalgate.traces.span import Span


def span(name="", **attributes):
    return Span(trace_id="1" * 32, span_id="2" * 16, name=name, attributes=attributes)


def of(**attributes):
    return {name.replace("__", "."): value for name, value in attributes.items()}


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"openinference.span.kind": "tool"}, "TOOL"),
        ({"openinference.span.kind": "CHAIN", "gen_ai.operation.name": "chat"}, "CHAIN"),
        ({"openinference.span.kind": 7, "gen_ai.operation.name": "chat"}, "LLM"),
        ({"gen_ai.operation.name": "embeddings"}, "EMBEDDING"),
        ({"gen_ai.operation.name": "create_agent", "gen_ai.request.model": "m"}, ""),
        ({"gen_ai.request.model": "m"}, "LLM"),
        ({"gen_ai.response.model": "m", "gen_ai.tool.name": "t"}, "LLM"),
        ({"gen_ai.tool.name": "t"}, "TOOL"),
        ({}, ""),
    ],
)
def test_what_a_span_is_about(attributes, kind):
    assert kind_of(span(**attributes)) == kind


def test_the_model_that_answered_is_the_first_that_is_named():
    assert model_of(of(gen_ai__request__model="asked", gen_ai__response__model="answered")) == "answered"
    assert model_of(of(llm__model_name="", gen_ai__request__model="asked")) == "asked"
    assert model_of(of(llm__model_name=["m"])) is None


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        (12, 12),
        (12.0, 12),
        (0, 0),
        (MOST_TOKENS, MOST_TOKENS),
        (12.5, None),
        (MOST_TOKENS + 1, None),
        (-1, None),
        (True, None),
        ("12", None),
        (float("inf"), None),
    ],
)
def test_tokens_are_whole_numbers_within_bounds(said, counted):
    expected = None if counted is None else (counted, 0, 0, 0)
    assert tokens_of({"llm.token_count.prompt": said}) == expected


def test_tokens_of_either_convention_with_those_that_were_cached_and_thought():
    found = tokens_of(
        {
            "llm.token_count.prompt": "?",
            "gen_ai.usage.input_tokens": 9,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.cache_read.input_tokens": 4,
            "llm.token_count.completion_details.reasoning": 3,
        }
    )
    assert found == (9, 5, 4, 3)


@pytest.mark.parametrize(
    ("said", "cost"),
    [
        (0.25, 0.25),
        (0, 0.0),
        (MOST_DOLLARS, MOST_DOLLARS),
        (2 * MOST_DOLLARS, None),
        (-0.1, None),
        (True, None),
        ("1", None),
    ],
)
def test_a_cost_is_an_amount_of_dollars(said, cost):
    assert cost_of({"llm.cost.total": said}) == cost


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"gen_ai.response.finish_reasons": ["LENGTH", "stop"]}, "length"),
        ({"gen_ai.response.finish_reasons": '["length"]'}, "length"),
        ({"gen_ai.response.finish_reasons": "length"}, "length"),
        ({"gen_ai.response.finish_reasons": []}, None),
        ({"gen_ai.response.finish_reasons.0": "stop"}, "stop"),
        ({"llm.finish_reason": "Stop"}, "stop"),
        ({"llm.output_messages.0.message.finish_reason": "length"}, "length"),
        ({"output.value": json.dumps({"stop_reason": "max_tokens"})}, "max_tokens"),
        ({"output.value": json.dumps({"choices": [{"finish_reason": "length"}]})}, "length"),
        ({"output.value": json.dumps({"choices": [{}, {"finish_reason": "length"}]})}, None),
        ({"output.value": json.dumps({"incomplete_details": {"reason": "max_output_tokens"}})}, "max_output_tokens"),
        ({"output.value": json.dumps({"incomplete_details": None})}, None),
        ({"output.value": "plain words"}, None),
    ],
)
def test_why_a_model_ended_its_answer(attributes, why):
    assert finish_of(attributes) == why


def test_documents_stand_in_the_order_of_their_numbers():
    attributes = {f"retrieval.documents.{at}.document.content": f"text {at}" for at in (10, 2, 0)}
    attributes["retrieval.documents.1.document.content"] = 7
    assert documents_of(attributes) == ["text 0", "text 2", "text 10"]
    listed = {"gen_ai.retrieval.documents": json.dumps([{"content": "a"}, "b", {"content": 3}])}
    assert documents_of(listed) == ["a"]
    assert documents_of(listed, "reranker.output_documents") == []


@pytest.mark.parametrize("number", ["²", "٣", "1234567", "-1", "", "a"])
def test_what_is_no_number_of_a_place_is_passed_over(number):
    assert numbered({f"at.{number}.x": 1, "at.3.x": 2, "at.4": 3}, "at") == [{"x": 2}]


def test_the_call_that_a_tools_span_is_of():
    assert tool_call(span("fetch", **{"input.value": '{"q": 1}'})) == {"name": "fetch", "arguments": {"q": 1}}
    named = span("span", **{"gen_ai.tool.name": "search", "gen_ai.tool.call.arguments": "words", "input.value": "{}"})
    assert tool_call(named) == {"name": "search", "arguments": "words"}


def nested(depth):
    value = "deep"
    for _ in range(depth):
        value = [value]
    return value


def test_json_is_read_of_a_text_a_list_or_an_object_and_of_nothing_else():
    assert read_json('{"a": [1]}') == {"a": [1]}
    assert read_json({"a": 1}) == {"a": 1}
    assert read_json("{", otherwise="x") == "x"
    assert read_json(7, otherwise="x") == "x"
    assert read_json(nested(100)) == nested(100)
    assert read_json(nested(101), otherwise="x") == "x"
    assert read_json("[" * 100_000, otherwise="x") == "x"


def test_halves_of_characters_get_no_further():
    assert read_json('{"k\\ud800": ["v\\ud800"]}') == {"k?": ["v?"]}


def test_an_output_that_is_the_answers_id_and_model_says_nothing_more():
    attributes = {"gen_ai.response.id": "r1", "gen_ai.response.model": "m"}
    assert is_note({"id": "r1"}, attributes)
    assert is_note({"id": "r1", "model": "m"}, attributes)
    assert not is_note({"id": "r2"}, attributes)
    assert not is_note({"id": "r1", "text": "words"}, attributes)
    assert not is_note({}, attributes)
    assert not is_note("r1", attributes)
