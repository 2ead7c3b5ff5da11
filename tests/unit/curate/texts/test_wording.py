"""What an input says, and by which key it is known again."""

from __future__ import annotations

import pytest

from evalgate.curate.texts.wording import answered, asked, asked_last, content_key, normalised, said


def talk(*turns, **more):
    return {"messages": [{"role": role, "content": content} for role, content in turns], **more}


CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"what": "soup"}'}}],
}


def test_what_was_asked_is_what_the_user_said():
    value = talk(("system", "Be kind."), ("user", "Soup?"), ("assistant", "Which?"), ("user", "Leek"))
    assert asked(value) == "Soup?\nLeek"
    assert said(value) == "Soup?\nWhich?\nLeek"
    assert asked_last(value) == "Leek"
    assert asked_last({"question": "Soup?"}) == "Soup?"
    parts = talk(("user", [{"type": "text", "text": "Soup?"}, {"type": "image_url", "image_url": {"url": "x"}}]))
    assert asked(parts) == "Soup?\nx"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"question": "Soup?", "servings": 4, "none": None}, "Soup?\n4"),
        (talk(("system", "Only this.")), "Only this."),
        ({"messages": "no list"}, "no list"),
        ({"messages": [1, None, "x"]}, "1\nx"),
        ({}, ""),
        ({"messages": [CALL]}, 'find\n{"what": "soup"}'),
    ],
)
def test_an_input_of_any_shape_says_something(value, text):
    assert asked(value) == text


def test_an_answer_is_its_messages_or_its_texts():
    assert answered({"messages": [CALL]}) == 'find\n{"what": "soup"}'
    assert answered({"answer": "yes", "score": 1}) == "yes\n1"
    assert answered(None) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where is   my order?", "where is my order"),
        ("“Soup”", '"soup"'),
        ("Ｓｏｕｐ", "soup"),
        ("so\u200bup\n", "soup"),
        ("STRASSE", "straße"),
    ],
)
def test_what_makes_no_difference_is_left_out(one, other):
    assert normalised(one) == normalised(other)


def test_what_makes_a_difference_stays():
    assert len({normalised(each) for each in ("C", "C++", "1.5", "15", "-5", "5", "?", "!!", "")}) == 9


def test_the_same_said_has_the_same_key_whatever_its_ids_prompt_and_case():
    value = talk(("user", "Soup?"), tools=[{"name": "a"}])
    assert content_key(value) == content_key(talk(("system", "v2"), ("user", " soup")))
    called = {"messages": [*value["messages"], CALL]}
    again = {**CALL, "tool_calls": [{**CALL["tool_calls"][0], "id": "call_2"}]}
    assert content_key(called) == content_key({"messages": [*value["messages"], again]})
    assert content_key(called) != content_key(value)


def test_who_said_it_where_and_what_is_beside_it_count():
    keys = {
        content_key(each)
        for each in (
            talk(("user", "a"), ("user", "b")),
            talk(("user", "b"), ("user", "a")),
            talk(("user", "a"), ("assistant", "b")),
            talk(("user", "a"), ("user", "b"), lang="de"),
            {"question": "a"},
            {"query": "a"},
        )
    }
    assert len(keys) == 6
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
