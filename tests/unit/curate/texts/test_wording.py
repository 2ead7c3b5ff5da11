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


def test_a_prompt_alone_is_what_is_said_and_known_by():
    """An input of nothing but instructions says those; those of a developer are a system's."""
    alone = talk(("system", "Answer in rhymes."))
    assert said(alone) == "Answer in rhymes."
    assert content_key(alone) != content_key(talk(("system", "Answer in prose.")))
    both = talk(("developer", "Be kind."), ("user", "Soup?"))
    assert said(both) == "Soup?"
    assert content_key(both) == content_key(talk(("user", "Soup?")))


def test_an_object_that_has_messages_of_its_own_kind_is_known_by_them():
    assert content_key({"messages": "three", "topic": "soup"}) != content_key({"messages": "four", "topic": "soup"})
    assert content_key({"tools": ["oven"]}) != content_key({"tools": ["pan"]})


def test_where_one_text_ends_and_the_next_begins_counts():
    assert content_key(talk(("user", "a"), ("user", "b"))) != content_key(talk(("user", "auserb")))
    assert content_key({"a": "b", "c": "d"}) != content_key({"a": "b.cd"})


def test_names_and_ids_of_a_message_are_no_words_of_it():
    message = {"role": "tool", "content": "leek", "name": "find", "tool_call_id": "call_1", "id": "m1"}
    plain = {"role": "tool", "content": "leek"}
    assert said({"messages": [message]}) == "leek"
    assert content_key({"messages": [message]}) == content_key({"messages": [plain]})


def test_what_stands_beside_messages_is_said_too_and_an_empty_text_is_nothing():
    value = talk(("user", "Soup?"), ("assistant", ""), customer={"tier": "gold", "note": ""}, tools=[{"name": "find"}])
    assert said(value) == "Soup?\ngold"
