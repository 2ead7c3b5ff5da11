"""`evalgate curate run` against a real Phoenix: conditions, profiles that fail alone, what is kept, who is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalgate.cli.curate import turn
from evalgate.cli.curate.run import command
from evalgate.curate.candidates import read_candidates
from evalgate.curate.holding import held
from evalgate.errors import EvalgateError
from tests.channel import channel
from tests.integration.team import Team
from tests.integration.test_curate_pull import CONFIG, call

__all__ = ["channel"]


class Runs:
    """A folder with a config of profiles, and what running them says."""

    def __init__(self, folder, phoenix):
        self.folder, self.team, self.env = folder, Team(phoenix), {"PHOENIX_ENDPOINT": phoenix.base_url}

    def declare(self, **profiles):
        notify = profiles.pop("notify", None)
        curate = {"profiles": profiles, **({"notify": notify} if notify else {})}
        (self.folder / "evalgate.yaml").write_text(f"{CONFIG}curate: {json.dumps(curate)}\n")

    async def __call__(self, *arguments, code=0, **env):
        wanted = [*arguments, "--config", str(self.folder / "evalgate.yaml")]
        ended = await asyncio.to_thread(
            CliRunner().invoke, command, wanted, env={**self.env, **env}, standalone_mode=False
        )
        self.err = ended.stderr
        if isinstance(ended.exception, EvalgateError):
            assert ended.exception.exit_code == code
            return str(ended.exception)
        assert ended.exception is None, ended.output
        assert ended.return_value == code, ended.output
        return json.loads(ended.stdout) if "--json" in arguments else ended.stdout

    def candidates(self, name):
        return list(read_candidates(self.folder / f"{name}.candidates.jsonl"))


def read(path):
    return Path(path).read_text("utf-8")


@pytest.fixture
def runs(tmp_path, phoenix):
    return Runs(tmp_path, phoenix)


async def test_profiles_fail_alone_and_done_is_told_from_nothing_to_do(runs, phoenix, tmp_path, channel):
    shop, eu = phoenix.unique("shop"), phoenix.unique("eu")
    await runs.team.spans(shop, [call(f"question {n}", "a") for n in range(4)])
    await runs.team.spans(eu, [call(f"question {n}", "a") for n in range(2)])
    runs.declare(
        away={"project": "shop", "server": "none", "dataset": "away.jsonl"},
        lost={"project": phoenix.unique("lost"), "dataset": "lost.jsonl"},
        shop={"project": shop, "dataset": "shop.jsonl", "when": {"at_least": 4, "every": "24h"}},
        eu={"project": eu, "dataset": "eu.jsonl", "when": {"at_least": 3}},
        notify={"on": ["failed"]},
    )
    step = {"GITHUB_OUTPUT": str(tmp_path / "out"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    (tmp_path / "out").touch()
    found = await runs("--json", code=2, **step, SLACK_WEBHOOK_URL=channel.address, GITHUB_REPOSITORY="acme/support")
    outcomes = {each["profile"]: (each["outcome"], each["exit_code"], each["new"]) for each in found["profiles"]}
    assert outcomes["shop"] == ("done", 0, 4)
    assert outcomes["eu"] == ("nothing", 0, 2)
    assert outcomes["lost"][0] == outcomes["away"][0] == "failed"
    assert found["outcome"] == "failed"
    why = {each["profile"]: each["why"] for each in found["profiles"]}
    assert why["eu"] == "2 new, and it waits for 3"
    assert why["lost"].startswith("pull: ")
    assert "shop" in (tmp_path / "out").read_text()
    assert "2 failed" in (tmp_path / "summary").read_text()
    ((_, _, body),) = channel.got
    assert json.loads(body)["text"].startswith("❌ curation: 1 done, 2 failed, 1 nothing to do · acme/support\n")
    assert len(runs.candidates("shop")) == 4

    channel.statuses = [500]
    said = await runs("shop", "eu", SLACK_WEBHOOK_URL=channel.address)
    assert len(channel.got) == 1  # nothing failed, and nothing else is wanted
    assert "shop  nothing  its last time was " in said
    assert "eu    nothing  2 new, and it waits for 3\n" in said

    runs.declare(old={"project": shop, "dataset": "old.jsonl", "since": "2020-01-01", "until": "2020-01-02"})
    why = f"no trace of {shop} that began from 2020-01-01 to 2020-01-02 is as asked: an earlier `since`"
    assert f"old  nothing  {why}" in await runs()


async def test_a_period_of_a_profile_with_nothing_in_it_is_corrected_where_it_stands(runs):
    """The step that was doing would end by it again."""
    runs.declare(
        shop={"project": "shop", "dataset": "shop.jsonl", "since": "7d", "until": "14d"},
        now={"project": "shop", "dataset": "now.jsonl", "since": "0d"},
    )
    shop, now = (await runs("--json", code=2))["profiles"]
    assert shop["why"] == "pull: curate.profiles.shop: since 7d is not before until 14d: nothing lies between"
    assert shop["next"] == "correct curate.profiles.shop.since, or until"
    assert now["next"] == "correct curate.profiles.now.since"


async def test_a_channel_that_takes_nothing_changes_nothing(runs, phoenix, channel):
    project = phoenix.unique("shop")
    await runs.team.spans(project, [call("q", "a")])
    runs.declare(shop={"project": project, "dataset": "shop.jsonl"}, notify={"webhook_env": "CHANNEL"})
    channel.statuses = [404]
    await runs(CHANNEL=channel.address)
    assert "Nobody was told: the webhook of CHANNEL did not take the message (HTTP 404). What was done is" in runs.err
    assert "SECRET" not in runs.err
    await runs("--anyway")
    assert "nobody is told: CHANNEL is not set" in runs.err
    assert len(channel.got) == 1


async def test_what_an_ended_run_had_pulled_counts_for_the_next(runs, phoenix, monkeypatch):
    project = phoenix.unique("shop")
    await runs.team.spans(project, [call(f"question {n}", "a") for n in range(3)])
    runs.declare(shop={"project": project, "dataset": "shop.jsonl", "when": {"at_least": 3}})
    with monkeypatch.context() as patched:
        patched.setattr(turn, "_waiting", lambda _: 1 / 0)
        found = await runs("--json", code=5)
    assert found["profiles"][0]["why"] == "a bug in evalgate (ZeroDivisionError), whose lines are in the log"
    before = [each.id for each in runs.candidates("shop")]
    found = await runs("--json")
    assert (found["outcome"], found["profiles"][0]["new"]) == ("done", 3)
    assert found["profiles"][0]["steps"]["pull"]["new"] == 0
    assert [each.id for each in runs.candidates("shop")] == before
    found = await runs("--json")
    assert (found["outcome"], found["profiles"][0]["new"]) == ("nothing", 0)
    state = json.loads((runs.folder / "shop.candidates.state.json").read_text())
    assert datetime.now(UTC) - datetime.fromisoformat(state["shop"]["began"]) < timedelta(minutes=5)
    (runs.folder / "shop.candidates.state.json").write_text("<<<<<<< HEAD")
    assert "says when profiles last ran, and it is no JSON" in await runs(code=2)


@pytest.mark.parametrize("before", ["clean", "sample", "the state"])
async def test_a_run_that_is_killed_is_done_by_the_next(runs, phoenix, before):
    """Between any two steps: what comes out is what comes out of a run that nobody disturbed."""
    project = phoenix.unique("shop")
    await runs.team.spans(project, [call(f"what of the number {n * 7919}, and why?", "a", ago=n + 5) for n in range(6)])
    runs.declare(shop={"project": project, "dataset": "shop.jsonl"}, whole={"project": project, "dataset": "w.jsonl"})
    await runs("whole")
    program = f"""
