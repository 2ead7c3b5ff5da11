"""What the journal knows of its mirror."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalgate.journal.builds import BuildRow, ExperimentRow, ProblemRow
from evalgate.journal.mirrors import MirrorRow, SentRun
from evalgate.journal.store import Journal
from evalgate.journal.transfer import export_build
from evalgate.records import ErrorKind, Evaluation, Example, Failure, Side, TaskOutcome

AT = "2026-01-02T03:04:05+00:00"
FAILED = TaskOutcome(failure=Failure(kind=ErrorKind.INFRASTRUCTURE, type="Timeout", message="late"))


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as store:
        build = store.create_build(BuildRow(created_at=AT, config_file="c", config={}, evalgate_version="1"))
        examples = [Example(id=f"e{n}", input={"q": n}) for n in range(70)]
        store.add_examples(build, "s", examples)
        for side in Side:
            row = ExperimentRow(
                suite="s", side=side, label="l", dataset="d", dataset_version="v", repetitions=1, task="t",
                evaluators="e", specs=(),
            )  # fmt: skip
            store.add_experiment(build, row)
        yield store


def record(journal, example, sample="r1", outcome=None, experiment=1):
    outcome = outcome or TaskOutcome(output=example)
    journal.record(experiment=experiment, example_id=example, sample=sample, outcome=outcome, started_at=AT)


def test_runs_come_in_the_order_in_which_they_were_written_page_by_page(journal):
    for number in range(69, -1, -1):
        record(journal, f"e{number}")
        record(journal, f"e{number}", experiment=2)
    evaluations = [Evaluation(name="b", score=1.0), Evaluation(name="a", label="x")]
    journal.record_evaluations(experiment=1, example_id="e3", sample="r1", evaluations=evaluations)
    found = list(journal.recorded_runs(1))
    assert [run.example_id for run in found] == [f"e{number}" for number in range(69, -1, -1)]
    assert [run.position for run in found] == [*range(69, -1, -1)]
    third = found[-4]
    assert third.evaluations == (evaluations[1], evaluations[0])
    assert third == journal.recorded_run(1, "e3", "r1")
    assert dict(journal.example_hashes(1, "s"))["e3"] == third.content
    assert [run.example_id for run in journal.recorded_runs(1, found[66].rowid)] == ["e2", "e1", "e0"]
    assert journal.recorded_run(1, "e3", "r2") is None


def test_samples_are_numbered_once_and_for_ever(journal):
    assert journal.numbered_samples(1, ["r1", "again1"]) == {"r1": 1, "again1": 2}
    assert journal.numbered_samples(1, ["key-1", "r1"]) == {"r1": 1, "again1": 2, "key-1": 3}
    assert journal.numbered_samples(2, ["key-1"]) == {"key-1": 1}


def test_what_was_sent_is_known_until_another_experiment_takes_its_place(journal):
    record(journal, "e1", outcome=FAILED)
    mirror = MirrorRow(experiment=1, uid="u", server="http://x", withheld=False)
    journal.set_mirror(mirror)
    sent = SentRun(example_id="e1", sample="r1", remote="R", digest="D")
    journal.add_sent(1, [sent])
    journal.set_change(1, "e1", "r1", "regressed")
    assert (journal.sent_count(1), journal.changes_said(1)) == ((1, 1), {("e1", "r1"): "regressed"})
    journal.set_mirror(replace(mirror, remote="X", ended=True, obstacle="\ud800"))
    assert journal.mirror(1) == replace(mirror, remote="X", ended=True, obstacle="\\ud800")
    assert journal.sent(1, "e1", "r1") == sent
    journal.add_sent(1, [replace(sent, digest="E")])
    assert journal.changes_said(1) == {}  # a run that is written anew loses what was said of it
    journal.set_mirror(replace(mirror, uid="v"))
    assert journal.sent(1, "e1", "r1") is None


def test_builds_that_were_begun_and_are_not_all_there(journal):
    assert journal.unmirrored() == []
    mirror = MirrorRow(experiment=2, uid="u", server="", withheld=True)
    journal.set_mirror(mirror)
    assert journal.unmirrored() == []  # the build has not ended
    journal.add_seconds(1, 1.0, complete=True)
    assert journal.unmirrored() == [1]
    assert journal.mirrors(1) == [mirror]
    journal.set_mirror(replace(mirror, ended=True))
    assert journal.unmirrored() == []


def test_what_stands_against_a_suite_for_its_mirror_is_one_problem_and_goes(journal):
    other = ProblemRow(suite="s", kind="service", message="m", next_step="evalgate run")
    journal.add_problem(1, other)
    journal.settle_problem(1, "s", "sync", "away")
    journal.settle_problem(1, "s", "sync", "still away")
    assert [each.message for each in journal.problems(1)] == ["m", "still away"]
    journal.settle_problem(1, "s", "sync")
    assert journal.problems(1) == [other]


def test_a_build_that_is_exported_takes_its_mirror_along(journal, tmp_path):
    journal.add_examples(1, "t", [])
    record(journal, "e1")
    journal.set_mirror(MirrorRow(experiment=1, uid="u", server="http://x", withheld=False))
    journal.add_sent(1, [SentRun(example_id="e1", sample="r1", remote="R", digest="D")])
    journal.numbered_samples(1, ["r1"])
    export_build(journal.path, 1, tmp_path / "one.db")
    with Journal(tmp_path / "one.db") as other:
        assert other.mirrors(1) == journal.mirrors(1)
        assert other.sent_count(1) == (1, 1)
        assert other.numbered_samples(1, ()) == {"r1": 1}
