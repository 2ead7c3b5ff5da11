"""A step of curation that is given too little memory: one line and 4, whichever process it was that had none."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHORT = """
import resource, sys
import evalgate.cli.curate.clean, evalgate.curate.cleaning.step, evalgate.curate.cleaning.redaction, numpy
from pathlib import Path
from evalgate.cli import main
held = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmSize"))
most = int(held.split()[1]) * 1024 + int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_AS, (most, most))
main()
"""


@pytest.mark.parametrize("step", [("clean",), ("clean", "--write"), ("sample", "--size", "2"), ("push", "--yes")])
def test_too_little_memory_is_one_line_and_4(tmp_path, step):
    file = tmp_path / "some.candidates.jsonl"
    text = "word " * 6_000_000
    file.write_text(json.dumps({"id": "a", "input": {"q": text}, "output": {"a": "!"}, "state": "new"}) + "\n")
    before = file.read_bytes()
    typed = [sys.executable, "-c", SHORT, str(50_000_000), "curate", *step, "--dataset", "some.jsonl"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(typed, check=False, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 4, ended.stderr
    assert ended.stderr.endswith(
        "evalgate: there was not enough memory to go on; what was recorded or written before is kept\n"
        "  next: run the same again with more memory, or on less at a time\n"
    )
    assert "Traceback" not in ended.stderr
    assert "bug" not in ended.stderr
    assert file.read_bytes() == before
    assert not [each for each in tmp_path.iterdir() if each.name not in (file.name, ".curate")]


@pytest.mark.parametrize("how", ["list(worked(greedy, range(100), processes=2))", "asyncio.run(several())"])
def test_a_process_or_a_task_of_several_that_had_too_little_says_the_same(tmp_path, how):
    code = (
        "from evalgate.curate.processes import worked\n"
        "import asyncio, evalgate.cli\n"
        "from tests.integration.test_curate_memory import greedy, several\n"
        "from evalgate.cli import root\n"
        f"root.root.main = lambda **_: {how}\n"
        "evalgate.cli.main()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 4, ended.stderr
    assert ended.stderr.startswith("evalgate: there was not enough memory")


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        ("MemoryError", 4, "there was not enough memory"),
        ("OSError(errno.ENOMEM, 'x')", 4, "there was not enough memory"),
        ("ImportError('x.so: failed to map segment from shared object')", 4, "there was not enough memory"),
        ("ExceptionGroup('', [ValueError(), MemoryError()])", 4, "there was not enough memory"),
        ('RuntimeError("can\'t start new thread")', 4, "there was not enough memory"),
        ("ImportError('no')", 5, "a bug in evalgate (ImportError)"),
    ],
)
@pytest.mark.parametrize("can_say", [True, False])
def test_what_cannot_even_be_said_is_no_verdict(tmp_path, ends, code, said, can_say):
    """Memory that ran out runs out again where it is said; 1 is what Python ends with, and what a gate's FAIL does."""
    typed = (
        "import errno, evalgate.cli\n"
        "from evalgate.cli import root\n"
        "def end(*_, **__):\n"
        f"    raise {ends}\n"
        "root.root.main = end\n"
        f"if not {can_say}:\n"
        "    evalgate.cli._expected = evalgate.cli._foreign = end\n"
        "evalgate.cli.main()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(
        [sys.executable, "-c", typed], check=False, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == code, ended.stderr
    assert (said if can_say or code == 4 else "a bug in evalgate") in ended.stderr


def greedy():
    return lambda number: bytearray(1 << 60) if number == 50 else number


async def several():
    async def take(size):
        return bytearray(size)

    async with asyncio.TaskGroup() as group:
        group.create_task(take(1))
        group.create_task(take(1 << 60))
