"""The journal's rows as what a decision sees."""

import numpy as np
import pytest

from evalgate.decision.evidence import Cell, Labels, Redraw
from evalgate.errors import ConfigurationError
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.gather import Source, gathered
from evalgate.gate.samples import REDRAW
from evalgate.journal.builds import BuildRow, ExperimentRow, ProblemRow
from evalgate.journal.store import Journal
from evalgate.records import ErrorKind, Evaluation, EvaluatorSpec, Example, Failure, Side, TaskOutcome
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.config import Config

SUITE = {
    "dataset": "golden.jsonl",
    "task": {"python": "app.py:answer"},
    "evaluators": ["exact_match"],
    "checks": {"exact_match": {"no_regression": {"slices": ["metadata.lang"]}, "zero_tolerance": {}}},
    "cluster": "metadata.talk",
    "repetitions": 2,
    "baseline": {"task": {"python": "old.py:answer"}},
}
SPEC = EvaluatorSpec(name="exact_match")
OUTSIDE = TaskOutcome(failure=Failure(kind=ErrorKind.INFRASTRUCTURE, type="Timeout", message="503"))
CRASHED = TaskOutcome(failure=Failure(kind=ErrorKind.TASK, type="KeyError", message="'a'"))


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as opened:
        yield opened


def build(journal, suites=None, **more):
    config = Config.model_validate({"suites": suites or {"s": SUITE}, **more})
    row = BuildRow(
        created_at="2026-01-01",
        config_file="evalgate.yaml",
        config=config.snapshot(),
        evalgate_version="0",
    )
    return journal.create_build(row)


def fill(journal, build_id, suite="s", n=3):
    examples = [
        Example(id=f"e{i}", input={}, metadata={"lang": "de" if i else None, "talk": i % 2} if i < 2 else {})
        for i in range(n)
    ]
    journal.add_examples(build_id, suite, examples)
    return {
        side: journal.add_experiment(
            build_id,
            ExperimentRow(
                suite=suite,
                side=side,
                label=f"the {side}",
                dataset="d",
                dataset_version="v",
                repetitions=2,
                task="t",
                evaluators="e",
                specs=(SPEC,),
            ),
        )
        for side in Side
    }


def answer(journal, experiment, example_id, sample, outcome=None, score=None):
    outcome = outcome or TaskOutcome(output={"a": score})
    journal.record(experiment=experiment, example_id=example_id, sample=sample, outcome=outcome, started_at="n")
    if score is not None:
        evaluation = Evaluation(name="exact_match", score=score)
        journal.record_evaluations(
            experiment=experiment, example_id=example_id, sample=sample, evaluations=[evaluation]
        )


def test_rows_become_cells(journal):
    """Scores, the task's errors, infrastructure's, failed evaluations and runs that never were are told apart."""
    build_id = build(journal)
    sides = fill(journal, build_id)
    candidate = sides[Side.CANDIDATE]
    answer(journal, candidate, "e0", "r1", score=1.0)
    answer(journal, candidate, "e0", "r2", CRASHED)
    answer(journal, candidate, "e1", "r1", OUTSIDE)
    answer(journal, candidate, "e1", "r2")
    journal.record_evaluations(
        experiment=candidate,
        example_id="e1",
        sample="r2",
        evaluations=[Evaluation(name="exact_match", failure=Failure(kind=ErrorKind.EVALUATOR, type="E", message="m"))],
    )
    journal.add_seconds(build_id, 1.0, complete=True)
    (suite,) = build_evidence(journal, build_id).suites
    (check,) = suite.checks
    assert check.candidate.cells.tolist() == [
        [Cell.SCORED, Cell.TASK_ERROR],
        [Cell.MISSING, Cell.MISSING],
        [Cell.MISSING, Cell.MISSING],
    ]
    assert check.candidate.values[0, 0] == 1.0
    assert np.isnan(check.candidate.values).sum() == 5
    assert suite.problems == ()
    assert suite.baseline_label == "the baseline"


def test_slices_and_clusters_are_read_from_the_examples(journal):
    """An example without the path is in no slice, and a cluster of its own."""
    build_id = build(journal)
    fill(journal, build_id)
    (suite,) = build_evidence(journal, build_id).suites
    assert suite.slices == {"metadata.lang": (None, "de", None)}
    assert suite.clusters is not None
    assert suite.clusters[:2] == ("0", "1")
    assert len(set(suite.clusters)) == 3


