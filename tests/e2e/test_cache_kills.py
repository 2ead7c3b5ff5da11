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


@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_a_random_moment_and_resumed_only_calls_in_flight_are_made_again(project, fake_model, seed):
    fake_model.rules = [Rule(latency=0.05)]
    project.examples = 60
    project.suite = {
        "task": {"prompt": "p.yaml", "model": "fake/new", "variables": {"q": "input.q"}, "output": "json"},
        "baseline": {"task": {"model": "fake/old"}},
    }
    project.write("p.yaml", PROMPT)
    project.prepare()
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["endpoints"] = {"fake": {"base_url": fake_model.base_url, "concurrency": CONCURRENCY, "timeout": 20}}
    path.write_text(yaml.safe_dump(config, sort_keys=False))

    command = [sys.executable, "-m", "evalgate", "run"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=project.folder, env=environment(), **quiet)  # noqa: ASYNC220 it is polled
    wanted = random.Random(seed).randrange(5, 110)
    while fake_model.calls < wanted:
        assert process.poll() is None
        await asyncio.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)
    await asyncio.sleep(0.2)
    killed_at = fake_model.calls

    resumed = await asyncio.to_thread(project.run, "--resume")
    assert resumed.code == 0, resumed.text
    made = Counter(json.dumps(request["body"], sort_keys=True) for request in fake_model.requests)
    assert len(made) == 120
    twice = [body for body, times in made.items() if times > 1]
    assert len(twice) <= CONCURRENCY
    assert max(made.values()) <= 2
    in_flight = {
        json.dumps(r["body"], sort_keys=True) for r in list(fake_model.requests)[:killed_at][-2 * CONCURRENCY :]
    }
    assert set(twice) <= in_flight
