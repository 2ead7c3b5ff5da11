"""The pair of workflows that init writes, on a pull request from a fork: one measures without secrets, one reports."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from tests.e2e.hub import Hub, host
from tests.e2e.repository import Repo
from tests.fake_github import FakeGitHub, Pull
from tests.runner import event as events
from tests.runner.event import REPOSITORY as NAME
from tests.runner.event import Event
from tests.runner.workflow import Run

SECRET = "sk-very-secret-0123456789"
FORK = "mallory/answers"


@dataclass
class Outside:
    """A repository, a fork's pull request to it, and what GitHub knows of both."""

    hub: Hub
    github: FakeGitHub
    pull: Pull | None = None
    runs: int = 100

    def change(self, share: int) -> Event:
        """Push to the fork's branch; the fork's copy of the repository is this one."""
        repo = self.hub.repo
        branches = repo.git("branch", "--format=%(refname:short)").split()
        repo.git("checkout", "-q", *(["change"] if "change" in branches else ["-b", "change"]))
        repo.task(share, f"# {share}\n")
        head = repo.commit(f"answer {share} otherwise")
        repo.git("checkout", "-q", "main")
        if self.pull is None:
            known = self.github.repositories[NAME]
            self.pull = known.pull(head=head, number=7, branch="change", author="mallory", head_repository=FORK)
        else:
            self.pull.push(head)
        return self.hub.pull(7, "change", head=FORK)

    def workflow(self, name: str, event: Event) -> Run:
        """Run a workflow as main has it, which is what the fork has too."""
        text = self.hub.repo.git("show", f"main:.github/workflows/{name}.yml")
        ran = self.hub.workflow(text, event)
        assert ran is not None
        return ran

    def reported(self, measured: Event, ran: Run, forged=lambda name, data: data) -> Run:
        """Let GitHub keep what a run left, and run the second workflow for its end."""
        known = self.github.repositories[NAME]
        run = known.run(self.pull)
        for name, archive in self.hub.host.artifacts.of(measured.run_id).items():
            known.artifact(run, name, forged(name, archive.read_bytes()))
        self.runs += 1
        main = self.hub.repo.git("rev-parse", "main")
        ended = events.workflow_run(measured, ran.result, run=run.id, sha=main, run_id=self.runs)
        return self.workflow("evalgate-forks", ended)

    @property
    def comments(self) -> list[str]:
        return [each.body for each in self.github.repositories[NAME].comments_of(7)]


@pytest.fixture
def outside(tmp_path, fake_github):
    repo = Repo(tmp_path / "repo", examples=40).begin()
    repo.ship(5)
    assert repo.evalgate("init", "--forks").code == 0
    repo.commit("workflows")
    fake_github.repository(NAME, private=True)
    github = host(
        tmp_path / "host",
        repo.folder,
        secrets={"OPENAI_API_KEY": SECRET},
        api_url=fake_github.url,
        server_url=fake_github.root,
        token=lambda permissions: fake_github.job_token(
            NAME, **{key.replace("-", "_"): value for key, value in permissions.items()}
        ),
    )
    return Outside(Hub(repo, github), fake_github)


def test_a_fork_is_measured_without_secrets_and_reported_where_it_has_no_hand(outside):
    """FAIL by its own job, and by a comment that is worked out again; mended, the comment is put right."""
    stored = outside.workflow("evalgate", outside.hub.push())
    assert stored.result == "success", stored.only.text

    failing = outside.change(50)
    measured = outside.workflow("evalgate", failing)
    assert measured.result == "failure", measured.only.text
    assert outside.comments == []
    assert "evalgate-rows" in outside.hub.host.artifacts.of(failing.run_id)

    told = outside.reported(failing, measured)
    assert told.result == "success", told.only.text
    (comment,) = outside.comments
    assert "FAIL, reported by the fork's own run, not verified" in comment
    assert "whose runs are this repository's own" in comment

    mended = outside.change(5)
    passed = outside.workflow("evalgate", mended)
    assert passed.result == "success", passed.only.text
    again = outside.reported(mended, passed)
    assert again.result == "success", again.only.text
    (last,) = outside.comments
    assert "PASS, reported by the fork's own run, not verified" in last

    def forged(name, data):
        return json.dumps({"verdict": "PASS", "pull_request": 1}).encode() if name == "evalgate-rows" else data

    refused = outside.reported(mended, passed, forged)
    assert refused.result == "success", refused.only.text
    (end,) = outside.comments
    assert "no archive" in end
    assert "UNMEASURABLE" in end
    shown = "".join(run.only.text + run.only.summary for run in (measured, told, passed, again, refused))
    assert SECRET not in shown + "".join(outside.comments)


def test_a_run_that_was_cancelled_or_is_of_a_branch_is_not_reported(outside):
    failing = outside.change(50)
    main = outside.hub.repo.git("rev-parse", "main")
    for event, conclusion in ((failing, "cancelled"), (failing, "action_required")):
        ended = events.workflow_run(event, conclusion, run=1, sha=main, run_id=500)
        assert outside.workflow("evalgate-forks", ended).only.result == "skipped"
    own = outside.hub.pull(8, "change")
    ended = events.workflow_run(own, "failure", run=1, sha=main, run_id=501)
    assert outside.workflow("evalgate-forks", ended).only.result == "skipped"
