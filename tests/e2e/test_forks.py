"""A pull request from a fork: its run leaves rows, a job that it has no hand in decides again and comments."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from evalgate.cli import main
from tests.e2e.project import Ended
from tests.e2e.repository import Repo
from tests.fake_github import FakeGitHub, Pull, Repository, Run
from tests.unit.report.hostile import HOSTILE as LIST

NAME = "evalgate-rows.jsonl"
HOSTILE = (
    "<!-- evalgate:comment evalgate-forks.yml -->\n<!-- evalgate:end all -->\n"
    "@acme/owners please merge, fixes #1 ![x](https://evil.invalid/a.png) <img src=x onerror=alert(1)>"
    " | ``` \u202e \n::set-output name=verdict::PASS\n::error::x"
)


@dataclass
class Left:
    """What the runs of one repository and its fork left on disk."""

    base: Path
    """A checkout of main, with its journal."""
    rows: bytes
    head: str


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> Left:
    """A fork's change that answers half of the examples wrong; main has stored runs."""
    folder = tmp_path_factory.mktemp("forks")
    repo = Repo(folder / "repo", examples=40).begin().ship(5)
    assert repo.evalgate("baseline", "set", "HEAD", XDG_CACHE_HOME=str(folder / "cache")).code == 0
    shutil.copytree(repo.folder, folder / "base", symlinks=True)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(50)
    head = repo.commit("change")
    payload = {"pull_request": {"head": {"sha": head, "repo": {"full_name": "mallory/support"}}}}
    (folder / "event.json").write_text(json.dumps(payload))
    ended = repo.run(
        *("--rows", str(folder / NAME)),
        GITHUB_ACTIONS="true",
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_EVENT_PATH=str(folder / "event.json"),
        GITHUB_BASE_REF="main",
    )
    assert ended.code == 1, ended.text
    return Left(folder / "base", (folder / NAME).read_bytes(), head)


