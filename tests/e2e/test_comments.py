"""What is said under a pull request, and that it costs no verdict: a step of a workflow against GitHub's API."""

import time

import pytest

from tests.e2e.pull_requests import PullRequest
from tests.e2e.repository import Repo
from tests.fake_github import Fault
from tests.fake_github.fixtures import fake_github  # noqa: F401  # a fixture

BAD, FINE = 45, 5


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin().ship()


@pytest.fixture
def worse(repo, fake_github):  # noqa: F811
    return PullRequest.open(repo, fake_github, BAD)


@pytest.fixture
def fine(repo, fake_github):  # noqa: F811
    return PullRequest.open(repo, fake_github, FINE - 1)


def test_one_comment_that_is_kept_true(worse):
    """It fails, it is run again, it is mended: one comment, written only where there is something new."""
    ended = worse.run()
    assert ended.code == 1
    assert worse.comment.startswith("<!-- evalgate:comment evalgate.yml -->\n<!-- evalgate:leg all ")
    assert "FAIL: do not merge" in worse.comment
    assert f"{worse.github.root}/acme/support/actions/runs/4711" in worse.comment
    assert worse.outputs["comment-url"].startswith("http")
    assert worse.outputs["verdict"] == "FAIL"
    assert "No comment" not in ended.err + worse.summary

    writes = worse.writes()
    assert worse.run().code == 1
    assert worse.writes() - writes <= 1, "what differs is what it cost"
    assert len(worse.comments) == 1

    worse.push(FINE)
    ended = worse.run()
    assert ended.code == 0
    assert "fine to merge" in worse.comment
    assert "do not merge" not in worse.comment
    (only,) = worse.comments
    assert any("Of the older commit" in body for body in only.revisions) or len(only.revisions) < 4


def test_a_pass_says_nothing_that_nobody_asked_for(fine):
    assert fine.run().code == 0
    assert (fine.comments, fine.outputs["comment-url"]) == ([], "")
    assert "fine to merge" in fine.summary
    assert fine.run("--comment", "always").code == 0
    assert "fine to merge" in fine.comment


def test_never_is_never(worse):
    assert worse.run(EVALGATE_RUN_COMMENT="never").code == 1
    assert worse.comments == []
    assert worse.github.asked(path="comments") == []


def test_without_a_token_or_a_pull_request_nobody_is_asked(worse):
    worse.token = None
    assert worse.run().code == 1
    assert worse.run(GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/change").code in (0, 1)
    assert worse.github.requests == []


def test_drafts_can_be_left_out(repo, fake_github):  # noqa: F811
    draft = PullRequest.open(repo, fake_github, BAD, draft=True)
    assert draft.run("--no-comment-drafts").code == 1
    assert draft.comments == []
    assert draft.run().code == 1
    assert "do not merge" in draft.comment


def test_what_was_said_is_put_right_where_a_run_ends_without_a_verdict(worse):
    worse.run()
    worse.repo.write("evalgate.yaml", "suites: 3\n")
    ended = worse.run()
    assert ended.code == 2
    assert "NO VERDICT: this run ended with exit 2." in worse.comment
    assert "do not merge" not in worse.comment


def test_an_error_is_no_reason_to_begin(worse):
    worse.repo.write("evalgate.yaml", "suites: 3\n")
    assert worse.run().code == 2
    assert worse.comments == []


def test_an_older_commit_that_is_run_again_says_nothing(worse):
    old = worse.head
    worse.run()
    said = worse.comment
    worse.push(FINE)
    worse.head = old
    worse.repo.git("checkout", "-q", old)
    ended = worse.run()
    assert ended.code == 1
    assert worse.comment == said
    assert "No comment: the pull request has a newer commit, which is measured by itself." in ended.err
    assert "newer commit" in worse.summary


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(kind="status", path="comments", status=403, times=99), "No comment:"),
        (Fault(kind="status", path="comments", status=404, times=99), "No comment:"),
        (Fault(kind="status", method="POST", path="comments", status=422, times=99), "No comment:"),
        (Fault(kind="primary_limit", path="comments", seconds=3600, times=99), "it asks to be left alone"),
        (Fault(kind="secondary_limit", path="comments", seconds=600, times=99), "it asks to be left alone"),
        (Fault(kind="html", path="graphql", times=99), "gave no usable answer"),
        (Fault(kind="huge", path="comments", size=80_000_000, times=99), "No comment:"),
    ],
    ids=lambda value: f"{value.kind} {value.status}" if isinstance(value, Fault) else "",
)
def test_a_failure_to_comment_changes_nothing(worse, fault, said):
    worse.run("--comment", "never")
    worse.github.faults.append(fault)
    began = time.monotonic()
    ended = worse.run()
    assert ended.code == 1
    assert time.monotonic() - began < 40
    assert said in ended.err
    assert said in worse.summary.replace("&#58;", ":")
    assert worse.outputs["verdict"] == "FAIL"
    assert worse.token not in ended.out + ended.err + worse.summary


def test_a_fork_is_told_where_its_report_is(repo, fake_github):  # noqa: F811
    fork = PullRequest.open(repo, fake_github, BAD, head_repository="visitor/support", author="visitor")
    fork.token = fake_github.job_token(fork.repository.full_name, contents="read", pull_requests="read")
    ended = fork.run()
    assert ended.code == 1
    assert "No comment: the token of a pull request from a fork only reads." in ended.err
    assert "No comment: the token of a pull request from a fork only reads." in fork.summary
    assert fork.comments == []


def test_live_says_how_far_it_is(worse):
    assert worse.run("--comment", "live").code == 1
    (only,) = worse.comments
    assert "do not merge" in only.body


def test_the_token_reaches_no_worker(worse):
    """Not even where a task asks for all there is."""
    worse.repo.write(
        "app.py",
        "import os\ndef answer(input):\n    return {'answer': os.environ.get('EVALGATE_GITHUB_TOKEN', 'nothing')}\n",
    )
    worse.repo.config(task={"python": "app.py:answer", "env": ["*"], "workers": 1})
    worse.head = worse.repo.commit()
    worse.pull.push(worse.head)
    worse.run("--report-json", "report.json")
    assert worse.token not in (worse.repo.folder / "report.json").read_text() + worse.comment
    assert "nothing" in (worse.repo.folder / "report.json").read_text() + worse.comment
