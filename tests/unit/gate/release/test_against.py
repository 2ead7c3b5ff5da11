"""What a release is compared with, on real repositories and a real journal."""

from dataclasses import replace
from pathlib import Path

import pytest

from evalgate.errors import BaselineError, ConfigurationError
from evalgate.gate.release.against import Known, Tagged, require_another, shipped, tag_names
from evalgate.journal.builds import BuildRow
from evalgate.journal.releases import ReleaseRow
from evalgate.journal.store import Journal
from evalgate.phoenix.experiments.records import BuildRecord, ExperimentRecord
from evalgate.records import Side
from evalgate.suite.config import Config
from tests.unit.gate.release.verdicts import body, suite
from tests.unit.git.repositories import commit, git, repository

SUITE = {
    "dataset": "golden.jsonl",
    "task": {"python": "app.py:answer"},
    "evaluators": [{"exact_match": {"path": "answer"}}],
    "checks": {"exact_match": {"no_regression": {}}},
}


def config(**suites: dict) -> Config:
    return Config.model_validate({"suites": suites or {"support": SUITE}})


@pytest.fixture
def at(tmp_path: Path):
    where = tmp_path / "repo"
    where.mkdir()
    git(where, "init", "-q", "-b", "main")
    with Journal(tmp_path / "journal.db") as journal:
        yield where, Known(journal=journal, repository=repository(where), tagged=None)


def record(**more) -> ExperimentRecord:
    build = BuildRecord(id=1, created_at="t", config_file="c", config={}, evalgate_version="1", **more)
    return ExperimentRecord(
        uid="u", build=build, suite="support", side=Side.CANDIDATE, label="l", dataset="d", dataset_version="v",
        repetitions=1, task="t", evaluators="e", specs=(),
    )  # fmt: skip


def one(known, asked=None):
    return shipped(config(), ["support"], asked, known)["support"]


def released(journal: Journal, sha: str, *, finished: bool = True, **more) -> None:
    build = BuildRow(created_at="2026-11-20", config_file="c", config={}, evalgate_version="1")
    said = body(commit=sha, **more)
    number = journal.create_build(build)
    journal.set_release(ReleaseRow(build=number, tag="production", commit=sha, verdict=said, finished=finished))


def test_phoenix_comes_first_then_the_journal_then_git(at):
    where, known = at
    commits = [commit(where, a_py=str(number)) for number in range(5)]
    assert one(known).baseline is None

    git(where, "tag", "v1.0", commits[0])
    git(where, "tag", "nightly", commits[3])
    git(where, "tag", "v2.0", commits[4])
    assert one(known).commit == commits[0], "of versions, and not what is checked out itself"

    git(where, "branch", "production", commits[1])
    assert one(known).commit == commits[1]

    released(known.journal, commits[2])
    released(known.journal, commits[3], finished=False)
    released(known.journal, commits[3], decision=body()["decision"] | {"verdict": "FAIL", "exit_code": 1})
    released(known.journal, commits[3], suites=[suite("billing")])
    build = BuildRow(created_at="2026-11-20", config_file="c", config={}, evalgate_version="9")
    number = known.journal.create_build(build)
    later = {"of": "another version"}
    row = ReleaseRow(build=number, tag="production", commit=commits[3], verdict=later, finished=True)
    known.journal.set_release(row)
    assert one(known).commit == commits[2], "the last that was finished, that passed, and that had this suite"

    tagged = Tagged(experiment="RXhwOjE=", record=record(commit=commits[3]))
    found = one(replace(known, tagged=lambda name, tag: tagged if tag == "production" else None))
    assert (found.baseline, found.commit) == (f"git:{commits[3]}", commits[3])
    assert "has the tag production" in found.words


@pytest.mark.parametrize("more", [{"commit": "f" * 40}, {"commit": None}, {"dirty": True}])
def test_an_experiment_of_no_commit_that_is_here_is_compared_with_as_it_is(at, more):
    where, known = at
    head = commit(where, a_py="1")
    tagged = Tagged(experiment="RXhwOjE=", record=record(**{"commit": head, **more}))
    found = one(replace(known, tagged=lambda name, tag: tagged))
    assert (found.baseline, found.commit) == ("experiment:RXhwOjE=", None)


def test_what_is_named_is_meant(at):
    where, known = at
    first, _ = commit(where, a_py="1"), commit(where, a_py="2")
    git(where, "tag", "v1.0", first)
    for asked in ("v1.0", "git:v1.0", first, first[:10]):
        assert one(known, asked).commit == first
    assert one(known, "build:7").baseline == "build:7"
    tagged = Tagged(experiment="RXhwOjE=", record=record(commit=first))
    assert one(replace(known, tagged=lambda name, tag: tagged), "phoenix-tag:staging").commit == first
    for asked, error in (("v9", BaselineError), ("merge-base", BaselineError), ("merge-base:main", ConfigurationError)):
        with pytest.raises(error):
            one(known, asked)
    with pytest.raises(ConfigurationError, match="none of"):
        one(known, "tag:v1.0")


def test_what_is_checked_out_is_compared_with_something_else(at):
    where, known = at
    head = commit(where, a_py="1")
    with pytest.raises(ConfigurationError, match="already"):
        require_another(shipped(config(), ["support"], "HEAD", known), head, "production")
    require_another(shipped(config(), ["support"], None, known), head, "production")


def test_suites_on_one_dataset_have_a_tag_each():
    hub = {"phoenix": "golden", "version": "latest"}
    both = config(one=SUITE | {"dataset": hub}, Two_2=SUITE | {"dataset": hub}, three=SUITE)
    assert tag_names(both) == {"one": "production-one", "Two_2": "production-two_2", "three": "production"}