def test_identical_means_every_sample_has_the_same_bytes(journal):
    """A different repetition, a failure or a missing answer is not identical."""
    build_id = build(journal)
    sides = fill(journal, build_id, n=4)
    for experiment in sides.values():
        for sample in ("r1", "r2"):
            answer(journal, experiment, "e0", sample, score=1.0)
            answer(journal, experiment, "e2", sample, CRASHED)
    for sample, outputs in (("r1", (1.0, 1.0)), ("r2", (1.0, 0.0))):
        for experiment, output in zip(sides.values(), outputs, strict=True):
            answer(journal, experiment, "e1", sample, score=output)
    (suite,) = build_evidence(journal, build_id).suites
    assert suite.identical.tolist() == [True, False, False, False]


def test_redraws_are_told_apart_from_samples(journal):
    """A second draw is no repetition; the task's error in it is the worst score; infrastructure's is no answer."""
    build_id = build(journal)
    sides = fill(journal, build_id)
    for experiment in sides.values():
        answer(journal, experiment, "e0", "r1", score=0.0)
    answer(journal, sides[Side.CANDIDATE], "e0", REDRAW, CRASHED)
    answer(journal, sides[Side.BASELINE], "e0", REDRAW, score=1.0)
    answer(journal, sides[Side.CANDIDATE], "e1", REDRAW, OUTSIDE)
    (suite,) = build_evidence(journal, build_id).suites
    (check,) = suite.checks
    assert check.redraws == {
        "e0": Redraw(candidate=0.0, baseline=1.0),
        "e1": Redraw(candidate=None, baseline=None),
    }
    assert check.candidate.values.shape == (3, 2)


def test_what_stands_against_a_verdict_comes_along(journal):
    """An interrupted build, a partial one, and the problems that were recorded."""
    interrupted = build(journal)
    fill(journal, interrupted)
    journal.add_problem(interrupted, ProblemRow(suite="s", kind="baseline", message="No.", next_step="make one"))
    (suite,) = build_evidence(journal, interrupted).suites
    assert [problem.kind for problem in suite.problems] == [Unmeasurable.INCOMPLETE, Unmeasurable.BASELINE]
    assert "interrupted" in suite.problems[0].message


def test_two_builds_are_one_family_unless_they_overlap(journal):
    """Different suites are gathered; the same suite twice, or another policy, is refused by name."""
    first, second = build(journal, {"a": SUITE}), build(journal, {"b": SUITE})
    other = build(journal, {"c": SUITE}, policy={"alpha": 0.1})
    for build_id, suite in ((first, "a"), (second, "b"), (other, "c")):
        fill(journal, build_id, suite)
    both = gathered([Source(journal=journal, build=first), Source(journal=journal, build=second)])
    assert [suite.name for suite in both.suites] == ["a", "b"]
    with pytest.raises(ConfigurationError, match="suite a is in build 1 and in build 1"):
        gathered([Source(journal=journal, build=first)] * 2)
    with pytest.raises(ConfigurationError, match="different policies"):
        gathered([Source(journal=journal, build=first), Source(journal=journal, build=other)])


def test_labels_are_counted_by_side_and_too_many_of_them_summed(journal):
    """Stored samples alone; pass and fail alone are no labels; what failed has none; a long label is cut."""
    build_id = build(journal)
    sides = fill(journal, build_id)

    def said(side, sample, label, name="exact_match", example="e0"):
        given = Evaluation(name=name, score=1.0, label=label)
        journal.record_evaluations(experiment=sides[side], example_id=example, sample=sample, evaluations=[given])

    assert build_evidence(journal, build_id).suites[0].checks[0].labels is None
    said(Side.CANDIDATE, "r1", "pass")
    assert build_evidence(journal, build_id).suites[0].checks[0].labels is None
    said(Side.CANDIDATE, "r2", "refund")
    said(Side.CANDIDATE, "r1", "refund", example="e1")
    said(Side.BASELINE, "r1", "refund")
    said(Side.BASELINE, REDRAW, "billing")
    said(Side.BASELINE, "r1", "fail", name="other")
    (check,) = build_evidence(journal, build_id).suites[0].checks
    assert check.labels == Labels(counts=(("refund", 2, 1), ("pass", 1, 0)))
    for number in range(25):
        said(Side.BASELINE, "r1", f"{number:02}" + "x" * 500, example=f"far{number}")
    (check,) = build_evidence(journal, build_id).suites[0].checks
    assert check.labels.counts[0] == ("refund", 2, 1)
    assert [len(label) for label, *_ in check.labels.counts[1:]] == [200] * 19
    assert (check.labels.other_names, check.labels.others) == (7, (1, 6))
