"""What each run took, from the journal's rows: unknown is not free, an earlier build's latency is no measurement."""

from dataclasses import replace

import numpy as np
import pytest

from evalgate.decision.evidence import Cell
from evalgate.errors import JournalError
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import ErrorKind, EvaluatorSpec, Example, Failure, Side, TaskOutcome, Usage
from evalgate.suite.config import Config

SUITE = {
    "dataset": "golden.jsonl",
    "task": {"python": "app.py:answer"},
    "evaluators": ["exact_match"],
    "checks": {
        "exact_match": {"report_only": True},
        "cost": {"no_regression": {}},
        "tokens": {"at_most": 100},
        "latency": {"report_only": True},
    },
    "repetitions": 2,
    "baseline": {"task": {"python": "old.py:answer"}},
}
CRASHED = Failure(kind=ErrorKind.TASK, type="KeyError", message="'a'")
OUTSIDE = Failure(kind=ErrorKind.INFRASTRUCTURE, type="Timeout", message="503")


def used(*costs):
    return tuple(Usage(model="m", input_tokens=7, output_tokens=2, cost=cost) for cost in costs)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as opened:
        yield opened


def fill(journal, runs, *, stored=False, suite=SUITE):
    """One build of two examples whose candidate has the `runs`, by (example, sample)."""
    config = Config.model_validate({"suites": {"s": suite}})
    row = BuildRow(created_at="n", config_file="evalgate.yaml", config=config.snapshot(), evalgate_version="0")
    build_id = journal.create_build(row)
    journal.add_examples(build_id, "s", [Example(id="e0", input={}), Example(id="e1", input={})])
    for side in Side:
        experiment = journal.add_experiment(
            build_id,
            ExperimentRow(
                suite="s",
                side=side,
                label=f"the {side}",
                dataset="d",
                dataset_version="v",
                repetitions=2,
                task="t",
                evaluators="e",
                specs=(EvaluatorSpec(name="exact_match"),),
                stored=stored and side is Side.BASELINE,
            ),
        )
        for (example_id, sample), outcome in runs.items():
            journal.record(experiment=experiment, example_id=example_id, sample=sample, outcome=outcome, started_at="n")
    journal.add_seconds(build_id, 1.0, complete=True)
    return build_id


def taken(journal, build_id, name, side="candidate"):
    """The (cells, values) of one check on one side."""
    (suite,) = build_evidence(journal, build_id).suites
    (check,) = (each for each in suite.resources if each.name == name)
    return getattr(check, side).cells.tolist(), getattr(check, side).values.tolist()


def test_runs_become_amounts(journal):
    """Costs of all models are summed; failed runs have no amount; a run that was never made is missing."""
    runs = {
        ("e0", "r1"): TaskOutcome(usage=used(0.5, 0.25), latency=1.5),
        ("e0", "r2"): TaskOutcome(failure=CRASHED, usage=used(9.0), latency=9.0),
        ("e1", "r1"): TaskOutcome(failure=OUTSIDE, latency=9.0),
    }
    build_id = fill(journal, runs)
    cells = [[Cell.SCORED, Cell.TASK_ERROR], [Cell.MISSING, Cell.MISSING]]
    for name, amount in (("cost", 0.75), ("tokens", 18.0), ("latency", 1.5)):
        found, values = taken(journal, build_id, name)
        assert found == cells
        assert values[0][0] == amount
        assert np.isnan(values).sum() == 3
    (suite,) = build_evidence(journal, build_id).suites
    assert [check.name for check in suite.checks] == ["exact_match"]
    assert [check.name for check in suite.resources] == ["cost", "tokens", "latency"]


def test_unknown_is_not_free_and_no_model_is(journal):
    """Nobody saw usage; one part has no price; no model was called; a model is free."""
    runs = {
        ("e0", "r1"): TaskOutcome(usage=None),
        ("e0", "r2"): TaskOutcome(usage=used(0.5, None)),
        ("e1", "r1"): TaskOutcome(usage=()),
        ("e1", "r2"): TaskOutcome(usage=used(0.0)),
    }
    build_id = fill(journal, runs)
    cells, values = taken(journal, build_id, "cost")
    assert cells == [[Cell.UNKNOWN, Cell.UNKNOWN], [Cell.SCORED, Cell.SCORED]]
    assert values[1] == [0.0, 0.0]
    cells, values = taken(journal, build_id, "tokens")
    assert cells == [[Cell.UNKNOWN, Cell.SCORED], [Cell.SCORED, Cell.SCORED]]
    assert values[0][1] == 18
    assert values[1] == [0.0, 9.0]


def test_a_stored_baselines_latency_is_of_an_earlier_build_and_its_cost_is_not(journal):
    """Times hang on the machine and the day; tokens and dollars do not."""
    build_id = fill(journal, {("e0", "r1"): TaskOutcome(usage=used(0.5), latency=1.5)}, stored=True)
    assert taken(journal, build_id, "latency", "baseline")[0][0][0] == Cell.EARLIER
    assert taken(journal, build_id, "latency", "baseline")[1][0][0] == 1.5
    assert taken(journal, build_id, "cost", "baseline")[0][0][0] == Cell.SCORED
    assert taken(journal, build_id, "latency")[0][0][0] == Cell.SCORED


def test_a_cached_answers_latency_is_of_an_earlier_build(journal):
    """Usage says of a call that its answer came from the cache."""
    cached = tuple(replace(part, from_cache=True) for part in used(0.5))
    build_id = fill(journal, {("e0", "r1"): TaskOutcome(usage=cached, latency=1.5)})
    assert taken(journal, build_id, "latency")[0][0][0] == Cell.EARLIER
    assert taken(journal, build_id, "cost")[0][0][0] == Cell.SCORED


def test_an_evaluator_of_that_name_comes_first_in_a_recorded_build(journal):
    """Config refuses the clash today; a build that was recorded with it is decided as it was."""
    suite = {**SUITE, "evaluators": ["exact_match", {"tokens": {}}], "checks": {"tokens": {"report_only": True}}}
    config = Config.model_validate({"suites": {"s": suite}})
    assert list(config.suites["s"].scored_checks) == ["tokens"]
    assert config.suites["s"].resource_checks == {}


def test_a_damaged_row_is_named(journal):
    """Another hand wrote it."""
    build_id = fill(journal, {("e0", "r1"): TaskOutcome(usage=used(0.5))})
    journal._db.execute("UPDATE run SET usage = '[{'")
    with pytest.raises(JournalError, match="a row of the journal is damaged"):
        build_evidence(journal, build_id)


def test_the_recorded_config_has_the_defaults_that_decide(journal):
    """A later version's default changes no recorded decision, and a check records only what is about it."""
    declared = {**SUITE["checks"], "exact_match": {"no_regression": {}}}
    config = Config.model_validate({"suites": {"s": {**SUITE, "checks": declared}}})
    checks = config.snapshot()["suites"]["s"]["checks"]
    assert checks["cost"]["no_regression"] == {"allow_increase": 0.1, "slices": []}
    assert checks["exact_match"]["no_regression"] == {"rule_out_drop": 0.1, "ignore_drop_under": 0.0, "slices": []}
