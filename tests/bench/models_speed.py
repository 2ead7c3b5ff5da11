"""What whole builds over a model take: `python -m tests.bench.models_speed [times]`.

The fake model runs in a process of its own. Each part is one `evalgate run` as a user starts it, measured so many times
and held against the ideal: waves of as many calls as there are slots, each of the model's latency. Beside it, in the
same run and against the same server, are as many calls through raw aiohttp, which costs neither start-up nor a record:
what it lacks of the ideal is the server's. As many verdicts by phoenix-evals' own `async_evaluate_dataframe`, its rate
limit set high, are what to compare with. On a busy machine go by the seconds of a core: all else is the neighbours'.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.bench.judges_speed import dataframe
from tests.bench.transport_speed import raw

ROOT = Path(__file__).parents[2]
EXAMPLES = 1_000
LATENCY = 0.2
CONCURRENCY = 32
VERDICT = json.dumps({"explanation": "as expected", "label": "correct"})


@contextmanager
def served(rules: list[dict[str, object]]) -> Iterator[str]:
    """Serve the fake model by `rules`; yield its address."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(rules, file)
        file.flush()
        command = [sys.executable, "-m", "tests.fake_model", "--rules", file.name]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(10)


def project(folder: Path, address: str, *, judge: bool) -> None:
    """Write one suite of a prompt, with a judge or without."""
    evaluators: list[dict[str, object]] = [{"exact_match": {"path": "answer"}}]
    checks: dict[str, object] = {"exact_match": {"at_least": 0.9}}
    if judge:
        evaluators.append({"judge": "correctness", "model": "fake/judge"})
        checks["correctness"] = {"at_least": 0.5}
    task = {"prompt": "p.yaml", "model": "fake/small", "variables": {"q": "input.q"}, "output": "json"}
    suite = {"dataset": "golden.jsonl", "task": task, "evaluators": evaluators, "checks": checks}
    endpoint = {"base_url": address, "concurrency": CONCURRENCY, "timeout": 120}
    config = {"suites": {"s": suite}, "endpoints": {"fake": endpoint}}
    (folder / "evalgate.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / "p.yaml").write_text("messages:\n  - {role: user, content: '{\"answer\": {{ q * 2 }} }'}\n")
    rows = ({"id": f"e{n}", "input": {"q": n}, "output": {"answer": 2 * n}} for n in range(EXAMPLES))
    (folder / "golden.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def run(folder: Path) -> tuple[float, float]:
    """Run it; return the seconds from start to exit, and those of a core."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}  # an installed one is compiled
    before, began = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "evalgate", "run", "--quiet"]
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - began, os.times()
    if ended.returncode != 0:
        raise SystemExit(ended.stdout + ended.stderr)
    return took, after.children_user + after.children_system - before.children_user - before.children_system


def measuring(folder: Path) -> float:
    """Return the seconds that the latest build itself took, without the program's start and the report."""
    shown = subprocess.run(
        [sys.executable, "-m", "evalgate", "decide", "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(shown.stdout)["build"]["seconds"])


def calls(address: str) -> int:
    """Return how many calls the fake model has had."""
    with urllib.request.urlopen(re.sub("/v1$", "/__calls", address)) as answer:
        return int(json.load(answer)["total"])


def ideal(calls: int) -> float:
    """Return the seconds of so many calls with every slot always busy: whole waves of them."""
    return math.ceil(calls / CONCURRENCY) * LATENCY


def told(what: str, seconds: list[float], calls: int) -> None:
    """Print the best and the usual of some measurements, as what they take more than the ideal."""
    best, usual = (
        f"{each:.2f} s ({each / ideal(calls) - 1:+.1%})" for each in (min(seconds), statistics.median(seconds))
    )
    print(f"  {what:44} best {best}, median {usual}", flush=True)


def part(title: str, rules: list[dict[str, object]], *, judge: bool, needed: int, times: int) -> None:
    """Run one setting so many times, each time once more from the cache, and raw aiohttp beside it."""
    whole, own, bare, busy = [], [], [], []
    print(f"{title}: {needed:,} answers, ideal {ideal(needed):.2f} s")
    for _ in range(times):
        with served(rules) as address, tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            project(folder, address, judge=judge)
            took, core = run(folder)
            first = calls(address)
            whole, own, busy = [*whole, took], [*own, measuring(folder)], [*busy, core]
            again, core = run(folder)
            more = calls(address) - first
            shutil.rmtree(folder / ".evalgate")
            if not any("fault" in rule for rule in rules):
                bare.append(asyncio.run(raw(address, calls=needed, in_flight=CONCURRENCY)))
    told("evalgate run, measuring", own, needed)
    told("the same from start to exit", whole, needed)
    if bare:
        told("raw aiohttp, as many calls", bare, needed)
    print(f"  {first:,} calls, {needed / min(own):,.0f} answers a second, {min(busy):.2f} s of a core")
    print(f"  again: {again:.2f} s ({core:.2f} s of a core), {more} calls\n", flush=True)


def phoenix(times: int) -> None:
    """Print what phoenix-evals' own way takes for as many verdicts as one of the parts has."""
    print(f"{EXAMPLES:,} verdicts by phoenix-evals: ideal {ideal(EXAMPLES):.2f} s")
    with served([{"reply": VERDICT, "latency": LATENCY}]) as address:
        took = [asyncio.run(dataframe(address, calls=EXAMPLES, in_flight=CONCURRENCY)) for _ in range(times)]
    told("async_evaluate_dataframe", took, EXAMPLES)


def main() -> None:
    """Measure every part."""
    slow: dict[str, object] = {"latency": LATENCY}
    judge: dict[str, object] = {"model": "judge", "reply": VERDICT, **slow}
    faults: list[dict[str, object]] = [
        {"fault": "status", "status": 429, "share": 0.15},
        {"fault": "status", "status": 500, "share": 0.30},
    ]
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    prompts = f"{EXAMPLES:,} prompts"
    at_once = f"{LATENCY * 1000:.0f} ms, {CONCURRENCY} at once"
    part(f"{prompts}, {at_once}", [slow], judge=False, needed=EXAMPLES, times=times)
    part(f"{prompts} with a judge each", [judge, slow], judge=True, needed=2 * EXAMPLES, times=times)
    phoenix(times)
    part("30 % of calls fail, half with 429, half with 500", [*faults, slow], judge=False, needed=EXAMPLES, times=times)


if __name__ == "__main__":
    main()
