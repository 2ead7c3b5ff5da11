"""Baselines that move: by a run on the default branch, or because somebody set one; their history, and the ratchet."""

import json
import re

import pytest

from tests.e2e.repository import Repo


@pytest.fixture
def repo(tmp_path):
    repo = Repo(tmp_path / "repo").begin()
    repo.git("config", "user.name", "Jo Doe")
    repo.git("config", "user.email", "jo@example.com")
    return repo


def push(repo, before):
    """The environment of a run for a push to main."""
    event = repo.folder.parent / "push.json"
    event.write_text(json.dumps({"before": before, "repository": {"default_branch": "main"}}))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REF_NAME": "main",
        "GITHUB_ACTOR": "jo",
    }


def history(repo):
    ended = repo.evalgate("baseline", "history", "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_a_push_stores_the_new_head_and_compares_it_with_what_was_there_before(repo):
    repo.ship(share=5)
    first = repo.git("rev-parse", "HEAD")
    repo.task(4)
    second = repo.commit()
    found = repo.measured(**push(repo, first))
    # The head three times to store it; then both sides, as nothing is stored of what was there before.
    assert (found["verdict"], repo.calls()) == ("PASS", {"4": 240, "5": 120})

    repo.task(3)
    repo.commit()
    third = repo.measured(**push(repo, second))
    assert (third["verdict"], repo.calls()) == ("PASS", {"3": 120}), "stored once, and those runs are compared"

    again = repo.measured(**push(repo, second))
    assert (again["checks"], repo.calls()) == (third["checks"], {})

    repo.git("checkout", "-q", "-b", "change")
    repo.task(2)
    repo.commit()
    assert (repo.measured()["verdict"], repo.calls()) == ("PASS", {"2": 40}), "a change finds what main stored"


def test_what_main_is_now_is_stored_whatever_the_verdict(repo):
    repo.ship(share=0)
    first = repo.git("rev-parse", "HEAD")
    repo.run(**push(repo, first))
    repo.calls()
    repo.task(20)
    second = repo.commit()
    ended = repo.run("--json", **push(repo, first))
    assert (ended.code, repo.calls()) == (1, {"20": 120 + 120, "0": 120})
    repo.git("checkout", "-q", "-b", "change")
    repo.task(19)
    repo.commit()
    assert (repo.measured()["verdict"], repo.calls()) == ("PASS", {"19": 40}), "compared with main as it is now"
    entries = history(repo)["baselines"]
    assert [(entry["commit"], entry["how"], entry["set_by"], entry["verdict"]) for entry in entries] == [
        (second, "push", "jo", "FAIL"),
        (first, "push", "jo", "PASS"),
    ]


def test_a_baseline_is_set_of_a_commit(repo):
    repo.ship(share=5)
    first = repo.git("rev-parse", "HEAD")
    repo.task(4)
    second = repo.commit()
    ended = repo.evalgate("baseline", "set", first)
    assert ended.code == 0, ended.text
    assert repo.calls() == {"5": 120}
    assert f"{first[:7]} is stored: 3 runs of each of 40 examples of doubling, 120 made now." in ended.out
    listed = repo.evalgate("journal", "list").out
    assert re.search(r"^   1  \S+  baseline  [0-9a-f]{7} ", listed), listed
    decided = repo.evalgate("decide", "1")
    assert (decided.code, "holds the runs of a baseline alone: it has no verdict" in decided.err) == (2, True)
    exported = repo.evalgate("journal", "export", "1", "--to", "one.db")
    assert exported.out == "baseline 1 written to one.db; see it: evalgate baseline history --journal one.db\n"
    (repo.folder / "one.db").unlink()
    again = repo.evalgate("baseline", "set", first)
    assert (again.code, repo.calls()) == (0, {})
    assert "3 runs of each of 40 examples of doubling, all of them known before." in again.out
    assert repo.evalgate("baseline", "set").code == 0
    assert repo.calls() == {"4": 120}
    entries = history(repo)["baselines"]
    assert [(entry["commit"], entry["how"], entry["set_by"]) for entry in entries] == [
        (second, "set", "Jo Doe <jo@example.com>"),
        (first, "set", "Jo Doe <jo@example.com>"),
        (first, "set", "Jo Doe <jo@example.com>"),
    ]


def test_a_baseline_is_set_of_the_commit_that_a_build_measured(repo):
    """Anew: what a build answered may have passed by luck."""
    repo.ship(share=5)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    commit = repo.commit()
    build = json.loads(repo.run("--json").out)["build"]["id"]
    repo.calls()
    assert repo.evalgate("baseline", "set", str(build)).code == 0
    assert repo.calls() == {"4": 120}
    assert history(repo)["baselines"][0]["commit"] == commit
    repo.task(3)
    dirty = json.loads(repo.run("--json").out)["build"]["id"]
    ended = repo.evalgate("baseline", "set", str(dirty))
    assert ended.code == 2
    assert f"build {dirty} measured changes that nobody committed, so no commit is what it measured" in ended.err


def test_show_says_what_is_stored_of_the_commit_that_would_be_compared_with(repo):
    repo.ship(share=5)
    base = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-b", "change")
    before = repo.evalgate("baseline", "show")
    assert before.code == 0, before.err
    assert f"doubling main@{base[:7]}: nothing is stored of it" in before.out
    assert repo.evalgate("baseline", "set", base).code == 0
    after = json.loads(repo.evalgate("baseline", "show", "--json").out)
    (suite,) = after["suites"]
    assert (suite["name"], suite["commit"], suite["repetitions"], suite["examples"], suite["lacking"]) == (
        "doubling",
        base,
        3,
        40,
        0,
    )


def test_baselines_that_drift_down_together_are_said_with_the_figure(repo):
    """Each step is small enough to pass; all of them together are a regression. It is no verdict of any change."""
    repo.examples = 100
    repo.ship(share=0)
    before = repo.git("rev-parse", "HEAD")
    repo.run(**push(repo, before))
    for share in (4, 8, 12, 16):
        repo.task(share)
        commit = repo.commit()
        assert repo.run(**push(repo, before)).code == 0, f"{share} of a hundred"
        before = commit
    ended = repo.evalgate("baseline", "history")
    said = " ".join(ended.out.split())
    assert "exact_match: 16 points below main@" in said
    assert "could really be" in said
    assert ended.code == 0
    found = history(repo)["drift"]
    assert [(entry["suite"], entry["check"], entry["drop"]) for entry in found] == [
        ("doubling", "exact_match", pytest.approx(0.16))
    ]
    repo.git("checkout", "-q", "-b", "change")
    repo.task(15)
    repo.commit()
    change = repo.run()
    assert change.code == 0
    assert "Baselines have drifted down together" in " ".join(change.out.split())
    assert "Baselines have drifted down together" in " ".join(repo.evalgate("decide").out.split())


@pytest.mark.parametrize("what", ["nope", "99", ""])
def test_a_baseline_that_is_nowhere_is_the_callers_mistake(tmp_path, what):
    ended = Repo(tmp_path / "repo").begin().ship().evalgate("baseline", "set", what)
    said = f"evalgate: there is no build, branch, tag or commit {what!r}, here or at the remote\n"
    then = "  next: evalgate journal list shows builds, git branch --all branches\n"
    assert (ended.code, ended.err) == (2, said + then)
