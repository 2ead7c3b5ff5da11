"""A run that is killed and gone on with makes no call twice but those that were on their way."""

import asyncio
import json
import random
import signal
import subprocess
import sys
from collections import Counter

import pytest
import yaml

from tests.e2e.project import environment
from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

PROMPT = "messages:\n  - {role: user, content: '{\"answer\": {{ q * 2 }} }'}\n"
CONCURRENCY = 8


PAIRS = {
    "evaluators": [{"judge": "preference", "model": "fake/judge"}],
    "checks": {"preference": {"no_regression": {}}},
}
"""Each pair of answers is asked about in both orders, once both sides have answered all."""


@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_a_random_moment_and_resumed_only_calls_in_flight_are_made_again(project, fake_model, seed):
    fake_model.rules = [Rule(latency=0.05)]
    prepare(project, fake_model, examples=60)
    await killed_and_resumed(project, fake_model, at=random.Random(seed).randrange(5, 110), needed=120)


@pytest.mark.parametrize("seed", range(2))
async def test_killed_while_pairs_are_judged_only_calls_in_flight_are_made_again(project, fake_model, seed):
    fake_model.rules = [
        Rule(model="judge", reply="judge", latency=0.05),
        Rule(model="new", reply="Paris", latency=0.02),
        Rule(latency=0.02),
    ]
    prepare(project, fake_model, examples=40, output="text", **PAIRS)
    await killed_and_resumed(project, fake_model, at=random.Random(seed).randrange(85, 150), needed=160)
    assert fake_model.by_model["judge"] >= 80


def prepare(project, fake_model, *, examples, output="json", **suite):
    """A prompt that two models answer."""
    project.examples = examples
    task = {"prompt": "p.yaml", "model": "fake/new", "variables": {"q": "input.q"}, "output": output}
    project.suite = {"task": task, "baseline": {"task": {"model": "fake/old"}}, **suite}
    project.write("p.yaml", PROMPT)
    project.prepare()
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["endpoints"] = {"fake": {"base_url": fake_model.base_url, "concurrency": CONCURRENCY, "timeout": 20}}
    path.write_text(yaml.safe_dump(config, sort_keys=False))


async def killed_and_resumed(project, fake_model, *, at, needed):
    """Kill a run with its `at`-th call, go on with it, and hold the calls of both to those that are `needed`."""
    command = [sys.executable, "-m", "evalgate", "run"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=project.folder, env=environment(), **quiet)  # noqa: ASYNC220 it is polled
    while fake_model.calls < at:
        assert process.poll() is None
        await asyncio.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)
    await asyncio.sleep(0.2)
    killed_at = fake_model.calls

    resumed = await asyncio.to_thread(project.run, "--resume")
    assert resumed.code == 0, resumed.text
    made = Counter(json.dumps(request["body"], sort_keys=True) for request in fake_model.requests)
    assert len(made) == needed
    twice = [body for body, times in made.items() if times > 1]
    assert len(twice) <= CONCURRENCY
    assert max(made.values()) <= 2
    in_flight = {
        json.dumps(r["body"], sort_keys=True) for r in list(fake_model.requests)[:killed_at][-2 * CONCURRENCY :]
    }
    assert set(twice) <= in_flight
