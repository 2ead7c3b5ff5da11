"""`evalgate curate push` into a file: what people are shown, and what is refused."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from evalgate.cli.curate.places import Target
from evalgate.cli.curate.push import command
from evalgate.cli.curate.pushed import Done, lines_of
from evalgate.curate.beside import candidates_file_of
from evalgate.curate.candidates import Candidate, State, Step, read_candidates, write_candidates
from evalgate.curate.reviewing.reviews import Review, append_reviews
from evalgate.curate.reviewing.standing import seen_of
from evalgate.errors import EvalgateError

PULLED = Step(at="2026-01-05T12:00:00+00:00", what="pulled", by="evalgate")


def candidate(number, question="Where is it?", **more):
    content = {"input": {"question": question}, "output": {"answer": "Here."}, "state": State.CHOSEN}
    return Candidate(
        **{"id": f"span:{number:016x}", "source": {"project": "shop"}, "history": (PULLED,), **content, **more}
    )


@pytest.fixture
def push(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, dataset="some.jsonl", code=0):
        ended = CliRunner().invoke(command, ["--dataset", dataset, *arguments])
        if isinstance(ended.exception, EvalgateError):
            assert ended.exception.exit_code == code, ended.exception
            return str(ended.exception)
        assert ended.exit_code == code, ended.output + repr(ended.exception)
        return ended.output

    run.candidates = tmp_path / "some.candidates.jsonl"
    run.file = tmp_path / "some.jsonl"
    return run


def accept(path, *made, by="person", who="ann"):
    write_candidates(path, [*read_candidates(path), *made])
    when = "2026-01-06T09:00:00+00:00"
    append_reviews(
        path,
        [Review(id=each.id, who=who, by=by, at=when, decision="accepted", seen=seen_of(each)) for each in made],
    )


def test_people_see_what_becomes_golden_by_whom_and_what_comes_next(push):
    accept(push.candidates, candidate(1, "\x1b[31mred?"), candidate(2, state=State.NEW))
    accept(push.candidates, candidate(3), by="rule", who="judge:correctness>=1")
    write_candidates(push.candidates, [*read_candidates(push.candidates), candidate(4)])
    said = push("--yes", "--tag", "january")
    assert re.search(r"^some.jsonl is new:\n3 added\nversion [0-9a-f]{12}\n\+ ", said)
    assert f"+ span:{1:016x}  \\x1b[31mred? → Here.  (ann)" in said
    assert f"+ span:{3:016x}  Where is it? → Here.  (the rule judge:correctness>=1)" in said
    assert "3 added: some.jsonl is january, version " in said
    assert "1 chosen wait; next: evalgate curate review --dataset some.jsonl" in said
    assert said.endswith("next: git add some.jsonl some.candidates* && git commit\n")
    assert push() == "nothing was pushed\n1 chosen wait; next: evalgate curate review --dataset some.jsonl\n"


def test_what_a_candidates_file_claims_and_nobody_decided_is_not_pushed(push):
    """A change to the file alone makes nothing golden: decisions are in the reviews file."""
    claimed = Step(at="2026-01-06T09:00:00+00:00", what="accepted", by="person", why="ann")
    write_candidates(push.candidates, [candidate(1).moved(State.ACCEPTED, claimed)])
    assert "nothing was pushed" in push("--yes")
    assert not push.file.exists()


def test_a_second_version_of_a_day_has_a_name_of_its_own(push):
    accept(push.candidates, candidate(1))
    first = json.loads(push("--yes", "--json"))
    accept(push.candidates, candidate(2))
    second = json.loads(push("--yes", "--json"))
    assert second["tag"] == f"{first['tag']}.2"
    assert (second["added"], second["before"]) == ([f"span:{2:016x}"], {"golden": 1, "accepted": 1})
    assert second["phoenix"] is None


def test_nothing_is_written_where_nobody_agreed_or_the_file_cannot_hold_it(push, tmp_path):
    accept(push.candidates, candidate(1))
    assert "nobody can be asked here" in push(code=2)
    assert not push.file.exists()
    assert "end in .jsonl, .ndjson, .json" in push(dataset="some.csv", code=2)
    assert "--phoenix puts a file into Phoenix" in push("--phoenix", "a", dataset="phoenix:b", code=2)
    push.file.write_text('{"id": 1}\n')
    assert "some.jsonl:1" in push("--yes", code=2)
    push.file.unlink()
    push.candidates.write_text("{}\n")
    assert "some.candidates.jsonl:1" in push("--yes", code=2)
    ended = CliRunner().invoke(command, [])
    assert (ended.exit_code, "name --dataset FILE" in ended.output) == (2, True)


def test_a_profile_says_which_dataset(push, tmp_path):
    (tmp_path / "evalgate.yaml").write_text(
        "suites: {s: {dataset: some.jsonl, task: {python: 'a.py:b'}, evaluators: [exact_match],"
        " checks: {exact_match: {at_least: 1.0}}}}\n"
        "curate: {profiles: {shop: {project: shop, dataset: some.jsonl}}}\n"
    )
    accept(push.candidates, candidate(1))
    ended = CliRunner().invoke(command, ["--profile", "shop", "--yes", "--json"])
    assert (ended.exit_code, json.loads(ended.stdout)["added"]) == (0, [f"span:{1:016x}"])
    assert push.file.exists()
    assert "has no profile 'shops'" in push("--profile", "shops", code=2)


def test_what_holds_a_secret_is_not_pushed_whoever_accepted_it(push, tmp_path):
    """A reviewer may have pasted it: what was cleaned is looked at once more."""
    token = "ghp_" + "a1B2" * 9
    accept(push.candidates, candidate(1, f"my token is {token}"), candidate(2, metadata={"password": "hunter2"}))
    said = push("--yes")
    assert said.startswith("nothing was pushed\n2 hold a key, a token or a password and stay")
    assert "evalgate curate clean --dataset some.jsonl" in said
    assert token not in said
    assert not push.file.exists()
    (tmp_path / "evalgate.yaml").write_text(
        "suites: {s: {dataset: some.jsonl, task: {python: 'a.py:b'}, evaluators: [exact_match],"
        " checks: {exact_match: {at_least: 1.0}}}}\n"
        f"curate: {{profiles: {{shop: {{project: shop, dataset: some.jsonl, clean: {{keep: ['{token}']}}}}}}}}\n"
    )
    done = json.loads(push("--profile", "shop", "--yes", "--json"))
    assert (done["added"], done["secret"]) == ([f"span:{1:016x}"], [f"span:{2:016x}"])


@pytest.mark.parametrize("merging", [False, True])
def test_what_is_kept_in_files_of_a_dataset_in_phoenix_is_to_be_committed(tmp_path, monkeypatch, merging):
    monkeypatch.chdir(tmp_path)
    candidates = candidates_file_of("our golden", tmp_path)
    candidates.parent.mkdir()
    if merging:
        candidates.with_name(".gitattributes").touch()
    accepted = SimpleNamespace(states={"golden": 1}, unvouched=(), secret=(), personal=())
    plan = SimpleNamespace(added=("span:1",), replaced=(), same=(), elsewhere=(), differing=())
    target = Target(phoenix="our golden", candidates=candidates)
    done = Done(accepted=accepted, plan=plan, tag="january", version="v1")
    beside = candidates.relative_to(tmp_path).with_suffix("")
    more = " curate/.gitattributes" if merging else ""
    assert lines_of(done, target) == [
        "1 added: phoenix:our golden is january, version v1",
        "its versions: evalgate dataset history 'our golden'",
        f"next: git add {beside}*{more} && git commit",
    ]


@pytest.mark.parametrize(("made", "said"), [(True, []), (False, ["nothing was pushed"])])
def test_what_was_pushed_to_phoenix_alone_is_not_called_nothing(tmp_path, made, said):
    mirrored = SimpleNamespace(
        dataset=SimpleNamespace(name="there"), version=SimpleNamespace(id="v1"), made=made, unlinked=()
    )
    accepted = SimpleNamespace(states={"golden": 3}, unvouched=(), secret=(), personal=())
    plan = SimpleNamespace(added=(), replaced=(), same=(), elsewhere=(), differing=())
    target = Target(file=tmp_path / "some.jsonl", candidates=tmp_path / "some.candidates.jsonl")
    as_before = "" if made else ", as before"
    assert lines_of(Done(accepted=accepted, plan=plan, mirrored=mirrored), target) == [
        *said,
        f"there in Phoenix is version v1{as_before}",
    ]
