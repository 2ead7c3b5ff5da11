"""What worker processes cost: starting one, and calls a second of a function that does nothing.

Run from the repository's root: `python -m tests.bench.workers_speed`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from evalgate.workers.environment import environment
from evalgate.workers.pool import WorkerPool, WorkerSpec
from evalgate.workers.programs import host_argv

CALLS = 2_000


async def measure(source: str, name: str, root: Path, **shape: int) -> None:
    """Print the figures of one pool."""
    (root / "task.py").write_text(source)
    visible = environment((), os.environ)
    argv = host_argv(sys.executable, root=root, environ=visible)
    pool = WorkerPool(WorkerSpec(argv=argv, target="task.py:answer", cwd=root, environment=visible, **shape))
    began = time.perf_counter()
    await pool.start()
    started = time.perf_counter()
    room = asyncio.Semaphore(shape["workers"] * shape["per_worker"])

    async def ask(number: int) -> None:
        async with room:
            outcome = await pool.call({"input": {"q": number}}, run_id=str(number), sample="r1", timeout=10)
        assert outcome.failure is None, outcome.failure

    await asyncio.gather(*(ask(number) for number in range(CALLS)))
    took = time.perf_counter() - started
    await pool.close()
    print(f"{name:32} start {1000 * (started - began):5.0f} ms   {CALLS / took:7,.0f} calls/s", flush=True)


async def main() -> None:
    """Measure what the shapes of a pool cost."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        await measure("def answer(input): return input", "sync, 1 process", root, workers=1, per_worker=1)
        await measure("def answer(input): return input", "sync, 4 processes", root, workers=4, per_worker=1)
        await measure("def answer(input): return input", "sync, 8 threads", root, workers=1, per_worker=8)
        await measure("async def answer(input): return input", "async, 32 at once", root, workers=1, per_worker=32)


if __name__ == "__main__":
    asyncio.run(main())