import os, sys
from evalgate.cli import main
from evalgate.cli.curate import turn
from evalgate.curate.scheduling import due
done = turn._do
def killed(work, step, *more):
    if step == {before!r}:
        os.kill(os.getpid(), {int(signal.SIGKILL)})
    return done(work, step, *more)
turn._do = killed
if {before == "the state"}:
    due.write_last = lambda *_: os.kill(os.getpid(), {int(signal.SIGKILL)})
sys.argv = ["evalgate", "curate", "run", "shop"]
main()
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        cwd=runs.folder,
        env={**os.environ, **runs.env, "PYTHONPATH": str(Path.cwd())},
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == -signal.SIGKILL
    assert not (runs.folder / "shop.candidates.state.json").exists()
    found = await runs("shop", "--json")
    assert (found["outcome"], found["profiles"][0]["new"]) == ("done", 6)
    said = [
        [replace(each, history=tuple(replace(step, at="") for step in each.history)) for each in runs.candidates(name)]
        for name in ("shop", "w")
    ]
    assert said[0] == said[1]


async def test_of_two_runs_at_once_the_second_says_so(runs, phoenix):
    project = phoenix.unique("shop")
    await runs.team.spans(project, [call("q", "a")])
    runs.declare(shop={"project": project, "dataset": "shop.jsonl"})
    with held(runs.folder / "shop.candidates.jsonl", ".run"):
        said = await runs(code=2)
    assert "another step is at work on" in said
    assert "next: wait until it has ended, and run this again" in said
    assert "done" in await runs()


