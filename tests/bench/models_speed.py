"""What whole builds over a model take: `python -m tests.bench.models_speed`.

The fake model runs in a process of its own. Each part is one `evalgate run` as a user starts it, its own start-up
included, against what the calls alone would take with every slot always busy.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

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


def run(folder: Path) -> float:
    """Run it; return the seconds from start to exit."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    command = [sys.executable, "-m", "evalgate", "run", "--quiet"]
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if ended.returncode != 0:
        raise SystemExit(ended.stdout + ended.stderr)
    return took


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


def part(title: str, rules: list[dict[str, object]], *, judge: bool, needed: int) -> None:
    """Run one setting twice, the second time from the cache."""
    with served(rules) as address, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        project(folder, address, judge=judge)
        took, own, first = run(folder), measuring(folder), calls(address)
        ideal = needed * LATENCY / CONCURRENCY
        over = own / ideal - 1
        print(f"{title}\n  {took:.1f} s in all, {own:.2f} s measuring; the calls alone {ideal:.2f} s ({over:+.1%})")
        print(f"  {first:,} calls for {needed:,} answers, {needed / own:,.0f} answers a second")
        before = os.times()
        again = run(folder)
        after = os.times()
        busy = after.children_user + after.children_system - before.children_user - before.children_system
        print(f"  again: {again:.2f} s ({busy:.2f} s of a core), {calls(address) - first} calls\n")
        shutil.rmtree(folder / ".evalgate")


def main() -> None:
    """Measure every part."""
    slow: dict[str, object] = {"latency": LATENCY}
    judge: dict[str, object] = {"model": "judge", "reply": VERDICT, **slow}
    faults: list[dict[str, object]] = [
        {"fault": "status", "status": 429, "share": 0.15},
        {"fault": "status", "status": 500, "share": 0.30},
    ]
    part(f"{EXAMPLES:,} prompts, {LATENCY * 1000:.0f} ms, {CONCURRENCY} at once", [slow], judge=False, needed=EXAMPLES)
    part(f"{EXAMPLES:,} prompts with a judge each", [judge, slow], judge=True, needed=2 * EXAMPLES)
    part("30 % of calls fail, half with 429, half with 500", [*faults, slow], judge=False, needed=EXAMPLES)


if __name__ == "__main__":
    main()
