"""How fast whole runs are, through `evalgate run` itself: a Python task, and prompts against a model of known latency.

Run: `python -m tests.bench.run_speed [python] [slow] [instant] [large]`; all but `large` by default. Each line has the
wall time and the build's own time (without imports and report), beside an ideal: for Python the same calls through the
worker pool alone, for the slow model what its latency allows, for the instant one raw aiohttp. `large` is 100,000
examples: what counts there is the peak memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalgate.journal.store import Journal
from evalgate.workers.environment import environment as visible
from evalgate.workers.pool import WorkerPool, WorkerSpec
from evalgate.workers.programs import host_argv
from tests.bench.transport_speed import INSTANT, flood, raw
from tests.e2e.project import TASK, Project, environment

CONCURRENCY = 32
LATENCY = 0.2


def run(project: Project) -> dict[str, float]:
    """Run a project to its verdict and return the seconds, those of the build alone, the runs and the peak memory."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "evalgate", "run", "--quiet", "--no-gate"],
        cwd=project.folder,
        env=environment(PYTHONDONTWRITEBYTECODE=""),  # an installed evalgate is compiled
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}")
    with Journal(project.folder / ".evalgate" / "journal.db", create=False) as journal:
        build = journal.builds()[0]
        runs = sum(1 for each in journal.experiments(build.id) for _ in journal.run_facts(each.id))
    return {"wall": wall, "build": build.seconds, "runs": runs, "megabytes": used.ru_maxrss // 1024}


def told(what: str, found: dict[str, float], ideal: float | None = None) -> None:
    """Print one line. `ideal` is in seconds."""
    line = {
        "what": what,
        "runs": found["runs"],
        "wall": round(found["wall"], 2),
        "build": round(found["build"], 2),
        "runs_per_second": round(found["runs"] / found["build"]),
        "megabytes": found["megabytes"],
    }
    if ideal is not None:
        line |= {"ideal": round(ideal, 2), "share_of_ideal": round(ideal / found["build"], 3)}
    print(json.dumps(line), flush=True)


@contextmanager
def model(latency: float) -> Iterator[str]:
    """Serve the model in a process of its own and give its address."""
    server = subprocess.Popen([sys.executable, "-c", INSTANT, str(latency)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
    finally:
        server.kill()
        server.wait()


def prompts(folder: Path, url: str, examples: int) -> Project:
    """Return a project whose both sides ask the model."""
    project = Project(folder, examples=examples)
    project.write("p.yaml", "messages: [{role: user, content: 'What is {{ q }}?'}]\n")
    project.suite = {
        "task": {"prompt": "p.yaml", "model": "fake/m", "variables": {"q": "input.q"}},
        "baseline": {"task": {"model": "fake/old"}},
        "evaluators": ["exact_match", {"length": {"max": 9}}],
        "checks": {"exact_match": {"no_regression": {}}, "length": {"no_regression": {}}},
    }
    config = project.prepare().folder / "evalgate.yaml"
    endpoint = {"base_url": url, "concurrency": CONCURRENCY}
    config.write_text(config.read_text() + f"endpoints: {{fake: {json.dumps(endpoint)}}}\n")
    return project


async def pool_alone(folder: Path, calls: int) -> float:
    """Return the seconds that both sides' calls take through two pools, with nothing recorded."""
    (folder / "task.py").write_text(TASK)
    seen = visible((), os.environ)
    argv = host_argv(sys.executable, root=folder, environ=seen)
    spec = WorkerSpec(argv=argv, target="task.py:answer", cwd=folder, environment=seen, workers=1)
    pools = [WorkerPool(spec), WorkerPool(spec)]
    await asyncio.gather(*(pool.start() for pool in pools))

    async def ask(pool: WorkerPool, number: int) -> None:
        await pool.call({"input": {"q": number}}, run_id=str(number), sample="r1", timeout=10)

    began = time.perf_counter()
    sides = (flood(lambda n, p=pool: ask(p, n), calls=calls // 2, in_flight=1) for pool in pools)
    await asyncio.gather(*sides)
    taken = time.perf_counter() - began
    await asyncio.gather(*(pool.close() for pool in pools))
    return taken


def main(which: list[str]) -> None:
    """Measure what was asked for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "python" in which:
            ideal = asyncio.run(pool_alone(folder, 10_000))
            told("5,000 examples, a Python task", run(Project(folder / "python", examples=5_000).prepare()), ideal)
        if "slow" in which:
            with model(LATENCY) as url:
                found = run(prompts(folder / "slow", url, 640))
                alone = asyncio.run(raw(url, calls=1_280, in_flight=CONCURRENCY))
            told(
                "the same calls through raw aiohttp",
                {**found, "wall": alone, "build": alone},
                1_280 / CONCURRENCY * LATENCY,
            )
            told("640 examples, a model of 200 ms", found, found["runs"] / CONCURRENCY * LATENCY)
        if "instant" in which:
            with model(0) as url:
                ideal = asyncio.run(raw(url, calls=4_000, in_flight=CONCURRENCY))
                told("2,000 examples, a model that answers at once", run(prompts(folder / "i", url, 2_000)), ideal)
        if "large" in which:
            project = Project(folder / "large", examples=100_000, suite={"baseline": None})
            project.suite["checks"] = {"exact_match": {"at_least": 0.5}}
            told("100,000 examples, a Python task, one side", run(project.prepare()))


if __name__ == "__main__":
    main(sys.argv[1:] or ["python", "slow", "instant"])
