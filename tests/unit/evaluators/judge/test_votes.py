"""Several verdicts: repetitions, several models, ties, and votes that fail."""

from __future__ import annotations

import json

import pytest

from evalgate.evaluators.judge.verdicts import Spent, Verdict, agreed
from evalgate.evaluators.score import EvaluatorFaultError
from evalgate.records import Direction, ErrorKind
from tests.fake_model import Rule

SCORES = {"good": 1.0, "fair": 0.5, "poor": 0.0}


def votes(*labels: str | None) -> list[Verdict]:
    """One verdict for each label; None is one that failed."""
    error = EvaluatorFaultError("it said nothing", type="NoVerdict")
    return [
        Verdict(model=f"m{n}", label=label, explanation=f"reason {n}", error=None if label else error)
        for n, label in enumerate(labels)
    ]


@pytest.mark.parametrize(
    ("labels", "how", "direction", "score", "label"),
    [
        (["good"], "majority", "maximize", 1, "good"),
        (["good", "poor", "good"], "majority", "maximize", 1, "good"),
        (["good", "poor"], "majority", "maximize", 0, "poor"),
        (["poor", "good"], "majority", "maximize", 0, "poor"),
        (["good", "poor"], "majority", "minimize", 1, "good"),
        (["good", "poor"], "majority", "neutral", 0, "poor"),
        (["good", "fair", "poor"], "majority", "maximize", 0, "poor"),
        (["good", "fair", "poor"], "mean", "maximize", 0.5, "poor"),
        (["good", "good", "fair"], "mean", "maximize", 2.5 / 3, "good"),
        (["good", None, "good"], "majority", "maximize", 1, "good"),
        (["good", None, "poor"], "mean", "maximize", 0.5, "poor"),
    ],
)
def test_what_votes_come_to(labels, how, direction, score, label):
    """Of a tie the worse label, on both sides alike: a judge in doubt never makes an answer better."""
    found = agreed(votes(*labels), SCORES, how, Direction(direction))
    assert (found.score, found.label) == (pytest.approx(score), label)


@pytest.mark.parametrize("labels", [[None], ["good", None], [None, "good", None], [None, None, "good", "good"]])
def test_half_of_the_votes_are_no_majority(labels):
    """It is an error with the first reason."""
    with pytest.raises(EvaluatorFaultError, match="it said nothing") as caught:
        agreed(votes(*labels), SCORES, "majority", Direction.MAXIMIZE)
    assert caught.value.metadata["judges"]


def test_infrastructure_stays_infrastructure():
    """So that it is asked again when the build goes on."""
    error = EvaluatorFaultError("away", type="timeout", kind=ErrorKind.INFRASTRUCTURE)
    with pytest.raises(EvaluatorFaultError) as caught:
        agreed([Verdict(model="m", error=error)], SCORES, "majority", Direction.MAXIMIZE)
    assert caught.value.kind is ErrorKind.INFRASTRUCTURE


def test_every_vote_is_recorded_and_the_reasons_are_those_of_the_label_that_won():
    """With what all of them took."""
    spent = Spent(calls=2, latency=0.5)
    given = [*votes("poor", "good", "good", None)[:3], Verdict(model="m3", error=votes(None)[0].error, spent=spent)]
    found = agreed(given, SCORES, "majority", Direction.MAXIMIZE)
    assert found.explanation == "2 of 3 say good: reason 1"
    assert found.metadata == {
        "judges": ["m0", "m1", "m2", "m3"],
        "calls": 2,
        "latency": 0.5,
        "votes": [
            {"model": "m0", "label": "poor", "score": 0.0, "explanation": "reason 0"},
            {"model": "m1", "label": "good", "score": 1.0, "explanation": "reason 1"},
            {"model": "m2", "label": "good", "score": 1.0, "explanation": "reason 2"},
            {"model": "m3", "error": "it said nothing"},
        ],
    }


async def test_every_model_is_asked_as_often_as_it_says_each_time_for_a_draw_of_its_own(judged, fake_model):
    """The seed is one higher each time; what stores answers keeps them apart by the sample."""
    right = json.dumps({"explanation": "e", "label": "correct"})
    fake_model.rules = [Rule(model="a", reply=right), Rule(reply=json.dumps({"label": "incorrect"}))]
    config = {"judge": "phoenix_correctness", "model": ["fake/a", "fake/b"], "repetitions": 2}
    found = await judged(config)
    assert fake_model.by_model == {"a": 2, "b": 2}
    assert sorted(request["body"]["seed"] for request in fake_model.requests) == [1, 1, 2, 2]
    assert (found.label, found.score) == ("incorrect", 0)
    assert found.explanation == "2 of 4 say incorrect"
    assert (await judged({**config, "vote": "mean"})).score == 0.5
