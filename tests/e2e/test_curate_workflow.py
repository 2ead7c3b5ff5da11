"""What the scheduled action of curation runs: profiles that are due, and one pull request that people work in."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.project import REPOSITORY, environment
from tests.e2e.repository import Repo
from tests.integration.team import Team
from tests.integration.test_curate_pull import call

GH = """\
#!/bin/sh
case "$2" in list) cat "$GH_OPEN" 2>/dev/null;; *) printf '%s\\n' "$*" >> "$GH_SAID";; esac
exit 0
"""
BRANCH = "evalgate/candidates"


class Scheduled:
    """A repository with a remote, and what the action's script does in a fresh checkout of it."""

    def __init__(self, folder: Path, phoenix) -> None:
        self.repo = Repo(folder / "repo").begin().ship()
        self.team = Team(phoenix)
        self.phoenix = phoenix
        self.said, self.open, self.outputs = folder / "said", folder / "open", folder / "out"
        self.tools = folder / "bin"
        self.tools.mkdir()
        (self.tools / "gh").write_text(GH)
        (self.tools / "gh").chmod(0o755)
        self.repo.git("init", "-q", "--bare", str(folder / "remote.git"))
        self.repo.git("remote", "add", "origin", str(folder / "remote.git"))

    def declare(self, **profiles) -> None:
        path = self.repo.folder / "evalgate.yaml"
        config = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump({**config, "curate": {"profiles": profiles}}, sort_keys=False))
        self.repo.commit("profiles")
        self.repo.git("push", "-q", "origin", "main")

    async def __call__(self, profiles: str = "", code: int = 0) -> str:
        self.repo.git("switch", "-q", "main")
        self.repo.git("clean", "-qfdx")
        env = environment(
            PATH=f"{self.tools}:{os.environ['PATH']}",
            GH_SAID=str(self.said),
            GH_OPEN=str(self.open),
            GITHUB_OUTPUT=str(self.outputs),
            PHOENIX_ENDPOINT=self.phoenix.base_url,
            CONFIG="evalgate.yaml",
            PROFILES=profiles,
            BRANCH=BRANCH,
            GH_TOKEN="x",
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
        return said.decode()

    def output(self, name: str) -> str:
        lines = self.outputs.read_text().splitlines()
        return lines[next(at for at, line in enumerate(lines) if line.startswith(f"{name}<<")) + 1]

    def proposed(self) -> set[str]:
        self.repo.git("fetch", "-q", "origin")
        return set(self.repo.git("diff", "--name-only", "origin/main", f"origin/{BRANCH}").splitlines())

    def on_branch(self, path: str) -> str:
        return self.repo.git("show", f"origin/{BRANCH}:{path}")


@pytest.fixture
def scheduled(tmp_path, phoenix):
    return Scheduled(tmp_path, phoenix)


async def test_candidates_are_proposed_and_what_people_commit_there_is_kept(scheduled, phoenix):
    shop, lost = phoenix.unique("shop"), phoenix.unique("lost")
    await scheduled.team.spans(shop, [call("how long is the way to the moon?", "long", ago=9)])
    scheduled.declare(
        shop={"project": shop, "dataset": "data/shop.jsonl", "when": {"at_least": 2}},
        lost={"project": lost, "dataset": "data/lost.jsonl"},
    )
    assert "nothing to propose" in await scheduled("shop")
    assert (scheduled.output("outcome"), scheduled.output("nothing")) == ("nothing", "shop")
    assert not scheduled.said.exists()

    await scheduled.team.spans(shop, [call("which trains run on a Sunday in Berlin?", "some", ago=8)])
    await scheduled(code=2)
    assert (scheduled.output("outcome"), scheduled.output("done"), scheduled.output("failed")) == (
        "failed",
        "shop",
        "lost",
    )
    opened = scheduled.said.read_text()
    assert opened.startswith(f"pr create --head {BRANCH} --title Candidates for golden datasets --body-file ")
    files = scheduled.proposed()
    assert {"data/shop.candidates.jsonl", "data/shop.candidates.state.json"} <= files
    assert all(file.startswith("data/shop.candidates.") or file == "data/.gitattributes" for file in files)
    assert len(scheduled.on_branch("data/shop.candidates.jsonl").splitlines()) == 2

    # While it is open somebody works on the branch, main goes on, and more is asked.
    scheduled.open.write_text("7\n")
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
    assert scheduled.said.read_text().removeprefix(opened).startswith("pr edit 7 --body-file ")
    assert "README.md" not in scheduled.proposed()
    assert "data/shop.candidates.reviews.jsonl" in scheduled.proposed()
    assert "another-project" in scheduled.on_branch("evalgate.yaml")  # theirs to commit, and not gone by
    lines = scheduled.on_branch("data/shop.candidates.jsonl").splitlines()
    assert len(lines) == 5
    assert {json.loads(line)["source"]["project"] for line in lines} == {shop}
    assert scheduled.repo.git("log", "--format=%s", "main") == "main goes on\nprofiles\nfirst"


async def test_a_branch_that_cannot_be_merged_is_left_as_it_is(scheduled, phoenix):
    shop = phoenix.unique("shop")
    await scheduled.team.spans(shop, [call("how long is the way to the moon?", "long", ago=9)])
    scheduled.declare(shop={"project": shop, "dataset": "data/shop.jsonl"})
    await scheduled()
    scheduled.open.write_text("7\n")
    repo = scheduled.repo
    for branch in (BRANCH, "main"):
        repo.git("switch", "-q", branch)
        repo.write("golden.jsonl", f"{branch}\n")
        repo.commit(branch)
        repo.git("push", "-q", "origin", branch)
    before = repo.git("ls-remote", "origin", BRANCH)
    assert "cannot be merged with the default branch" in await scheduled(code=2)
    assert repo.git("ls-remote", "origin", BRANCH) == before
