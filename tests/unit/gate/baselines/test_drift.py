"""The latest baseline against the first: what is compared, and what says nothing of it."""

from __future__ import annotations

import pytest

from evalgate.gate.baselines.drift import drift
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.changes import BaselineRow
from evalgate.journal.store import Journal
from evalgate.records import Direction, Evaluation, EvaluatorSpec, Example, Side, TaskOutcome
from evalgate.suite.config import Config

SUITE = {
    "dataset": "golden.jsonl",
    "task": {"python": "app.py:answer"},
    "evaluators": ["exact_match"],
    "checks": {"exact_match": {"no_regression": {"slices": ["metadata.lang"]}}},
}
SPEC = EvaluatorSpec(name="exact_match", version="1")


class Stored:
    """Baselines of one suite in a journal."""

    def __init__(self, journal):
        self.journal = journal
        self.count = 0

    def baseline(self, wrong, *, n=60, commit=None, spec=SPEC, texts="a", of="s", policy=None, **more):
        """One whose first `wrong` answers of `n` were wrong, on examples whose inputs are `texts`."""
        self.count += 1
        journal, config = self.journal, Config.model_validate({"suites": {of: SUITE}, "policy": policy or {}})
        row = BuildRow(
            created_at=f"2026-01-{self.count:02}T12:00:00",
            config_file="evalgate.yaml",
            config=config.snapshot(),
            evalgate_version="0",
            commit=commit or f"{self.count:07}",
            branch="main",
            stores=True,
        )
        build = journal.create_build(row)
        examples = [Example(id=f"e{at:03}", input={"q": f"{texts}{at}"}, metadata={"lang": "de"}) for at in range(n)]
        journal.add_examples(build, of, examples)
        experiment = ExperimentRow(
            suite=of,
            side=Side.BASELINE,
            label=f"main@{self.count}",
            dataset="d",
            dataset_version="v",
            repetitions=1,
            task="t",
            specs=(spec,),
            **{"evaluators": "e", **more},
        )
        number = journal.add_experiment(build, experiment)
        for at, each in enumerate(examples):
            where = {"experiment": number, "example_id": each.id, "sample": "r1"}
            journal.record(**where, outcome=TaskOutcome(output={"a": at}), started_at="n")
            scored = [Evaluation(name="exact_match", score=float(at >= wrong))]
            journal.record_evaluations(**where, evaluations=scored)
        journal.add_baseline(BaselineRow(build=build, set_by="ann", how="set"))
        journal.add_seconds(build, 1.0, complete=True)

    def drops(self, names=None):
        return [(each.suite, round(each.drop, 2), each.baselines, each.examples) for each in drift(self.journal, names)]


@pytest.fixture
def stored(tmp_path):
    with Journal(tmp_path / "journal.db") as opened:
        yield Stored(opened)


def test_the_latest_baseline_is_held_against_the_first_not_the_one_before(stored):
    for wrong in (0, 6, 12, 18):
        stored.baseline(wrong)
    (found,) = drift(stored.journal)
    assert (found.suite, found.check, found.baselines, found.examples) == ("s", "exact_match", 4, 60)
    assert (found.now, found.first, found.day) == ("main@0000004", "main@0000001", "2026-01-01")
    assert found.drop == pytest.approx(0.3)
    assert found.low < found.drop < found.high


def test_one_baseline_or_none_drifted_nowhere(stored):
    assert stored.drops() == []
    stored.baseline(18)
    assert stored.drops() == []


def test_a_baseline_that_rose_is_no_drift(stored):
    stored.baseline(18)
    stored.baseline(0)
    assert stored.drops() == []


def test_a_commit_that_was_set_again_is_one_baseline_the_latest_time(stored):
    stored.baseline(0, commit="a" * 7)
    stored.baseline(18, commit="a" * 7)
    assert stored.drops() == []
    stored.baseline(18, commit="b" * 7)
    assert stored.drops() == []


def test_only_the_suites_that_are_named_are_looked_at(stored):
    for wrong in (0, 18):
        stored.baseline(wrong)
        stored.baseline(wrong, of="other")
    assert [each[0] for each in stored.drops()] == ["other", "s"]
    assert [each[0] for each in stored.drops(["s"])] == ["s"]
    assert stored.drops(["none"]) == []


def test_examples_that_changed_their_words_are_not_compared(stored):
    stored.baseline(0)
    stored.baseline(18, texts="b")
    assert stored.drops() == []
    stored.baseline(18, n=40)
    assert stored.drops() == [("s", 0.45, 3, 40)]


def test_fewer_than_ten_examples_in_common_say_nothing(stored):
    stored.baseline(0, n=9)
    stored.baseline(9)
    assert stored.drops() == []


def test_a_policy_that_no_such_few_examples_could_pass_asks_all_the_same(stored):
    """Refused as a gate, where INCONCLUSIVE is to fail; what is said of baselines blocks nobody."""
    strict = {"on_inconclusive": "fail"}
    stored.baseline(0, n=12, policy=strict)
    stored.baseline(9, n=12, policy=strict)
    assert stored.drops() == [("s", 0.75, 2, 12)]


@pytest.mark.parametrize(
    ("first", "last", "compared"),
    [
        ({"evaluators": "e1"}, {"evaluators": "e2"}, False),
        ({"evaluators": "e1", "scorers": {"exact_match": "x"}}, {"evaluators": "e2"}, False),
        (
            {"evaluators": "e1", "scorers": {"exact_match": "x"}},
            {"evaluators": "e2", "scorers": {"exact_match": "y"}},
            False,
        ),
        (
            {"evaluators": "e1", "scorers": {"exact_match": "x"}},
            {"evaluators": "e2", "scorers": {"exact_match": "x"}},
            True,
        ),
        ({}, {"spec": EvaluatorSpec(name="exact_match", version="2")}, False),
        ({}, {"spec": EvaluatorSpec(name="exact_match", version="1", direction=Direction.NEUTRAL)}, False),
    ],
)
def test_only_what_scored_both_alike_compares_them(stored, first, last, compared):
    stored.baseline(0, **first)
    stored.baseline(18, **last)
    assert bool(stored.drops()) is compared
