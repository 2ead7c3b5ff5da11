"""An answer as text and back again: a person writes words where an answer is words, JSON anywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalgate.curate.reviewing.answers import AnswerError, answered, proposed, written
from tests.unit.curate.reviewing.making import candidate, said

ASKED = {"messages": [{"role": "user", "content": "?"}]}
shapes = st.sampled_from(
    [
        said("x"),
        {"answer": "x"},
        {"messages": [{"role": "assistant", "content": None, "tool_calls": []}]},
        {"messages": [{"role": "assistant", "content": "x"}, {"role": "assistant", "content": "y"}]},
        {"messages": "x"},
        {"messages": []},
        {"a": "x", "b": 1},
        {},
    ]
)


@given(shapes)
def test_what_is_written_out_is_the_same_answer_again(output):
    text = written(output, ASKED)
    assert answered(text.text + "\n", output, ASKED) == output


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_words_stay_words(words):
    for output in (said("before"), {"answer": "before"}, None):
        after = answered(words, output, ASKED)
        assert written(after, ASKED).plain
        assert written(after, ASKED).text == words.rstrip("\n")


def test_where_there_is_none_yet_the_question_says_its_shape():
    assert answered("yes\n", None, ASKED) == said("yes")
    assert written(None, {"q": 1}).text == "{}"
    assert answered('{"a": 1}', None, {"q": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (" \n", (1, 1), "empty"),
        ("{\n  'a': 1}", (2, 3), "JSON"),
        ("\n[1]", (2, 1), "should be a JSON object"),
        ("{}\n x", (2, 2), "something follows"),
        ('{"a": NaN}', (1, 7), "NaN"),
    ],
)
def test_what_is_no_answer_is_said_with_its_place(text, place, message):
    with pytest.raises(AnswerError, match=message) as error:
        answered(text, None, {"q": 1})
    assert (error.value.line, error.value.column) == place


def test_only_an_object_is_a_proposed_answer():
    assert proposed(candidate(marks={"proposed": {"output": None}})) is None
    assert proposed(candidate(marks={"proposed": "yes"})) is None
    assert proposed(candidate(marks={"proposed": {"output": {}}})) == {}
