"""`evalgate dataset history FILE EXAMPLE`: an example's life by its candidates file and the commits of its dataset."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from evalgate.cli.dataset_history import history
from evalgate.curate.candidates import Candidate, State, Step, write_candidates
from evalgate.errors import EvalgateError
from tests.unit.git.repositories import commit, git

SPAN = "0123456789abcdef"
STEPS = (
    Step(at="2020-01-05T12:00:00+00:00", what="pulled", by="evalgate"),
    Step(at="2020-01-05T13:00:00+00:00", what="redacted", by="evalgate", why="2 names"),
    Step(at="2020-01-06T12:00:00+00:00", what="accepted", by="person", why="ann: right"),
    Step(at="2020-01-06T13:00:00+00:00", what="pushed", by="evalgate", why="golden-2020-01-06: some.jsonl"),
)


def line(question, **more):
    return json.dumps({"id": f"span:{SPAN}", "input": {"q": question}, **more}) + "\n"


def test_the_versions_of_a_file_are_commits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.jsonl").write_text(line("a"))
    ended = CliRunner().invoke(history, ["some.jsonl"])
    assert ended.exit_code == 2
    assert "`git log some.jsonl` lists them; name an EXAMPLE" in ended.output


@pytest.fixture
def told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        ended = CliRunner().invoke(history, ["some.jsonl", *arguments])
        if isinstance(ended.exception, EvalgateError):
            assert ended.exception.exit_code == code
            return str(ended.exception)
        assert ended.exit_code == code, ended.output
        return ended.output

    return run


def test_one_example_from_its_span_to_what_is_not_committed_yet(told, tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    other = '{"id": "other", "input": {}}\n'
    commit(tmp_path, some_jsonl=other)
    commit(tmp_path, some_jsonl=other + line("one"))
    commit(tmp_path, some_jsonl="no dataset at all")
    edited = commit(tmp_path, some_jsonl=line("two", metadata={"lang": "de"}) + other)
    commit(tmp_path, else_txt="nothing of it")
    (tmp_path / "some.jsonl").write_text(line("three", metadata={"lang": "de"}))
    own = Candidate(
        id=f"span:{SPAN}", input={}, state=State.GOLDEN, source={"span": SPAN, "project": "shop"}, history=STEPS
    )
    write_candidates(tmp_path / "some.candidates.jsonl", [own])
    lines = told(SPAN).splitlines()
    assert lines[0] == f"span:{SPAN} of some.jsonl: golden"
    assert lines[1] == f"2020-01-05 12:00  pulled  by evalgate  span {SPAN} of shop"
    assert [each.split("  ")[1] for each in lines[2:]] == [
        *("redacted", "accepted", "pushed", "added", "removed", "added", "edited input.q"),
    ]
    assert lines[-2].endswith(f"by n  commit {edited[:7]}  more")
    assert lines[-1].endswith("not committed")
    report = json.loads(told(f"span:{SPAN}", "--json"))
    assert (report["state"], len(report["events"])) == ("golden", 8)
    short = json.loads(told(SPAN, "--limit", "1", "--json"))["events"]
    assert [each["what"] for each in short[4:]] == ["there already", "edited input.q"]


def test_without_candidates_an_example_tells_its_own(told, tmp_path):
    curated = {"span": SPAN, "project": "shop", "history": [{"at": STEPS[0].at, "what": "pulled", "by": "evalgate"}]}
    (tmp_path / "some.jsonl").write_text(json.dumps({"id": "named", "input": {}, "metadata": {"curated": curated}}))
    lines = told(f"span:{SPAN}").splitlines()
    assert lines == ["named of some.jsonl: golden", f"2020-01-05 12:00  pulled  by evalgate  span {SPAN} of shop"]
    (tmp_path / "some.jsonl").write_text('{"id": "plain", "input": {}}')
    assert "nothing is known of where it came from" in told("plain")


def test_a_candidate_that_is_not_golden_is_said_to_be_none(told, tmp_path):
    own = Candidate(id=f"span:{SPAN}", input={}, state=State.CHOSEN, source={"span": SPAN}, history=STEPS[:2])
    write_candidates(tmp_path / "some.candidates.jsonl", [own])
    assert told(SPAN).startswith(f"span:{SPAN} of some.jsonl: not in the dataset (chosen)\n")
    assert "has no example 'nobody'" in told("nobody", code=2)
