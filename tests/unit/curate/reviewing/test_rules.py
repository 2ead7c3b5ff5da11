"""Rules that decide in a person's place: what they can ask, and that they name themselves."""

import pytest

from evalgate.curate.candidates import State
from evalgate.curate.reviewing.rules import Rule, by_rules, condition, holds
from tests.unit.curate.reviewing.making import candidate, review

SAID = [
    {"name": "correct", "label": "yes", "score": 0.9, "annotator": "HUMAN"},
    {"name": "tone", "label": "good", "score": None, "annotator": "LLM"},
    {"name": "tone", "label": "bad", "score": None, "annotator": "LLM"},
]
ONE = candidate(
    marks={"annotations": SAID, "proposed": {"labels": ["a", "b"]}, "near": None},
    metadata={"lang": "de", "n": 3, "ok": True, "deep": {"er": "x"}},
    split="regression",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("annotation.correct=yes", True),
        ("annotation.correct = no", False),
        ("annotation.correct!=no", True),
        ("annotation.correct>=0.9", True),
        ("annotation.correct<=0.8", False),
        ("annotation.tone=good", False),
        ("annotation.none=yes", False),
        ("annotation.none!=yes", False),
        ("annotation.tone>=0.5", False),
        ("metadata.lang=de", True),
        ("metadata.n>=3", True),
        ("metadata.ok=true", True),
        ("metadata.ok>=1", False),
        ("metadata.deep.er=x", True),
        ("metadata.deep=x", False),
        ("marks.near=x", False),
        ("marks.proposed.labels!=c", True),
        ("split=regression", True),
        ("source.model=gpt", False),
    ],
)
def test_conditions(text, expected):
    assert holds(condition(text), ONE) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("correct", "is no condition"),
        ("correct=yes", "'correct' is nothing of a candidate: begin with annotation., .* output., or say split"),
        ("split.x=yes", "is nothing of a candidate"),
        ("metadata=yes", "is nothing of a candidate"),
        ("annotation.correct=", "has no value"),
        ("annotation.correct>=high", "'high' is no number"),
    ],
)
def test_what_is_no_condition_is_said(text, message):
    with pytest.raises(ValueError, match=message):
        condition(text)


def test_a_rule_decides_what_nobody_decided_and_names_itself():
    accept = Rule(decision="accepted", conditions=(condition("metadata.lang=de"), condition("split=regression")))
    reject = Rule(decision="rejected", conditions=(condition("metadata.lang=de"),))
    other = candidate("span:2", metadata={"lang": "de"})
    person, new = candidate("span:3", metadata={"lang": "de"}), candidate("span:4", state=State.NEW, split="regression")
    french = candidate("span:5", metadata={"lang": "fr"})
    made = list(
        by_rules(
            [ONE, other, person, new, french],
            {person.id: [review(person)]},
            [accept, reject],
            states=frozenset({State.CHOSEN}),
            at="2026-01-02T00:00:00+00:00",
        )
    )
    assert [(each.id, each.decision, each.by, each.who) for each in made] == [
        ("span:1", "accepted", "rule", "--accept-where 'metadata.lang=de' --accept-where 'split=regression'"),
        ("span:2", "rejected", "rule", "--reject-where 'metadata.lang=de'"),
    ]


@pytest.mark.parametrize(
    "text", ["annotation.correct!=no", "annotation.correct=None", "marks.near!=x", "marks.near=None"]
)
def test_what_says_nothing_is_not_unlike_anything(text):
    silent = [{"name": "correct", "label": None, "score": 1.0, "annotator": "LLM"}]
    assert not holds(condition(text), candidate(marks={"annotations": silent, "near": None}))
