"""Prompts in Phoenix through the command line: what is sent, what is said of it, and how a hub edit meets the gate."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile

import pytest
import yaml

from evalgate.journal.store import Journal
from tests.e2e.project import REPOSITORY, Project, environment
from tests.e2e.repository import Repo
from tests.fake_github import FakeGitHub
from tests.fake_github.gh import settings
from tests.fake_model import FakeModel, Rule
from tests.phoenix_server import FaultProxy
from tests.phoenix_server.prompts import asked, tag, version_of, write


def suite(prompt, **more) -> dict:
    return {
        "dataset": "golden.jsonl",
        "task": {"prompt": prompt, "variables": {"q": "input.q"}, "temperature": 0, "output": "json"},
        "evaluators": [{"exact_match": {"path": "answer"}}],
        "checks": {"exact_match": {"no_regression": {"rule_out_drop": 0.15}}},
        **more,
    }


def config(base_url: str, **suites) -> str:
    return yaml.safe_dump({"suites": suites, "endpoints": {"openai": {"base_url": base_url}}}, sort_keys=False)


def golden(count: int = 20) -> str:
    return "".join(
        json.dumps({"id": f"e{q}", "input": {"q": f"number {q}"}, "output": {"answer": 4}}) + "\n" for q in range(count)
    )


def tagged_now(phoenix, name: str, tag: str = "production") -> str:
    """The id of the version that has a tag."""
    return asked(phoenix, "GET", f"v1/prompts/{name}/tags/{tag}")["data"]["id"]


RIGHT = Rule(when="", reply='{"answer": 4}')
WRONG = Rule(when="badly", reply='{"answer": 5}')


class Asked:
    """A project, a model and a server, and the command line between them."""

    def __init__(self, project: Project, fake: FakeModel, phoenix) -> None:
        self.project, self.fake, self.phoenix = project, fake, phoenix

    async def __call__(self, *arguments: str, **env: str):
        env = {"PHOENIX_ENDPOINT": self.phoenix.base_url, **env}
        return await asyncio.to_thread(lambda: self.project.evalgate(*arguments, **env))

    def prepare(self, **suites) -> None:
        self.project.write("golden.jsonl", golden())
        self.project.write("evalgate.yaml", config(self.fake.base_url, **suites))

    @property
    def sent(self) -> list[dict]:
        return [request["body"] for request in self.fake.requests]


@pytest.fixture
async def asks(tmp_path, phoenix):
    async with FakeModel() as fake:
        yield Asked(Project(tmp_path), fake, phoenix)


@pytest.fixture
async def repo(tmp_path, phoenix):
    async with FakeModel() as fake:
        yield Asked(Repo(tmp_path / "repo").begin(), fake, phoenix)


async def test_both_sides_send_their_versions_and_the_report_says_which(asks, phoenix):
    """What goes out is what Phoenix's client makes of each version, with the overrides that the report lists."""
    name = phoenix.unique("answers")
    ids = write(phoenix, name, "one {{q}}", version_of("two {{ q }}", model_name="large"))
    tag(phoenix, ids[1], "production")
    asks.fake.rules = [RIGHT]
    baseline = {"task": {"prompt": {"phoenix": name, "version": ids[0]}}}
    asks.prepare(support=suite({"phoenix": name, "tag": "production"}, baseline=baseline))

    ended = await asks("run", "--report-json", "report.json")

    assert ended.code == 0, ended.text
    assert len(asks.sent) == 40
    assert {"model": "small", "messages": [{"role": "user", "content": "one number 3"}], "temperature": 0} in asks.sent
    assert {"model": "large", "messages": [{"role": "user", "content": "two number 3"}], "temperature": 0} in asks.sent
    report = json.loads((asks.project.folder / "report.json").read_text())["suites"][0]
    assert report["notes"] == [
        f"The candidate sends the prompt {name} version 2 (tag production, looked up once for this build).",
        f"The baseline sends the prompt {name} version 1.",
        "Both sides: temperature 0 instead of the hub's 0.7.",
    ]
    with Journal(asks.project.folder / ".evalgate" / "journal.db", create=False) as journal:
        watched = [row.watched for row in journal.experiments(1)]
    assert watched[0][f"prompt {name} (tag production)"].startswith(f"version 2 {ids[1]} ")
    assert watched[1][f"prompt {name}"].startswith(f"version 1 {ids[0]} ")

    replayed = await asks("run", "--replay", "--quiet")
    assert replayed.code == 0, replayed.text
    assert len(asks.sent) == 40


