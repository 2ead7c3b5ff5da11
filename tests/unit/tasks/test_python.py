"""Python tasks from their config to their outcomes."""

from __future__ import annotations

import os
import sys

import pytest

from evalgate.errors import CandidateError
from evalgate.records import Example
from evalgate.suite.tasks import PythonTask
from evalgate.tasks.python import PythonTaskRunner

EXAMPLE = Example(id="e1", input={"q": 1}, output={"a": "the reference answer"}, metadata={"lang": "en"}, split="test")


def runner(root, source, *, environ=None, **fields):
    """Return a runner for `answer` of a file with `source`, and the lines that it logs."""
    (root / "task.py").write_text(source)
    task = PythonTask(**{"python": "task.py:answer", "interpreter": sys.executable, **fields})
    lines = []
    return PythonTaskRunner(task, root, os.environ if environ is None else environ, log=lines.append), lines


async def test_a_task_sees_input_metadata_and_example_and_never_the_expected_answer(tmp_path):
    task, _ = runner(tmp_path, "def answer(**seen): return seen")
    await task.start()
    outcome = await task.run(EXAMPLE, "r1")
    await task.close()
    await task.close()
    example = {"id": "e1", "input": {"q": 1}, "metadata": {"lang": "en"}}
    assert outcome.output == {"input": {"q": 1}, "metadata": {"lang": "en"}, "example": example}
    assert "reference answer" not in repr(outcome)


async def test_asking_for_the_expected_answer_does_not_load(tmp_path):
    task, _ = runner(tmp_path, "def answer(input, expected): ...")
    with pytest.raises(CandidateError, match="needs `expected`; what it may take is input, metadata, example"):
        await task.start()
    await task.close()


async def test_setup_comes_first_and_is_told_of(tmp_path):
    task, lines = runner(tmp_path, "import made\ndef answer(input): return made.X", setup="echo X = 5 > made.py")
    await task.start()
    assert (await task.run(EXAMPLE, "r1")).output == 5
    await task.close()
    assert lines[0] == "setup: echo X = 5 > made.py"


async def test_a_kept_setup_may_be_why_it_does_not_load(tmp_path):
    (tmp_path / "uv.lock").write_text("")
    source = "import made\ndef answer(input): return made.X"
    task, _ = runner(tmp_path, source, setup="echo X = 5 > made.py")
    await task.start()
    await task.close()
    (tmp_path / "made.py").unlink()
    task, lines = runner(tmp_path, source, setup="echo X = 5 > made.py")
    with pytest.raises(CandidateError, match="No module named 'made'") as caught:
        await task.start()
    assert "its setup was kept from before" in caught.value.next_step
    assert "kept" in lines[0]


async def test_it_sees_the_variables_that_the_suite_names(tmp_path):
    environ = {**os.environ, "APP_A": "1", "APP_B": "2", "OPENAI_API_KEY": "secret"}
    source = "import os\ndef answer(input): return [os.environ.get(k) for k in ('APP_A', 'APP_B', 'OPENAI_API_KEY')]"
    task, _ = runner(tmp_path, source, environ=environ, env=("APP_*",))
    await task.start()
    assert (await task.run(EXAMPLE, "r1")).output == ["1", "2", None]
    await task.close()


async def test_the_timeout_and_the_concurrency_are_the_configs(tmp_path):
    task, _ = runner(tmp_path, "import time\ndef answer(input): time.sleep(60)", timeout=0.1, workers=2, per_worker=3)
    assert task.concurrency == 6
    await task.start()
    assert (await task.run(EXAMPLE, "r1")).failure.type == "Timeout"
    await task.close()


async def test_a_missing_interpreter_does_not_load(tmp_path):
    task, _ = runner(tmp_path, "", interpreter=".venv/bin/python")
    with pytest.raises(CandidateError, match=r"no Python interpreter: \.venv/bin/python"):
        await task.start()
