"""Pools over programs that a test writes, closed when it ends."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from evalgate.records import TaskOutcome
from evalgate.workers.environment import environment
from evalgate.workers.pool import WorkerPool, WorkerSpec
from evalgate.workers.programs import HOST


class Workshop:
    """Writes user code into a tree and opens pools on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pools: list[WorkerPool] = []

    def write(self, source: str, name: str = "task.py") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return path

    def pool(self, **fields: Any) -> WorkerPool:
        defaults = {"cwd": self.root, "environment": environment((), os.environ)}
        pool = WorkerPool(WorkerSpec(**{**defaults, **fields}))
        self.pools.append(pool)
        return pool

    async def python(self, source: str, target: str = "task.py:answer", **fields: Any) -> WorkerPool:
        if source:
            self.write(source, target.rpartition(":")[0] if ".py:" in target else "task.py")
        pool = self.pool(argv=(sys.executable, str(HOST)), target=target, **fields)
        await pool.start()
        return pool

    def command(self, source: str, **fields: Any) -> WorkerPool:
        """Return a pool whose first process starts with the first call."""
        script = self.write(source, "program.py")
        return self.pool(argv=(sys.executable, "-u", str(script)), target=None, **fields)


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncIterator[Workshop]:
    found = Workshop(tmp_path)
    yield found
    for pool in found.pools:
        await pool.close()


@pytest.fixture
def ask() -> Callable[..., Awaitable[TaskOutcome]]:
    def call(pool: WorkerPool, value: Any = None, *, run: str = "q1", sample: str = "r1", timeout: float = 10):
        return pool.call({"input": value, "metadata": {}}, run_id=run, sample=sample, timeout=timeout)

    return call