async def test_a_pinned_prompt_needs_no_server_once_it_was_pulled(asks, phoenix):
    name = phoenix.unique("answers")
    write(phoenix, name, "one {{q}}", "two {{q}}")
    asks.fake.rules = [RIGHT]
    baseline = {"task": {"prompt": {"phoenix": name, "version": 1}}}
    asks.prepare(support=suite({"phoenix": name, "version": 2}, baseline=baseline))
    async with FaultProxy(phoenix.base_url) as proxy:
        there = await asks("run", PHOENIX_ENDPOINT=proxy.base_url)
        await proxy.down()
        away = await asks("run", "--replay", PHOENIX_ENDPOINT=proxy.base_url)
    assert (there.code, away.code) == (0, 0), away.text
    said = " ".join(away.out.split())
    for number in (1, 2):
        assert f"the copy of {name} version {number} that was pulled before is used." in said
    assert len(asks.sent) == 40


async def test_a_tag_on_both_sides_is_unmeasurable_until_it_is_pinned(repo, phoenix):
    """A hub edit meets the ordinary gate: `prompt pin` writes versions, and the base and the change differ by git."""
    name = phoenix.unique("answers")
    ids = write(phoenix, name, "well {{q}}", "badly {{q}}")
    tag(phoenix, ids[0], "production")
    repo.fake.rules = [WRONG, RIGHT]
    project = repo.project
    repo.prepare(support=suite({"phoenix": name, "tag": "production"}))
    project.write("evalgate.yaml", (project.folder / "evalgate.yaml").read_text() + "# the end\n")
    project.commit("first")
    project.git("checkout", "-q", "-b", "change")
    project.write("README", "x")
    project.commit("a change of something else")

    moving = await repo("run", "--as-pull-request")
    assert moving.code == 4
    assert f"Both sides are the same hub version, {name} version 1 (tag production)" in " ".join(moving.out.split())
    assert "next: evalgate prompt pin, and commit what it writes" in moving.out
    assert repo.sent == []

    project.git("checkout", "-q", "main")
    pinned = await repo("prompt", "pin")
    assert (pinned.code, pinned.out) == (0, f"support: {name} tag production → v1\n")
    written = (project.folder / "evalgate.yaml").read_text()
    assert "version: 1\n" in written
    assert "tag:" not in written
    assert written.endswith("# the end\n")
    assert (await repo("prompt", "pin")).err == (
        f"support: {name} version 1 is pinned; the latest is version 2 (evalgate prompt pin --latest)\n"
    )
    project.git("checkout", "-q", "-b", "pinned")
    project.commit("pin")
    pinning = await repo("run", "--as-pull-request")
    assert pinning.code == 0, pinning.text
    assert "Nothing that this suite runs has changed" in " ".join(pinning.out.split())
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "pinned")

    project.git("checkout", "-q", "-b", "newer")
    newer = await repo("prompt", "pin", "--latest")
    assert newer.out == f"support: {name} v1 → v2\n"
    project.commit(newer.out)
    gated = await repo("run", "--as-pull-request")
    assert gated.code == 1, gated.text
    assert "The candidate sends the prompt" in gated.out
    contents = {body["messages"][0]["content"].split()[0] for body in repo.sent}
    assert contents == {"well", "badly"}


async def test_another_version_is_gated_before_its_tag_moves(repo, phoenix):
    name = phoenix.unique("answers")
    ids = write(phoenix, name, "well {{q}}", "badly {{q}}", "as well {{q}}")
    tag(phoenix, ids[0], "production")
    tag(phoenix, ids[2], "staging")
    repo.fake.rules = [WRONG, RIGHT]
    repo.prepare(support=suite({"phoenix": name, "tag": "production"}))
    repo.project.commit("first")

    worse = await repo("run", "--prompt-version", "2")
    assert worse.code == 1
    assert "evalgate accept" not in worse.text
    assert "evalgate prompt tag" not in worse.text
    staged = await repo("run", "--prompt-version", "support=staging")
    assert staged.code == 0, staged.text
    assert f"The baseline sends the prompt {name} version 1 (tag production" in " ".join(staged.out.split())
    (step,) = re.findall(r"^next: evalgate (prompt tag .+)$", staged.out, re.MULTILINE)
    assert step == f"prompt tag {name} 3 production --expect 1"
    same = await repo("run", "--prompt-version", "1")
    assert same.code == 4
    assert "Both sides are the same hub version" in same.out
    reviewed = await repo("run", "--prompt-version", "2", "--as-pull-request")
    assert reviewed.code == 2
    assert "a pull request is compared with its base" in reviewed.err
    moved = await repo(*step.split(), "--yes")
    assert (moved.code, tagged_now(phoenix, name)) == (0, ids[2]), moved.text


