"""The setup command: when it runs, when it is kept, and what it says when it fails."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from evalgate.errors import CandidateError
from evalgate.workers import setup
from evalgate.workers.setup import run_setup

COUNT = "echo again >> ran"


def times(root: Path) -> int:
    """Return how often COUNT ran."""
    return (root / "ran").read_text().count("again")


@pytest.fixture
def prepare(tmp_path):
    def run(command: str = COUNT, **more):
        return run_setup(command, tmp_path, {"PATH": os.environ["PATH"]}, lambda line: None, **more)

    return run


async def test_it_is_kept_while_its_lock_files_stay(tmp_path, prepare):
    (tmp_path / "requirements.txt").write_text("a==1")
    assert [await prepare(), await prepare()] == [True, False]
    (tmp_path / "requirements.txt").write_text("a==2")
    assert [await prepare(), await prepare()] == [True, False]
    (tmp_path / "requirements.txt").write_text("a==1")
    assert await prepare(), "what an older setup made is gone"
    assert times(tmp_path) == 3


async def test_lock_files_in_subdirectories_and_at_the_repositorys_root_count(tmp_path):
    (tmp_path / ".git").mkdir()
    root = tmp_path / "apps" / "support"
    (root / "web" / "node_modules").mkdir(parents=True)
    (tmp_path / "uv.lock").write_text("1")

    async def ran() -> bool:
        return await run_setup("true", root, dict(os.environ), lambda line: None)

    assert [await ran(), await ran()] == [True, False]
    (tmp_path / "uv.lock").write_text("2")
    assert [await ran(), await ran()] == [True, False]
    (root / "web" / "package-lock.json").write_text("{}")
    assert [await ran(), await ran()] == [True, False]
    (root / "web" / "node_modules" / "package.json").write_text("{}")
    assert not await ran()


async def test_without_lock_files_it_always_runs(tmp_path, prepare):
    assert [await prepare(), await prepare()] == [True, True]


async def test_suites_that_share_a_tree_run_it_once(tmp_path, prepare):
    (tmp_path / "uv.lock").write_text("1")
    ran = await asyncio.gather(*(prepare(f"sleep 0.1; {COUNT}") for _ in range(3)))
    assert sorted(ran) == [False, False, True]


async def test_a_failure_shows_the_end_of_its_output_and_is_not_kept(tmp_path, prepare):
    (tmp_path / "uv.lock").write_text("1")
    command = "seq 1 5000; echo no such package >&2; exit 4"
    for _ in range(2):
        with pytest.raises(CandidateError, match="exit code 4") as caught:
            await prepare(command)
        assert caught.value.message.endswith("| 5000\n  | no such package")
        assert len(caught.value.message.splitlines()) == 21
        assert "by hand" in caught.value.next_step


async def test_one_that_does_not_end_is_stopped(tmp_path, prepare, monkeypatch):
    monkeypatch.setattr(setup, "TIMEOUT", 0.1)
    with pytest.raises(CandidateError, match=r"did not end within 0\.1 s"):
        await prepare("sleep 60")


async def test_a_child_that_it_leaves_behind_does_not_hold_it(tmp_path, prepare):
    async with asyncio.timeout(10):
        assert await prepare("sleep 60 & echo done")


async def test_it_sees_only_the_given_environment(tmp_path, prepare, monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "x")
    await prepare("env > seen")
    assert "SOME_SECRET" not in (tmp_path / "seen").read_text()
