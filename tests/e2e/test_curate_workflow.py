"""What the scheduled action of curation runs: profiles that are due, and one pull request that people work in.

GitHub's own `gh` asks; what answers behaves like GitHub (tests/fake_github).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from tests.e2e.project import REPOSITORY, environment
from tests.e2e.repository import Repo
from tests.fake_github import FakeGitHub, Fault
from tests.fake_github.gh import settings
from tests.fake_github.git import served
from tests.integration.team import Team
from tests.integration.test_curate_pull import call

BRANCH = "evalgate/candidates"
NAME = "acme/support"


class Scheduled:
    """A repository with a remote, GitHub beside it, and what the action's script does in a fresh checkout of it."""

    def __init__(self, folder: Path, phoenix, github: FakeGitHub) -> None:
        self.repo = Repo(folder / "repo").begin().ship()
        self.team = Team(phoenix)
        self.phoenix, self.github = phoenix, github
        self.outputs = folder / "out"
        self.gh = settings(folder / "gh", github)
        self.repo.git("init", "-q", "--bare", str(folder / "remote.git"))
        self.repo.git("remote", "add", "origin", str(folder / "remote.git"))
        self.repository = github.repository(NAME, has_branch=lambda name: bool(self.tip(name)))
        self.token = github.job_token(NAME, pull_requests="write", contents="write")
        self.host = "https://github.com"

    def declare(self, **profiles) -> None:
        path = self.repo.folder / "evalgate.yaml"
        config = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump({**config, "curate": {"profiles": profiles}}, sort_keys=False))
        self.repo.commit("profiles")
        self.repo.git("push", "-q", "origin", "main")

    async def one(self) -> str:
        """Let there be one span, and a profile of its project; return the project's name."""
        shop = self.phoenix.unique("shop")
        await self.team.spans(shop, [call("how long is the way to the moon?", "long", ago=9)])
        self.declare(shop={"project": shop, "dataset": "data/shop.jsonl"})
        return shop

    async def __call__(self, profiles: str = "", code: int = 0, **more: str) -> str:
        self.repo.git("switch", "-q", "main")
        self.repo.git("clean", "-qfdx")
        env = environment(
            **self.gh,
            GITHUB_OUTPUT=str(self.outputs),
            GITHUB_REPOSITORY=NAME,
            GITHUB_SERVER_URL=self.host,
            PHOENIX_ENDPOINT=self.phoenix.base_url,
            CONFIG="evalgate.yaml",
            PROFILES=profiles,
            BRANCH=BRANCH,
            **{"GH_TOKEN": self.token, **more},
        )
        self.outputs.write_text("")
        script = REPOSITORY / ".github/actions/curate/propose.sh"
        process = await asyncio.create_subprocess_exec(
            *("bash", script, sys.executable, "-P", "-m", "evalgate"),
            cwd=self.repo.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == code, said.decode()
        assert env["GH_TOKEN"] not in said.decode()
        return said.decode()

    def output(self, name: str) -> str:
        lines = self.outputs.read_text().splitlines()
        return lines[next(at for at, line in enumerate(lines) if line.startswith(f"{name}<<")) + 1]

    def tip(self, branch: str) -> str:
        """Return the commit that a branch of the remote is at; empty where there is none."""
        return self.repo.git("ls-remote", "origin", f"refs/heads/{branch}").partition("\t")[0]

    def proposed(self) -> set[str]:
        self.repo.git("fetch", "-q", "origin")
        return set(self.repo.git("diff", "--name-only", "origin/main", f"origin/{BRANCH}").splitlines())

    def on_branch(self, path: str) -> str:
        return self.repo.git("show", f"origin/{BRANCH}:{path}")


@pytest.fixture(params=[""])
def scheduled(tmp_path, phoenix, request):
    # The path of a socket is short, that of a test's folder is not.
    with tempfile.TemporaryDirectory() as short, FakeGitHub(base=request.param, socket=f"{short}/api") as github:
        yield Scheduled(tmp_path, phoenix, github)


async def test_candidates_are_proposed_and_what_people_commit_there_is_kept(scheduled, phoenix):
    shop, lost = phoenix.unique("shop"), phoenix.unique("lost")
    await scheduled.team.spans(shop, [call("how long is the way to the moon?", "long", ago=9)])
    scheduled.declare(
        shop={"project": shop, "dataset": "data/shop.jsonl", "when": {"at_least": 2}},
        lost={"project": lost, "dataset": "data/lost.jsonl"},
    )
    assert "nothing to propose" in await scheduled("shop")
    assert (scheduled.output("outcome"), scheduled.output("nothing")) == ("nothing", "shop")
    assert scheduled.repository.pulls == {}

    await scheduled.team.spans(shop, [call("which trains run on a Sunday in Berlin?", "some", ago=8)])
    await scheduled(code=2)
    assert (scheduled.output("outcome"), scheduled.output("done"), scheduled.output("failed")) == (
        "failed",
        "shop",
        "lost",
    )
    (opened,) = scheduled.repository.opened()
    assert (opened.branch, opened.base, opened.title) == (BRANCH, "main", "Candidates for golden datasets")
    assert (opened.author, opened.from_fork) == ("github-actions[bot]", False)
    first = opened.body
    assert "shop" in first
    files = scheduled.proposed()
    assert {"data/shop.candidates.jsonl", "data/shop.candidates.state.json"} <= files
    assert all(file.startswith("data/shop.candidates.") or file == "data/.gitattributes" for file in files)
    assert len(scheduled.on_branch("data/shop.candidates.jsonl").splitlines()) == 2

    # While it is open somebody works on the branch, main goes on, and more is asked.
    repo = scheduled.repo
    repo.git("switch", "-q", BRANCH)
    repo.write("data/shop.candidates.reviews.jsonl", "")
    config = (repo.folder / "evalgate.yaml").read_text()
    repo.write("evalgate.yaml", config.replace(shop, "another-project"))
    repo.commit("a review begins, and where data comes from is another")
    repo.git("push", "-q", "origin", BRANCH)
    repo.git("switch", "-q", "main")
    repo.write("README.md", "more\n")
    repo.commit("main goes on")
    repo.git("push", "-q", "origin", "main")
    more = [call(f"what is the {n}th river of the world?", "a river", ago=n + 1) for n in range(3)]
    await scheduled.team.spans(shop, more)
    await scheduled("shop")
    assert scheduled.repository.opened() == [opened]
    assert opened.body != first
    assert "3" in opened.body
    assert "README.md" not in scheduled.proposed()
    assert "data/shop.candidates.reviews.jsonl" in scheduled.proposed()
    assert "another-project" in scheduled.on_branch("evalgate.yaml")  # theirs to commit, and not gone by
    lines = scheduled.on_branch("data/shop.candidates.jsonl").splitlines()
    assert len(lines) == 5
    assert {json.loads(line)["source"]["project"] for line in lines} == {shop}
    assert scheduled.repo.git("log", "--format=%s", "main") == "main goes on\nprofiles\nfirst"


async def test_a_branch_that_cannot_be_merged_is_left_as_it_is(scheduled):
    await scheduled.one()
    await scheduled()
    repo = scheduled.repo
    for branch in (BRANCH, "main"):
        repo.git("switch", "-q", branch)
        repo.write("golden.jsonl", f"{branch}\n")
        repo.commit(branch)
        repo.git("push", "-q", "origin", branch)
    before = scheduled.tip(BRANCH)
    assert "cannot be merged with the default branch" in await scheduled(code=2)
    assert scheduled.tip(BRANCH) == before


async def test_pull_requests_of_forks_and_closed_ones_are_none_of_ours(scheduled):
    await scheduled.one()
    for head in ("mallory/support", "acme/copy"):
        scheduled.repository.pull(head="b" * 40, branch=BRANCH, head_repository=head, body="theirs")
    await scheduled()
    *theirs, first = scheduled.repository.opened()
    assert [each.body for each in theirs] == ["theirs", "theirs"]
    first.happens("closed", by="dana")
    await scheduled()
    assert [each.number for each in scheduled.repository.opened()] == [1, 2, 4]
    assert (first.branch, first.body) == (BRANCH, scheduled.repository.pulls[4].body)


async def test_where_it_may_open_none_it_says_which_setting_to_change(scheduled):
    await scheduled.one()
    scheduled.repository.actions_may_open = False
    said = await scheduled(code=4)
    assert f"::error::{BRANCH} is pushed, and a pull request could not be opened: gh: GitHub Actions" in said
    assert "next: tick 'Allow GitHub Actions to create and approve pull requests' under Settings, Actions" in said
    assert scheduled.output("outcome") == "done"
    assert "data/shop.candidates.jsonl" in scheduled.proposed()
    # Somebody opens it by hand, and decides there.
    opened = scheduled.repository.pull(head=scheduled.tip(BRANCH), branch=BRANCH, body="by hand")
    scheduled.repo.git("switch", "-q", BRANCH)
    scheduled.repo.write("data/shop.candidates.reviews.jsonl", "")
    scheduled.repo.commit("a review begins")
    scheduled.repo.git("push", "-q", "origin", BRANCH)
    shop = json.loads(scheduled.on_branch("data/shop.candidates.jsonl").splitlines()[0])["source"]["project"]
    await scheduled.team.spans(shop, [call("which trains run on a Sunday in Berlin?", "some", ago=8)])
    await scheduled()
    assert scheduled.repository.opened() == [opened]
    assert opened.body != "by hand"
    assert "data/shop.candidates.reviews.jsonl" in scheduled.proposed()


async def test_one_that_somebody_opens_meanwhile_is_edited(scheduled):
    await scheduled.one()
    opened = scheduled.repository.pull(head="b" * 40, branch=BRANCH, body="meanwhile")
    scheduled.github.faults = [Fault(kind="stale_list", method="GET", path="/pulls$")]
    await scheduled()
    assert scheduled.repository.opened() == [opened]
    assert opened.body != "meanwhile"


async def test_what_github_refuses_is_said_before_anything_is_done(scheduled):
    """A token that is none, one without the right, a limit, a server that fails; the token is never shown."""
    shop = await scheduled.one()
    looking = scheduled.github.job_token(NAME, pull_requests="read")
    refusals = [
        ({"GH_TOKEN": "ghs_nobodys"}, [], "Bad credentials (HTTP 401)", "give the action a token that is still good"),
        ({}, [Fault(kind="primary_limit", seconds=60)], "API rate limit exceeded", "run it again in an hour"),
        ({}, [Fault(kind="echo_token", status=502)], "(HTTP 502)", "run it again"),
    ]
    for more, faults, said, following in refusals:
        scheduled.github.faults = faults
        shown = await scheduled(code=4, **more)
        assert "::error::pull requests could not be listed: gh: " in shown
        assert said in shown
        assert f"next: {following}\n" in shown
        assert shop not in shown
    assert scheduled.tip(BRANCH) == ""
    shown = await scheduled(code=4, GH_TOKEN=looking)
    assert "Resource not accessible by integration (HTTP 403) next: give the job permissions: {contents: write" in shown
    scheduled.repo.git("remote", "set-url", "--push", "origin", str(scheduled.repo.folder / "nowhere.git"))
    assert f"::error::{BRANCH} could not be pushed; next: give the job permissions: {{contents" in await scheduled(
        code=4
    )
    assert scheduled.repository.pulls == {}


@pytest.mark.parametrize(
    ("scheduled", "host"),
    [("", "github.com"), ("/api/v3", "github.example.com")],
    ids=["github.com", "a server of one's own"],
    indirect=["scheduled"],
)
async def test_git_and_github_are_given_the_token_wherever_they_are(scheduled, host, tmp_path):
    """The remote is GitHub's address, which lets git fetch and push with the token that gh gives it, and no other."""
    scheduled.host = f"https://{host}"
    shop = await scheduled.one()
    bare = tmp_path / "served" / NAME
    shutil.copytree(tmp_path / "remote.git", bare)
    scheduled.repo.git("remote", "set-url", "origin", f"https://{host}/{NAME}")
    scheduled.repository.has_branch = bool
    with served(tmp_path / "served", scheduled.token) as named:
        await scheduled(**named)
        (opened,) = scheduled.repository.opened()
        first = opened.body
        await scheduled.team.spans(shop, [call("which trains run on a Sunday in Berlin?", "some", ago=8)])
        await scheduled(**named)
        assert scheduled.repository.opened() == [opened]
        assert opened.body != first
        other = scheduled.github.job_token(NAME, pull_requests="write")
        assert f"::error::{BRANCH} could not be fetched; next: give" in await scheduled(code=4, GH_TOKEN=other, **named)
    log = ["git", "-C", str(bare), "log", "--format=%s", f"main..{BRANCH}"]
    said = await asyncio.to_thread(subprocess.run, log, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["Candidates for golden datasets"] * 2
    assert {each.login for each in scheduled.github.requests} == {"github-actions[bot]"}