async def test_a_build_that_goes_on_keeps_the_version_that_its_tag_was(asks, phoenix):
    name = phoenix.unique("answers")
    ids = write(phoenix, name, "one {{q}}", "two {{q}}")
    tag(phoenix, ids[0], "production")
    asks.fake.rules = [RIGHT]
    checks = {"exact_match": {"at_least": 0.5}}
    asks.prepare(support=suite({"phoenix": name, "tag": "production"}, checks=checks))
    stopped = await asks("run", "--set", "budget.calls=5", "--set", "endpoints.openai.concurrency=1")
    assert stopped.code == 4, stopped.text

    tag(phoenix, ids[1], "production")
    before = len(asks.sent)
    resumed = await asks("run", "--resume")
    assert resumed.code == 0, resumed.text
    assert {body["messages"][0]["content"].split()[0] for body in asks.sent[before:]} == {"one"}
    assert f"{name} version 1" in " ".join(resumed.out.split())


async def test_what_is_wrong_is_said_before_anything_is_paid(asks, phoenix):
    name = phoenix.unique("answers")
    write(
        phoenix,
        name,
        "one {{q}} {{tone}}",
        version_of("x", model_provider="GROQ", invocation_parameters={"type": "groq", "groq": {}}),
    )
    for prompt, said in (
        ({"phoenix": name, "version": 1}, "has variables that nothing is put in for: tone"),
        ({"phoenix": name, "version": 2}, "there is no endpoint `groq` to call it at"),
        ({"phoenix": name, "tag": "none"}, f"no version of {name} has the tag none"),
    ):
        asks.prepare(support=suite(prompt, baseline=None, checks={"exact_match": {"at_least": 0.5}}))
        ended = await asks("run")
        assert (ended.code, said in ended.err, "next: " in ended.err) == (2, True, True), ended.text
    assert asks.sent == []
    unset = await asks("run", PHOENIX_ENDPOINT="")
    assert unset.code == 2
    assert "PHOENIX_ENDPOINT is not set" in unset.err


async def test_a_prompt_goes_to_phoenix_and_comes_back(asks, phoenix):
    """push shows and asks, writes once, and says where; pull, diff and tag go with it."""
    name = phoenix.unique("support")
    asks.project.write("p.yaml", "messages:\n- role: user\n  content: 'Q: {{ q }}'\n")
    nobody = await asks("prompt", "push", "p.yaml", "--to", name, "--model", "openai/small")
    assert nobody.code == 2
    assert '+  content: "Q: {{ q }}"' in nobody.out
    assert f"`evalgate prompt push p.yaml --to {name} --model openai/small --yes` does it" in nobody.err

    pushed = await asks("prompt", "push", "p.yaml", "--to", name, "--model", "openai/small", "--yes")
    assert f"wrote {name} version 1 (" in pushed.out
    again = await asks("prompt", "push", "p.yaml", "--to", name, "--yes")
    assert again.out == f"{name} version 1 says the same: nothing to write\n"

    asks.project.write("p.yaml", "messages:\n- {role: system, content: Be kind.}\n- role: user\n  content: '{{ q }}'\n")
    assert f"wrote {name} version 2 (" in (await asks("prompt", "push", "p.yaml", "--to", name, "--yes")).out
    differs = await asks("prompt", "diff", f"phoenix:{name}@1", "p.yaml")
    assert "+- role: system\n+  content: Be kind.\n" in differs.out
    assert (
        await asks("prompt", "diff", f"phoenix:{name}", "p.yaml")
    ).out == f"{name} version 2 and p.yaml say the same\n"

    pulled = await asks("prompt", "pull", name, "q.yaml", "--version", "2")
    assert pulled.out == f"wrote q.yaml from {name} version 2\n"
    assert "next: say in its task what the file does not: model: openai/small" in pulled.err
    assert (await asks("prompt", "diff", "p.yaml", "q.yaml")).out == "p.yaml and q.yaml say the same\n"
    guarded = await asks("prompt", "tag", name, "1", "production", "--expect", "none")
    assert f"`evalgate prompt tag {name} 1 production --expect none --yes` does it" in guarded.err
    moved = await asks("prompt", "tag", name, "1", "production", "--yes")
    assert moved.out == f"the tag production of {name} moved from no version to version 1\n"


