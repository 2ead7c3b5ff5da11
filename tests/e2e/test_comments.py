"""What is said under a pull request, and that it costs no verdict: a step of a workflow against GitHub's API."""

import json
import threading
import time

import pytest

from tests.e2e.pull_requests import PullRequest
from tests.e2e.repository import Repo
from tests.fake_github import Fault

BAD, FINE = 45, 5
"""Of a hundred examples, how many a task gets wrong; main gets 5 wrong."""


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin().ship()


@pytest.fixture
def worse(repo, fake_github):
    return PullRequest.open(repo, fake_github, BAD)


@pytest.fixture
def fine(repo, fake_github):
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


def test_drafts_can_be_left_out(repo, fake_github):
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


FAULTS = [
    (Fault(kind="status", path="comments", status=403, times=99), "No comment:"),
    (Fault(kind="status", path="comments", status=404, times=99), "No comment:"),
    (Fault(kind="status", method="POST", path="comments", status=422, times=99), "No comment:"),
    (Fault(kind="primary_limit", path="comments", seconds=3600, times=99), "it asks to be left alone"),
    (Fault(kind="secondary_limit", path="comments", seconds=600, times=99), "it asks to be left alone"),
    (Fault(kind="html", path="graphql", times=99), "gave no usable answer"),
    (Fault(kind="echo_token", path="comments", times=99), "No comment:"),
]


def test_a_failure_to_comment_changes_nothing(worse):
    """Not the verdict, not the exit code, not what else is left; it is said, without the token."""
    worse.run("--comment", "never")
    for fault, said in FAULTS:
        worse.github.faults[:] = [fault]
        began = time.monotonic()
        ended = worse.run()
        assert (ended.code, worse.outputs["verdict"], worse.outputs["comment-url"]) == (1, "FAIL", "")
        assert time.monotonic() - began < 40, fault
        assert said in ended.err, fault
        assert said in worse.summary.replace("&#58;", ":"), fault
        assert worse.token not in ended.out + ended.err + worse.summary, fault
    assert worse.comments == []


def test_a_fork_is_told_where_its_report_is(repo, fake_github):
    fork = PullRequest.open(repo, fake_github, BAD, head_repository="visitor/support", author="visitor")
    fork.token = fake_github.job_token(fork.repository.full_name, contents="read", pull_requests="read")
    ended = fork.run()
    assert ended.code == 1
    assert "No comment: the token of a pull request from a fork only reads." in ended.err
    assert "No comment: the token of a pull request from a fork only reads." in fork.summary
    assert fork.comments == []


WAITING = """\
import os, time
SHARE = {share}

def answer(input):
    for _ in range(3_000):
        if os.path.exists({go!r}):
            break
        time.sleep(0.01)
    return {{"answer": input["q"] * 2 if input["q"] % 100 >= SHARE else -1}}
"""


def let_go(pull, go):
    """Let the task answer once the comment has said that it is waited for."""
    for _ in range(3_000):
        if any("no verdict yet" in body for each in pull.comments for body in each.revisions):
            break
        time.sleep(0.01)
    go.touch()


def test_while_it_runs(worse, tmp_path):
    """What was said of an earlier commit is marked as that, and stays readable; live says how far the new one is."""
    worse.run()
    go = tmp_path / "go"
    worse.repo.task = lambda share: worse.repo.write("app.py", WAITING.format(share=share, go=str(go)))
    worse.push(BAD - 1)
    watching = threading.Thread(target=let_go, args=(worse, go))
    watching.start()
    assert worse.run("--comment", "live").code == 1
    watching.join()
    (only,) = worse.comments
    stale = next(body for body in only.revisions if "Of the older commit" in body)
    assert "do not merge" in stale
    live = next(body for body in only.revisions if "no verdict yet" in body)
    assert only.revisions.index(stale) < only.revisions.index(live) < len(only.revisions) - 1
    assert "do not merge" in only.body
    assert "no verdict yet" not in only.body


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


def seen(pull):
    """Let a run of the workflow have seen the head, as GitHub dates it; then let time pass."""
    pull.repository.run(pull.pull)
    pull.github.clock.advance(60)


def test_a_label_accepts_what_fails_of_its_commit(worse):
    """Set by somebody else who may write: the verdict stays FAIL, and blocks nothing. The next push voids it."""
    assert worse.run().code == 1
    seen(worse)
    worse.pull.label("evalgate:accept", by="dana")
    ended = worse.run()
    assert ended.code == 1
    told = "The label evalgate:accept does not count: dana set it, who is the author"
    assert told in ended.err
    assert "who is the author" in worse.summary
    assert "who is the author" in worse.comment
    worse.pull.unlabel("evalgate:accept", by="dana")
    worse.pull.label("evalgate:accept", by="lee")
    ended = worse.run()
    assert (ended.code, worse.outputs["verdict"], worse.outputs["accepted"]) == (0, "FAIL", "true")
    assert "FAIL, accepted by lee" in worse.comment
    assert "FAIL, accepted by lee" in worse.summary
    again = worse.repo.evalgate("decide")
    assert (again.code, "Accepted by lee, who set the label" in " ".join(again.out.split())) == (0, True)

    worse.push(BAD + 5)
    seen(worse)
    ended = worse.run()
    assert (ended.code, worse.outputs["accepted"]) == (1, "false")
    assert "does not count: lee set it before" in ended.err


def test_a_label_skips_and_that_is_no_pass(worse):
    assert worse.run().code == 1
    seen(worse)
    worse.pull.label("evalgate:skip", by="lee")
    worse.repo.calls()
    ended = worse.run("--no-cache", "--report-json", "skipped.json")
    assert (ended.code, worse.repo.calls()) == (0, {})
    assert (worse.outputs["verdict"], worse.outputs["accepted"]) == ("SKIPPED", "false")
    for text in (ended.out, worse.summary, worse.comment):
        assert "SKIPPED" in text
        assert "PASS" not in text.replace("no pass", "")
    assert "do not merge" not in worse.comment
    assert "lee set the label" in worse.comment
    decided = worse.run(command="decide")
    assert (decided.code, worse.outputs["verdict"]) == (0, "SKIPPED")

    worse.push(BAD + 5)
    seen(worse)
    assert worse.run().code == 1
    assert "do not merge" in worse.comment


def test_labels_that_nobody_can_look_up_do_not_count(worse):
    seen(worse)
    worse.pull.label("evalgate:skip", by="lee")
    worse.github.faults.append(Fault(kind="status", path="timeline", status=403, times=99))
    ended = worse.run()
    assert (ended.code, worse.outputs["verdict"]) == (1, "FAIL")
    assert "Labels do not count: whether the label evalgate:skip counts could not be found out" in ended.err


def test_labels_of_an_answer_that_nobody_thought_of_do_not_count(worse):
    """Whatever GitHub says of a label, the run goes on without it."""
    worse.github.clock.advance(60)
    seen(worse)
    worse.pull.label("evalgate:skip", by="lee")
    timeline = [{"event": "labeled", "created_at": "2099-11-20T10:00:00Z", "label": {"name": "evalgate:skip"}}]
    timeline[0]["actor"] = {"login": "\ud800", "type": "User"}
    worse.github.faults.append(Fault(kind="status", path="timeline", status=200, body=json.dumps(timeline), times=99))
    ended = worse.run()
    assert (ended.code, worse.outputs["verdict"]) == (1, "FAIL"), ended.text
    assert "Labels do not count: GitHub's answer could not be read (UnicodeEncodeError)." in ended.err
