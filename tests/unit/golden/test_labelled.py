"""Labelled answers, read from any format, with everything that is wrong at its place."""

import json

import pytest

from evalgate.errors import DatasetError, ErrorGroup
from evalgate.golden.labelled import read_labelled

KNOWN = ("correct", "incorrect")


def read(tmp_path, name, text, known=KNOWN):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_labelled(tmp_path / name, known, following="evalgate judge validate")


ROW = {
    "id": 7,
    "input": {"question": "Why?"},
    "output": "Because.",
    "expected": {"answer": "Therefore."},
    "metadata": {"lang": "en"},
    "context": ["a"],
    "tool_calls": [{"name": "f"}],
    "label": "correct",
}


def test_a_line_is_a_run_and_what_a_person_said_of_it(tmp_path):
    """An evaluator sees it as it sees any run."""
    (one,) = read(tmp_path, "a.jsonl", json.dumps(ROW))
    subject = one.subject("judge1")
    assert (one.id, one.label, subject.sample, subject.example.id) == ("7", "correct", "judge1", "7")
    fields = subject.fields()
    assert fields["output"] == "Because."
    assert fields["expected"] == {"answer": "Therefore."}
    assert (fields["context"], fields["tool_calls"], fields["metadata"]) == (["a"], [{"name": "f"}], {"lang": "en"})


def test_csv_has_answers_as_text_and_objects_by_dotted_columns(tmp_path):
    """Nobody writes JSON into a spreadsheet."""
    head = "id,input.question,output,expected.answer,labels"
    text = head + '\n1,Why?,"Because, so.",Therefore.,"[""correct"",""incorrect""]"\n'
    (one,) = read(tmp_path, "a.csv", text)
    assert one.outcome.output == "Because, so."
    assert one.example.input == {"question": "Why?"}
    assert (one.labels, one.label) == (("correct", "incorrect"), None)


def test_one_example_may_have_several_answers(tmp_path):
    """Each is a line with an id of its own."""
    rows = [{**ROW, "id": side, "example": 7, "output": side} for side in ("new", "old")]
    found = read(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert [(each.id, each.example.id) for each in found] == [("new", "7"), ("old", "7")]


def test_steps_of_a_scale_may_be_numbers(tmp_path):
    """They are labels all the same."""
    (one,) = read(
        tmp_path, "a.jsonl", '{"id": 1, "output": "x", "labels": [4, "4", 5]}', known=("1", "2", "3", "4", "5")
    )
    assert (one.labels, one.label) == (("4", "4", "5"), "4")


X, Y = '{"id": 1, "output": "x", ', '{"id": "1", "output": "x", "label": "correct"}'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (X + '"label": "corect"}', "1:26: the judge gives no label 'corect': it gives correct, incorrect"),
        (X + '"label": true}', "the judge gives no label True"),
        (X + '"labels": ["correct", null]}', "the judge gives no label None"),
        (X + '"labels": []}', "labels should be a list"),
        (X + '"labels": "correct"}', "labels should be a list"),
        ('{"id": 1, "output": "x"}', "give `label`, what a person said"),
        (X + '"label": "correct", "labels": ["correct"]}', "give `label`, what a person said"),
        ('{"id": 1, "label": "correct"}', "there is no `output`: the answer that was labelled"),
        ('{"output": "x", "label": "correct"}', "a labelled answer needs an id"),
        (X + '"label": "correct", "input": "q"}', "1:46: input should be an object like {"),
        (X + '"label": "correct", "lable": 1}', "unknown key 'lable': did you mean 'label'?"),
        ("[1]", "a list: a line of JSONL holds one example"),
        ("7", "a labelled answer should be an object"),
        (X + '"label": "correct"}\n' + Y, "2:2: the id '1' is taken"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, says):
    """All of it, and the command to run after."""
    with pytest.raises(ErrorGroup) as caught:
        read(tmp_path, "a.jsonl", text)
    assert says in str(caught.value)
    assert "then run `evalgate judge validate`" in str(caught.value)


def test_a_file_without_labels_is_no_set(tmp_path):
    """Green is earned."""
    with pytest.raises(DatasetError, match="holds no labelled answer"):
        read(tmp_path, "a.jsonl", "\n")
    with pytest.raises(DatasetError, match="does not exist"):
        read_labelled(tmp_path / "b.jsonl", KNOWN, following="x")
