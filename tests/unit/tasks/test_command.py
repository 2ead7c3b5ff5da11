"""Command tasks from their config to their outcomes."""

from __future__ import annotations

import os
import sys

import pytest

from evalgate.errors import CandidateError
from evalgate.records import Example
from evalgate.suite.tasks import CommandTask
from evalgate.tasks.command import CommandTaskRunner

EXAMPLE = Example(id="e1", input={"q": 1}, output={"a": "the reference answer"}, metadata={"lang": "en"})

ECHO = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({**request, "output": request}), flush=True)
"""


def runner(root, **fields):
    """Return a runner for a program that answers with its requests."""
    (root / "echo.py").write_text(ECHO)
    task = CommandTask(**{"command": (sys.executable, "echo.py"), **fields})
    return CommandTaskRunner(task, root, os.environ, log=lambda line: None)


@pytest.mark.parametrize("per_example", [False, True])
async def test_a_program_sees_input_and_metadata_and_never_the_expected_answer(tmp_path, per_example):
    task = runner(tmp_path, per_example=per_example, workers=3, per_worker=2)
    assert task.concurrency == (3 if per_example else 6)
    await task.start()
    outcome = await task.run(EXAMPLE, "r1")
    await task.close()
    request = {"evalgate": 1, "id": "e1", "sample": "r1", "input": {"q": 1}, "metadata": {"lang": "en"}}
    assert outcome.output == request


async def test_a_command_that_does_not_exist_does_not_load(tmp_path):
    with pytest.raises(CandidateError, match="nosuchprogram cannot be found on PATH"):
        await runner(tmp_path, command="nosuchprogram --x").start()


async def test_a_setup_that_fails_does_not_load(tmp_path):
    with pytest.raises(CandidateError, match="setup: exit 3: ended with exit code 3"):
        await runner(tmp_path, setup="exit 3").start()
