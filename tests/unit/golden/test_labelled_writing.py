"""Labelled answers written to a file come back as they were."""

from evalgate.golden.labelled import Labelled, read_labelled
from evalgate.golden.labelled_writing import labelled_text
from evalgate.records import Example, TaskOutcome

ANSWERS = [
    Labelled(
        id="e1:RXhw:1",
        example=Example(id="e1", input={"q": "ü?"}, output={"answer": 1}, metadata={"lang": "de"}, split="hard"),
        outcome=TaskOutcome(output="half \ud83d", context=["a"], messages=[{"role": "user"}], tool_calls=[], steps={}),
        labels=("correct", "incorrect"),
    ),
    Labelled(id="e2", example=Example(id="e2", input={}), outcome=TaskOutcome(output=None), labels=("correct",)),
]
PAIR = Labelled(
    id="e3",
    example=Example(id="e3", input={}),
    outcome=TaskOutcome(output="one"),
    labels=("tie",),
    baseline=TaskOutcome(output="other"),
)


def test_answers_come_back(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_bytes(labelled_text(ANSWERS[1:]))
    assert read_labelled(path, ["correct", "incorrect"], following="-") == ANSWERS[1:]
    path.write_bytes(labelled_text([PAIR]))
    assert read_labelled(path, ["tie"], following="-", pairwise=True) == [PAIR]


def test_everything_about_an_answer_is_written_once():
    assert labelled_text(ANSWERS).decode().splitlines() == [
        (
            '{"id": "e1:RXhw:1", "example": "e1", "input": {"q": "\\u00fc?"}, "output": "half \\ud83d",'
            ' "expected": {"answer": 1}, "context": ["a"], "messages": [{"role": "user"}], "tool_calls": [],'
            ' "steps": {}, "metadata": {"lang": "de"}, "split": "hard", "labels": ["correct", "incorrect"]}'
        ),
        '{"id": "e2", "input": {}, "output": null, "label": "correct"}',
    ]