@dataclass
class Hub:
    """One repository on GitHub with a fork's pull request, and the second workflow over it."""

    github: FakeGitHub
    repository: Repository
    pull: Pull
    run: Run
    token: str
    folder: Path
    left: Left

    def leave(self, content, name="evalgate-rows", **more) -> None:
        self.repository.artifact(self.run, name, content, **more)

    def report(self, monkeypatch=None) -> Ended:
        """Run the second workflow's command in a checkout of main; with `monkeypatch` here, in this process."""
        payload = {
            "action": "completed",
            "repository": {"full_name": self.repository.full_name, "default_branch": "main"},
            "workflow_run": {
                "id": self.run.id,
                "event": "pull_request",
                "head_sha": self.run.head_sha,
                "head_branch": self.run.head_branch,
                "head_repository": {"full_name": self.run.head_repository},
                "pull_requests": [],
                "conclusion": "failure",
            },
        }
        event = self.folder / "event.json"
        event.write_text(json.dumps(payload))
        base = Repo(self.folder / "base")
        if not base.folder.exists():
            shutil.copytree(self.left.base, base.folder, symlinks=True)
        env = {
            **self.github.environment(self.repository, self.token),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "workflow_run",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REF_NAME": "main",
            "GITHUB_WORKFLOW_REF": "acme/support/.github/workflows/evalgate-forks.yml@refs/heads/main",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        return base.evalgate("fork", **env) if monkeypatch is None else here(monkeypatch, base.folder, env, "fork")

    @property
    def comments(self) -> list[str]:
        return [comment.body for comment in self.repository.comments_of(self.pull.number)]

    @property
    def verdict(self) -> str:
        found = re.search(r"^verdict<<.*\n(.*)$", (self.folder / "output").read_text("utf-8"), re.MULTILINE)
        assert found
        return found[1]


def here(monkeypatch, folder: Path, env: dict[str, str], *arguments: str) -> Ended:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with monkeypatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        for name in [each for each in os.environ if each.startswith(("EVALGATE", "GITHUB"))]:
            patched.delenv(name)
        for name, value in env.items():
            patched.setenv(name, value)
        patched.chdir(folder)
        patched.setattr(sys, "argv", ["evalgate", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    assert isinstance(code, int)
    return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture
def hub(left, fake_github, tmp_path) -> Hub:
    repository = fake_github.repository("acme/support")
    pull = repository.pull(
        head=left.head, author="mallory", branch="change", head_repository="mallory/support", number=7
    )
    run = repository.run(pull)
    token = fake_github.job_token("acme/support", actions="read", contents="read", pull_requests="write")
    return Hub(fake_github, repository, pull, run, token, tmp_path, left)


def edited(data: bytes, edit) -> bytes:
    head, *rows = [json.loads(line) for line in data.splitlines()]
    edit(head, rows)
    return b"".join(json.dumps(each).encode() + b"\n" for each in [head, *rows])


def test_the_report_of_a_fork_is_a_comment_that_says_what_it_is_worth(hub):
    """The verdict is worked out again; the job does not fail with it, and a second push updates the one comment."""
    hub.leave({NAME: hub.left.rows})

    ended = hub.report()

    assert ended.code == 0, ended.text
    assert hub.verdict == "FAIL"
    (comment,) = hub.comments
    assert "reported by the fork's own run, not verified" in comment
    assert "whose runs are this repository's own" in comment
    assert "Scored here once more: exact" in comment
    again = hub.report()
    assert again.code == 0, again.text
    assert hub.comments == [comment]


def test_whatever_a_fork_answers_is_text(monkeypatch, hub):
    """Marks, mentions, images, HTML, workflow commands: in the comment, the summary and the log."""

    said = [HOSTILE, *(text[:9_000] for text in LIST if "\0" not in text and text.isprintable() | text.isascii())]

    def forge(head, rows):
        for number, row in enumerate(row for row in rows if row["side"] == "candidate"):
            text = said[number % len(said)]
            if number % 3:
                row["output"] = {"answer": f"{HOSTILE} {text}"}
            else:
                row.update(output=None, evaluations=[])
                row["failure"] = {"kind": "task", "type": "E", "message": HOSTILE + text, "where": text}

    hub.leave({NAME: edited(hub.left.rows, forge)})

    ended = hub.report(monkeypatch)

    assert ended.code == 0, ended.text
    assert hub.verdict == "FAIL", ended.text
    (comment,) = hub.comments
    assert comment.count("<!-- evalgate:comment ") == comment.count("<!-- evalgate:end ") == 1
    for text in (comment, (hub.folder / "summary").read_text("utf-8")):
        bare = re.sub(r"(`+|~{3,}).*?\1", "", text, flags=re.DOTALL)
        assert "evil.invalid" in text
        assert not re.search(r"@acme|!\[x\]|<img|\u202e|fixes #1\b", bare)
    outside = re.sub(r"^::stop-commands::(\w+)$.*?^::\1::$", "", ended.text, flags=re.DOTALL | re.MULTILINE)
    assert "::set-output" not in outside


def _forged_verdict(head, rows):
    head["verdict"] = "PASS"


def _other_commit(head, rows):
    head["head"] = "b" * 40


def _good_ones(head, rows):
    rows[:] = [row for row in rows if row["output"] != {"answer": -1}]
    head["rows"] = len(rows)


REFUSED = {
    "forged verdict": lambda rows: {NAME: edited(rows, _forged_verdict)},
    "another commit": lambda rows: {NAME: edited(rows, _other_commit)},
    "only the good ones": lambda rows: {NAME: edited(rows, _good_ones)},
    "wrong schema": lambda rows: {NAME: b'{"verdict": "PASS"}\n'},
    "a path out": lambda rows: {f"../{NAME}": rows},
    "two files": lambda rows: {NAME: rows, "b": b""},
    "another file": lambda rows: {"verdict.md": b"# PASS"},
    "no archive": lambda rows: b"PASS",
    "a bomb": lambda rows: {NAME: b"\0" * 120_000_000},
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_other_artifact_is_green(monkeypatch, hub, name):
    """Each is UNMEASURABLE, by a comment that says why, and leaves nothing on the disk."""
    hub.leave(REFUSED[name](hub.left.rows))

    ended = hub.report(monkeypatch)

    assert ended.code == 0, ended.text
    assert hub.verdict == "UNMEASURABLE"
    (comment,) = hub.comments
    assert re.search(r"UNMEASURABLE|not a verdict", comment)
    assert "docs/forks.md" in comment
    assert {path.name for path in hub.folder.iterdir()} <= {"base", "event.json", "output", "summary", "cache"}


def test_an_artifact_that_says_it_is_huge_is_not_fetched(monkeypatch, hub):
    hub.leave({NAME: hub.left.rows}, claimed_size=100_000_000)
    assert hub.report(monkeypatch).code == 0
    assert hub.verdict == "UNMEASURABLE"
    assert hub.github.blob_requests == []


def test_of_two_artifacts_of_one_name_the_latest_counts(monkeypatch, hub):
    """A run that is repeated leaves one for each attempt."""
    hub.leave({NAME: b"PASS"})
    hub.leave({NAME: hub.left.rows})
    assert hub.report(monkeypatch).code == 0
    assert hub.verdict == "FAIL"


def test_a_run_that_left_nothing_needs_a_maintainer(monkeypatch, hub):
    ended = hub.report(monkeypatch)
    assert ended.code == 0, ended.text
    assert hub.verdict == "UNMEASURABLE"
    assert "left no report" in hub.comments[0]


def test_the_number_is_githubs(monkeypatch, hub):
    """Another pull request of the same branch name, and one that the rows name, get nothing."""
    victim = hub.repository.pull(head="c" * 40, branch="change", number=1)
    other = hub.repository.pull(head=hub.left.head, branch="change", head_repository="eve/support", number=2)
    hub.leave({NAME: hub.left.rows})
    assert hub.report(monkeypatch).code == 0
    assert len(hub.comments) == 1
    assert not hub.repository.comments_of(victim.number)
    assert not hub.repository.comments_of(other.number)


def test_a_run_of_an_older_push_says_nothing(monkeypatch, hub):
    hub.leave({NAME: hub.left.rows})
    hub.pull.push("d" * 40)
    ended = hub.report(monkeypatch)
    assert ended.code == 4
    assert "it has a newer head" in ended.err
    assert hub.comments == []


def test_a_pull_request_for_another_branch_is_not_decided_by_this_one(monkeypatch, hub):
    hub.leave({NAME: hub.left.rows})
    hub.pull.base = "release"
    assert hub.report(monkeypatch).code == 0
    assert hub.verdict == "UNMEASURABLE"
    assert "is not meant for main" in hub.comments[0]


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        (["README.md"], "PASS"),
        (["app.py"], "UNMEASURABLE"),
        (["app.py => other.py"], "UNMEASURABLE"),
        (["evalgate.yaml"], "UNMEASURABLE"),
    ],
)
def test_that_nothing_changed_is_believed_where_github_lists_nothing_of_it(monkeypatch, hub, files, verdict):
    """It is no news either: a change to a README says it too."""

    def unchanged(head, rows):
        head["suites"]["doubling"]["unchanged"] = True
        head["rows"] = 0
        rows.clear()

    hub.leave({NAME: edited(hub.left.rows, unchanged)})
    hub.pull.files = files
    assert hub.report(monkeypatch).code == 0
    assert hub.verdict == verdict
    assert hub.comments == []


def test_the_fork_itself_is_not_decided_on(monkeypatch, hub):
    """A second workflow that checks out the fork would give it the token."""
    hub.leave({NAME: hub.left.rows})
    base = Repo(hub.folder / "base")
    shutil.copytree(hub.left.base, base.folder, symlinks=True)
    hub.run.head_sha = hub.pull.head_sha = base.git("rev-parse", "HEAD")
    ended = hub.report(monkeypatch)
    assert ended.code == 2
    assert "leave `ref:` out of actions/checkout" in ended.err


def test_what_needs_a_key_needs_a_maintainer(tmp_path):
    """The run of a fork asks nobody, ends with 4 and the recipe, and its report is no pass. A branch has no excuse."""
    repo = Repo(tmp_path / "repo", examples=5).begin()
    repo.write("p.yaml", "messages:\n  - {role: user, content: '{{ q }}'}\n")
    task = {"prompt": "p.yaml", "model": "main/small", "variables": {"q": "input.q"}, "output": "json"}
    repo.ship(5, task=task)
    config = yaml.safe_load((repo.folder / "evalgate.yaml").read_text())
    config["endpoints"] = {"main": {"base_url": "http://127.0.0.1:9/v1", "api_key_env": "MODEL_KEY"}}
    repo.write("evalgate.yaml", yaml.safe_dump(config))
    repo.commit("endpoint")
    shutil.copytree(repo.folder, tmp_path / "base", symlinks=True)
    repo.git("checkout", "-q", "-b", "change")
    repo.write("p.yaml", "messages:\n  - {role: user, content: 'Answer: {{ q }}'}\n")
    head = repo.commit("change")

    def run(full_name):
        payload = {
            "repository": {"full_name": "acme/support"},
            "pull_request": {"head": {"sha": head, "repo": {"full_name": full_name}}},
        }
        (tmp_path / "event.json").write_text(json.dumps(payload))
        return repo.run(
            *("--rows", str(tmp_path / NAME)),
            GITHUB_ACTIONS="true",
            GITHUB_EVENT_NAME="pull_request",
            GITHUB_EVENT_PATH=str(tmp_path / "event.json"),
            GITHUB_BASE_REF="main",
            GITHUB_REPOSITORY="acme/support",
        )

    own = run("acme/support")
    assert own.code == 2
    assert "MODEL_KEY is not set" in own.err
    ended = run("mallory/support")
    assert ended.code == 4, ended.text
    assert "a run from outside of the repository has no key for it" in " ".join(ended.out.split())
    assert "next: a maintainer runs it with the secrets that it needs: docs/forks.md" in ended.out
    again = Repo(tmp_path / "base").evalgate("fork", str(tmp_path / NAME))
    assert again.code == 4, again.text
    assert "a fork has no keys to ask for them" in " ".join(again.out.split())


def test_what_a_comment_says_of_an_earlier_commit_is_put_right_where_nothing_is_changed_by_now(monkeypatch, hub):
    """That nothing has changed is no reason to begin a comment, and none to let an old one stand as it is."""
    hub.leave({NAME: hub.left.rows})
    hub.report(monkeypatch)
    assert "do not merge" in hub.comments[0]
    hub.pull.push("f" * 40)
    hub.run = hub.repository.run(hub.pull)

    def untouched(head, rows):
        head.update(head="f" * 40, commit="f" * 40, rows=0)
        head["suites"] = {name: {"unchanged": True} for name in head["suites"]}
        rows.clear()

    hub.leave({NAME: edited(hub.left.rows, untouched)})
    assert hub.report(monkeypatch).code == 0
    (comment,) = hub.comments
    assert f"leg all {'f' * 40}" in comment
    assert "do not merge" not in comment


def test_a_report_of_no_suite_is_not_passed_over_in_silence(monkeypatch, hub):
    def emptied(head, rows):
        head.update(rows=0, suites={})
        rows.clear()

    hub.leave({NAME: edited(hub.left.rows, emptied)})
    assert hub.report(monkeypatch).code == 0
    assert hub.verdict == "UNMEASURABLE"
    assert len(hub.comments) == 1
