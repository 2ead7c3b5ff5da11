"""The measurements of one change, counted over its builds: what they do to the next one, and to the promise."""

import json

import pytest

from tests.e2e.repository import Repo


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin()


def in_pull_request(repo, number):
    event = repo.folder.parent / f"event-{number}.json"
    event.write_text(json.dumps({"number": number, "pull_request": {"number": number}}))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REF": f"refs/pull/{number}/head",
        "GITHUB_BASE_REF": "main",
    }


def report(repo, **env):
    return json.loads(repo.run("--json", **env).out)


def counted(told):
    return (told["build"]["change"], told["build"]["measurement"], told["build"]["failed_before"])


def test_a_pull_request_that_failed_is_not_screened_the_next_time(repo):
    """What failed is drawn anew on both sides at once; what passed is screened again. A rerun is no measurement."""
    repo.ship(share=5)
    repo.git("checkout", "-q", "-b", "tone")
    pull_request = in_pull_request(repo, 12)
    repo.task(25)
    repo.commit()
    first = report(repo, **pull_request)
    assert (first["verdict"], counted(first), repo.calls()) == (
        "FAIL",
        ("pull request 12", 1, 0),
        {"25": 120, "5": 120},
    )
    assert first["decision"]["measurement"] is None

    again = report(repo, **pull_request)
    assert (again["verdict"], counted(again), repo.calls()) == ("FAIL", ("pull request 12", 1, 0), {})

    repo.task(4)
    repo.commit()
    second = report(repo, **pull_request)
    assert (second["verdict"], counted(second)) == ("PASS", ("pull request 12", 2, 1))
    assert repo.calls() == {"4": 120, "5": 120}, "both sides anew: no screen after a FAIL"
    assert (
        "The measurement of pull request 12 before this one failed, so nothing was screened: both sides were drawn 3"
        " times at once."
    ) in second["suites"][0]["notes"]
    assert second["decision"]["measurement"] == (
        "This is measurement 2 of pull request 12; the one before it failed. The promise is for each measurement by"
        " itself: a change that does nothing, measured 2 times, fails at least once up to about 10 times in 100."
    )

    repo.task(3)
    repo.commit()
    third = report(repo, **pull_request)
    assert not any("nothing was screened" in note for note in third["suites"][0]["notes"])
    assert (third["verdict"], counted(third), repo.calls()) == ("PASS", ("pull request 12", 3, 1), {"3": 40})

    other = report(repo, **in_pull_request(repo, 13))
    assert counted(other) == ("pull request 13", 1, 0)
    assert repo.calls() == {}

    decided = repo.evalgate("decide", str(third["build"]["id"]), "--json")
    assert json.loads(decided.out)["decision"] == third["decision"]
    shown = repo.evalgate("decide", str(third["build"]["id"]))
    assert "This is measurement 3 of pull request 12; 1 of the 2 before it failed." in " ".join(shown.out.split())


def test_without_a_pull_request_the_branch_is_the_change(repo):
    """But not the branch that changes are meant for, whose history is everybody's."""
    repo.ship(share=5)
    repo.task(6)
    assert counted(report(repo)) == (None, 1, 0)
    repo.git("checkout", "-q", "-b", "tone")
    repo.task(7)
    repo.commit()
    assert counted(report(repo)) == ("branch tone", 1, 0)
    repo.task(8)
    repo.commit()
    assert counted(report(repo)) == ("branch tone", 2, 0)


def test_a_sample_is_no_measurement(repo):
    repo.ship(share=5)
    repo.git("checkout", "-q", "-b", "tone")
    repo.task(7)
    repo.commit()
    assert counted(report(repo)) == ("branch tone", 1, 0)
    repo.task(8)
    repo.commit()
    repo.run("--limit", "3")
    assert counted(report(repo)) == ("branch tone", 2, 0)
