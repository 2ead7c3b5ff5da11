"""Which stored builds a plan reads, and what it takes from each."""

import pytest
import yaml

from evalgate.gate.guard.guard import unguarded
from evalgate.gate.planning import make_plan
from evalgate.gate.request import whole_suites
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import Evaluation, EvaluatorSpec, Side, TaskOutcome
from evalgate.suite.loading import load_config

SPEC = EvaluatorSpec(name="exact_match")
SUITE = {
    "dataset": "golden.jsonl",
    "task": {"python": "app.py:answer", "inputs": ["*.py"]},
    "baseline": {"task": {"python": "old.py:answer"}},
    "evaluators": ["exact_match"],
    "checks": {"exact_match": {"no_regression": {}}},
}
N = 20


@pytest.fixture
def loaded(tmp_path):
    """A config of one suite with 20 examples on disk."""
    lines = [f'{{"id": "e{i}", "input": {{"q": {i}}}, "output": {{"a": {i}}}}}\n' for i in range(N)]
    (tmp_path / "golden.jsonl").write_text("".join(lines))
    (tmp_path / "app.py").touch()
    (tmp_path / "old.py").touch()
    (tmp_path / "evalgate.yaml").write_text(yaml.safe_dump({"suites": {"s": SUITE}}))
    return load_config(tmp_path / "evalgate.yaml", environ={}, overrides={})


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as opened:
        yield opened


def recorded(journal, loaded, *, changed, config=None, complete=True, partial=None, resumed=False, stored=False):
    """A build in which `changed` examples got worse and each side made a run a second, each half a second long."""
    (suite,) = whole_suites(unguarded(loaded), (), tree=lambda _: [])
    build = journal.create_build(
        BuildRow(
            created_at="2026-01-01",
            config_file="evalgate.yaml",
            config=loaded.config.snapshot() if config is None else config,
            evalgate_version="0",
            partial=partial,
        )
    )
    journal.add_examples(build, "s", suite.examples())
    for side in Side:
        row = ExperimentRow(
            suite="s",
            side=side,
            label=f"the {side}",
            dataset="d",
            dataset_version="v",
            repetitions=1,
            task="t",
            evaluators="e",
            specs=(SPEC,),
            stored=stored and side is Side.BASELINE,
        )
        experiment = journal.add_experiment(build, row)
        for i in range(N):
            wrong = side is Side.CANDIDATE and i < changed
            key = {"experiment": experiment, "example_id": f"e{i}", "sample": "r1"}
            outcome = TaskOutcome(output=i, latency=0.5)
            journal.record(**key, outcome=outcome, started_at=f"2026-01-01T00:00:{i:02}.500+00:00")
            journal.record_evaluations(**key, evaluations=[Evaluation(name="exact_match", score=0.0 if wrong else 1.0)])
    if resumed:
        journal.mark_resumed(build)
    journal.add_seconds(build, 60.0, complete=complete)
    return build


def planned(loaded, journal):
    (suite,) = make_plan(
        whole_suites(unguarded(loaded), (), tree=lambda _: []),
        loaded.config.policy,
        {"s": [SPEC]},
        journal,
        day="2026-01-01",
    ).suites
    (check,) = suite.checks
    return suite, check


def test_the_latest_complete_build_says_noise_and_time(loaded, journal):
    """Twenty runs from the first second to the end of the twentieth: 19.5 s on each side, whatever the wall time."""
    recorded(journal, loaded, changed=10)
    latest = recorded(journal, loaded, changed=4)
    recorded(journal, loaded, changed=20, complete=False)
    recorded(journal, loaded, changed=20, partial="--limit 20")
    suite, check = planned(loaded, journal)
    assert (check.noise.build, check.noise.flip) == (latest, pytest.approx(0.2))
    assert [side.build for side in suite.sides] == [latest, latest]
    assert [side.seconds for side in suite.sides] == pytest.approx([19.5, 19.5], abs=0.01)


def test_a_build_that_lay_still_tells_no_time(loaded, journal):
    """Its noise counts; the time is not known from it."""
    resumed = recorded(journal, loaded, changed=4, resumed=True)
    suite, check = planned(loaded, journal)
    assert check.noise.build == resumed
    assert [side.seconds for side in suite.sides] == [None, None]


def test_a_copied_baseline_tells_no_time(loaded, journal):
    """Its runs were made for another build."""
    recorded(journal, loaded, changed=4, stored=True)
    suite, _ = planned(loaded, journal)
    candidate, baseline = suite.sides
    assert candidate.seconds is not None
    assert baseline.seconds is None


def test_a_build_that_this_version_does_not_read_is_passed_over(loaded, journal):
    """An older one that it reads says the noise."""
    readable = recorded(journal, loaded, changed=4)
    recorded(journal, loaded, changed=10, config={"suites": {"s": {"of": "another version"}}})
    _, check = planned(loaded, journal)
    assert check.noise.build == readable


def test_without_a_journal_nothing_is_known(loaded):
    """Examples and runs are counted all the same."""
    suite, check = planned(loaded, None)
    assert (suite.examples, suite.runs) == (N, 2 * N)
    assert check.noise is None
    assert [side.seconds for side in suite.sides] == [None, None]