async def test_a_pull_request_runs_no_profile(runs):
    runs.declare(shop={"project": "p", "dataset": "shop.jsonl"})
    said = await runs(code=2, GITHUB_EVENT_NAME="pull_request")
    assert "profiles do not run for a pull request" in said


async def test_profiles_are_named_as_the_config_has_them(runs):
    (runs.folder / "evalgate.yaml").write_text(CONFIG)
    assert "has no profile under `curate.profiles`" in await runs(code=2)
    runs.declare(shop={"project": "p", "dataset": "shop.jsonl"})
    assert "did you mean `shop`" in await runs("shpo", code=2)
    assert not (runs.folder / ".curate").exists()


async def test_a_file_for_review_in_which_somebody_wrote_stays_until_it_is_read(runs, phoenix):
    """What nobody touched is written anew with what came since; what is committed is listed, and cleaned."""
    project, paths = phoenix.unique("shop"), runs.folder / "paths"
    topics = ("a refund", "vegan lasagne", "trains to Berlin", "my invoice")
    asked = [f"Tell me about {topic}: I am ann{n}@corp.example" for n, topic in enumerate(topics)]
    await runs.team.spans(project, [call(question, "yes", ago=n + 5) for n, question in enumerate(asked)])
    runs.declare(shop={"project": project, "dataset": "shop.jsonl", "sample": {"size": 2}})
    sheet = runs.folder / "shop.candidates.review.md"
    said = await runs("--sheet", "--paths", str(paths), "--markdown", str(runs.folder / "body.md"))
    assert "shop  done     4 new, 2 chosen for review in " in said
    assert (
        f"next: evalgate curate review --profile shop --config {runs.folder / 'evalgate.yaml'} --read {sheet}" in said
    )
    listed = paths.read_text().splitlines()
    assert {Path(each).name.removeprefix("shop.candidates.") for each in listed} >= {"jsonl", "state.json", "review.md"}
    assert not any("@corp.example" in text for text in map(read, listed))
    assert "✅ done" in (runs.folder / "body.md").read_text()
    first = sheet.read_text()

    runs.declare(shop={"project": project, "dataset": "shop.jsonl", "sample": {"size": 3}})
    assert "3 chosen for review" in await runs("--sheet", "--anyway")
    second = sheet.read_text()
    assert (first.count("- [ ] accept"), second.count("- [ ] accept")) == (2, 3)

    sheet.write_text(second.replace("- [ ] accept", "- [x] accept", 1))
    assert "shop.candidates.review.md was written in, and stays until it is read" in await runs("--sheet", "--anyway")
    assert "- [x] accept" in sheet.read_text()
