"""What a span becomes: its content, where it came from, what is odd about it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from evalgate.curate.pulling.spans import candidate_id, candidate_of, completed, content_of, is_call
from evalgate.phoenix.spans.stored import StoredSpan

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def stored(attributes, *, span_id="a" * 16, start="2026-01-05T11:00:00+00:00", end="2026-01-05T11:00:01+00:00", **more):
    return StoredSpan(
        trace_id="1" * 32,
        span_id=span_id,
        parent=None,
        name="answer",
        start=start,
        end=end,
        attributes=attributes,
        **more,
    )


def candidate(span):
    return candidate_of(
        span,
        content_of(span),
        server="http://127.0.0.1:6006",
        project="shop",
        now=NOW,
        settle=timedelta(minutes=1),
    )


@pytest.mark.parametrize(
    ("attributes", "taken"),
    [
        ({"input.value": "hi"}, {"messages": [{"role": "user", "content": "hi"}]}),
        ({"input.value": '{"q": 1}', "input.mime_type": "application/json"}, {"q": 1}),
        ({"input.value": '{"q": 1}'}, {"messages": [{"role": "user", "content": '{"q": 1}'}]}),
        ({"input.value": "[1]", "input.mime_type": "application/json"}, {"input": [1]}),
        ({"input.value": "  "}, None),
        ({"input.value": "{}", "input.mime_type": "application/json"}, None),
        ({"input.value": "null", "input.mime_type": "application/json"}, None),
        ({"output.value": "only an answer"}, None),
        ({}, None),
    ],
)
def test_what_a_span_took(attributes, taken):
    assert content_of(stored(attributes)).input == taken
    assert (candidate(stored(attributes)) is None) == (taken is None)


@pytest.mark.parametrize(
    ("attributes", "given"),
    [
        ({"output.value": "hi"}, {"messages": [{"role": "assistant", "content": "hi"}]}),
        ({"output.value": '{"a": 1}', "output.mime_type": "application/json"}, {"a": 1}),
        ({"output.value": "0", "output.mime_type": "application/json"}, {"output": 0}),
        ({"output.value": ""}, None),
        ({"llm.output_messages.0.message.role": "assistant"}, None),
    ],
)
def test_what_a_span_gave(attributes, given):
    assert content_of(stored({"input.value": "q", **attributes})).output == given


def test_where_it_came_from_and_what_its_program_noted():
    made = candidate(
        stored(
            {
                "input.value": "q",
                "session.id": "s1",
                "llm.model_name": "small",
                "metadata.tier": "gold",
                "metadata.user.lang": "en",
                "metadata.empty": "",
                "openinference.span.kind": "CHAIN",
            },
            status="ERROR",
        )
    )
    assert made.id == "span:" + "a" * 16
    assert made.metadata == {"tier": "gold", "user": {"lang": "en"}}
    assert made.source == {
        "server": "http://127.0.0.1:6006",
        "project": "shop",
        "trace": "1" * 32,
        "span": "a" * 16,
        "session": "s1",
        "name": "answer",
        "kind": "CHAIN",
        "start": "2026-01-05T11:00:00+00:00",
        "end": "2026-01-05T11:00:01+00:00",
        "status": "ERROR",
        "model": "small",
    }
    assert [(each.what, each.by) for each in made.history] == [("pulled", "evalgate")]


def test_metadata_of_one_name_twice_breaks_nothing():
    attributes = {"input.value": "q", "metadata.a": 1, "metadata.a.b": 2, "metadata": '{"c": 3}'}
    assert candidate(stored(attributes)).metadata == {"c": 3, "a": 1}


def test_what_litellm_notes_of_itself_is_left_out():
    own = {"litellm.call_id": "1", "metadata.user_api_key_hash": "abc", "metadata.requester_ip_address": "192.0.2.1"}
    assert candidate(stored({"input.value": "q", **own, "metadata.tier": "gold"})).metadata == {"tier": "gold"}
    whole = {
        "litellm.trace_id": "1",
        "metadata": '{"applied_guardrails": [], "usage_object": {"a": 1}, "tier": "gold"}',
    }
    assert candidate(stored({"input.value": "q", **whole})).metadata == {"tier": "gold"}


def test_the_id_of_an_answer_is_no_answer():
    """Phoenix writes it as the output of whatever names one, also of a call that failed."""
    made = {"input.value": "q", "gen_ai.response.id": "r1", "output.mime_type": "application/json"}
    assert candidate(stored({**made, "output.value": '{"id": "r1"}'})).output is None
    assert candidate(stored({**made, "output.value": '{"id": "r2"}'})).output == {"id": "r2"}


def test_pictures_stay_in_the_span():
    picture = "data:image/png;base64," + "A" * 1000
    attributes = {
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.contents.0.message_content.image.image.url": picture,
        "llm.input_messages.0.message.contents.1.message_content.image.image.url": "https://example.com/a.png",
        "llm.input_messages.0.message.contents.2.message_content.audio.audio.url": "AAAA",
    }
    made = candidate(stored(attributes))
    (message,) = made.input["messages"]
    first, second, third = message["content"]
    assert first["image_url"]["url"] == f"span:{'a' * 16}#0"
    assert second["image_url"]["url"] == "https://example.com/a.png"
    assert third["input_audio"] == {"data": f"span:{'a' * 16}#1", "format": "wav"}
    assert [(each["mime"], each["characters"]) for each in made.marks["media"]] == [
        ("image/png", len(picture)),
        ("audio/wav", 26),
    ]


@pytest.mark.parametrize(
    ("audio", "mime"),
    [
        ({"data": "AAAA", "format": "mp3"}, "audio/mp3"),
        ({"data": "AAAA"}, "audio/wav"),
        ({"data": "AAAA", "format": 5}, "audio/wav"),
        ({"data": "data:audio/flac;base64,AAAA", "format": "mp3"}, "audio/flac"),
        ({"data": "https://example.com/a.mp3", "format": "mp3"}, None),
    ],
)
def test_a_sound_is_marked_as_what_it_is_said_to_be(audio, mime):
    parts = [{"type": "text", "text": "What is it?"}, {"type": "input_audio", "input_audio": audio}]
    asked = {"model": "m", "messages": [{"role": "user", "content": parts}]}
    made = candidate(stored({"input.value": json.dumps(asked), "input.mime_type": "application/json"}))
    part = made.input["messages"][0]["content"][1]
    there = mime is not None
    assert part["input_audio"] == {**audio, "data": f"span:{'a' * 16}#0" if there else audio["data"]}
    assert [each["mime"] for each in made.marks.get("media", [])] == ([mime] if there else [])


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({}, None),
        ({"end": "2026-01-05T10:00:00+00:00"}, "it ended before it began"),
        ({"start": "2026-01-06T11:00:00+00:00", "end": "2026-01-06T11:00:01+00:00"}, "it began after it was pulled"),
        ({"start": "2026-01-05T12:00:30+00:00", "end": "2026-01-05T12:00:31+00:00"}, None),
        ({"start": "soon"}, "its times cannot be read"),
    ],
)
def test_a_clock_that_is_wrong_is_said(times, said):
    assert candidate(stored({"input.value": "q"}, **times)).marks.get("clock") == said


@pytest.mark.parametrize("span_id", ["", "x" * 16, "a" * 15, "../../etc/passwd", "A" * 16])
def test_an_id_that_is_none_is_not_taken(span_id):
    span = stored({"input.value": "q"}, span_id=span_id)
    assert candidate_id(span) is None
    assert candidate(span) is None


def test_a_root_without_a_word_has_what_its_calls_say():
    def call(number, **attributes):
        start = f"2026-01-05T11:00:0{number}+00:00"
        return stored({"openinference.span.kind": "LLM", **attributes}, span_id=f"{number:016x}", start=start)

    calls = [call(2, **{"output.value": "last"}), call(1, **{"input.value": "first", "output.value": "tool"})]
    found = completed(content_of(stored({})), calls)
    assert found.input == {"messages": [{"role": "user", "content": "first"}]}
    assert found.output == {"messages": [{"role": "assistant", "content": "last"}]}
    own = completed(content_of(stored({"input.value": "own"})), calls)
    assert own.input == {"messages": [{"role": "user", "content": "own"}]}
    assert completed(content_of(stored({})), []).input is None


@pytest.mark.parametrize(
    ("attributes", "finish"),
    [
        ({"llm.finish_reason": "length"}, "length"),
        ({"gen_ai.response.finish_reasons": ["max_tokens"]}, "max_tokens"),
        ({"gen_ai.response.finish_reasons": '["STOP"]'}, "stop"),
        ({"gen_ai.response.finish_reasons": "length"}, "length"),
        ({"output.value": '{"choices": [{"finish_reason": "length"}]}'}, "length"),
        ({"output.value": '{"stop_reason": "max_tokens"}'}, "max_tokens"),
        ({"output.value": '{"incomplete_details": {"reason": "max_output_tokens"}}'}, "max_output_tokens"),
        ({"output.value": '{"choices": [7], "stop_reason": 3}', "gen_ai.response.finish_reasons": []}, None),
        ({}, None),
    ],
)
def test_why_a_model_ended_is_kept(attributes, finish):
    found = candidate(stored({"input.value": "q", **attributes}))
    assert found.source.get("finish") == finish


def test_a_root_ended_as_its_last_call_did():
    cut = stored({"openinference.span.kind": "LLM", "output.value": "cu", "llm.finish_reason": "length"})
    assert completed(content_of(stored({"input.value": "q"})), [cut]).finish == "length"
    assert completed(content_of(stored({"input.value": "q", "output.value": "a"})), [cut]).finish is None


def test_a_call_is_known_by_its_kind_or_by_what_it_says_of_a_model():
    assert is_call(stored({"openinference.span.kind": "llm"}))
    assert is_call(stored({"openinference.span.kind": "UNKNOWN", "gen_ai.request.model": "small"}))
    assert not is_call(stored({"openinference.span.kind": "TOOL", "gen_ai.request.model": "small"}))
    assert not is_call(stored({"openinference.span.kind": "UNKNOWN"}))


def test_malformed_json_is_a_text_and_said():
    broken = {"input.value": '{"q": NaN}', "input.mime_type": "application/json"}
    made = candidate(stored(broken))
    assert made.marks == {"malformed": ["input"]}
    assert json.dumps(made.input) == '{"messages": [{"role": "user", "content": "{\\"q\\": NaN}"}]}'