async def test_versions_of_the_hub_are_compared_side_by_side(asks, phoenix):
    name = phoenix.unique("answers")
    write(phoenix, name, "well {{q}}", "badly {{q}}")
    asks.fake.rules = [WRONG, RIGHT]
    checks = {"exact_match": {"at_least": 0.5}}
    asks.prepare(support=suite({"phoenix": name, "version": 1}, baseline=None, checks=checks))
    flags = ["--prompt", f"phoenix:{name}@1", "--prompt", f"phoenix:{name}@2"]
    ended = await asks("compare", *flags, "--json")
    assert ended.code == 0, ended.text
    contenders = json.loads(ended.out)["suites"][0]["contenders"]
    assert [each["name"] for each in contenders] == [f"{name} version 1", f"{name} version 2"]
    assert [each["label"].partition(" on ")[0] for each in contenders] == [f"{name} version 1", f"{name} version 2"]


@pytest.fixture
def github():
    with tempfile.TemporaryDirectory() as short, FakeGitHub(socket=f"{short}/api") as server:
        yield server


async def test_newer_versions_are_proposed_in_one_pull_request(repo, phoenix, tmp_path, github):
    """What the scheduled action runs: pinned, committed on its branch, pushed, and opened once, by GitHub's own gh."""
    name = phoenix.unique("answers")
    write(phoenix, name, "one {{q}}")
    project = repo.project
    repo.prepare(support=suite({"phoenix": name, "version": 1}))
    project.commit("first")
    remote = tmp_path / "remote.git"
    project.git("init", "-q", "--bare", str(remote))
    project.git("remote", "add", "origin", str(remote))
    project.git("push", "-q", "origin", "main")
    there = github.repository("acme/support")
    env = {
        "CONFIG": "evalgate.yaml",
        "FOLLOW": "latest",
        "BRANCH": "evalgate/prompts",
        "GITHUB_REPOSITORY": "acme/support",
        "GITHUB_SERVER_URL": "https://github.com",
        "GH_TOKEN": github.job_token("acme/support", pull_requests="write"),
        "PHOENIX_ENDPOINT": phoenix.base_url,
        **settings(tmp_path / "gh", github),
    }

    def proposed(code: int = 0) -> str:
        project.git("switch", "-q", "--discard-changes", "main")
        done = subprocess.run(
            [
                "bash",
                REPOSITORY / ".github/actions/pin-prompts/propose.sh",
                sys.executable,
                "-P",
                "-m",
                "evalgate",
            ],
            cwd=project.folder,
            env=environment(**env),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "nothing to propose" in await asyncio.to_thread(proposed)
    assert github.requests == []

    write(phoenix, name, "two {{q}}")
    there.actions_may_open = False
    assert "next: tick 'Allow GitHub Actions to create and" in await asyncio.to_thread(proposed, 4)
    there.actions_may_open = True
    await asyncio.to_thread(proposed)
    (opened,) = there.opened()
    assert (opened.branch, opened.base, opened.title) == ("evalgate/prompts", "main", f"{name} v1 → v2")
    assert opened.body.startswith("Newer versions")
    assert f"- support: {name} v1 → v2" in opened.body
    assert project.git("log", "-1", "--format=%s", "evalgate/prompts") == f"{name} v1 → v2"
    assert project.git("diff", "--name-only", "main", "evalgate/prompts") == "evalgate.yaml"
    pushed = project.git("ls-remote", "origin", "evalgate/prompts").split()[0]
    assert pushed == project.git("rev-parse", "evalgate/prompts")

    assert "proposed already" in await asyncio.to_thread(proposed)
    write(phoenix, name, "three {{q}}")
    await asyncio.to_thread(proposed)
    assert there.opened() == [opened]
    assert opened.title == f"{name} v1 → v3"
    opened.happens("closed", by="dana")
    assert "proposed already" in await asyncio.to_thread(proposed)
    assert there.opened() == []
