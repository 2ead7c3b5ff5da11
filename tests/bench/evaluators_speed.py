"""What one evaluation costs, kind by kind: `python -m tests.bench.evaluators_speed`."""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from evalgate.evaluators.registry import build
from evalgate.records import Example, Subject, TaskOutcome, Usage
from evalgate.suite.evaluators import Evaluator

SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}, "n": {"type": "number"}}, "required": ["n"]}
CALLS = [{"name": "find", "arguments": {"q": "web", "n": 2}}, {"name": "read", "arguments": {"id": 1}}]
EXPECTED = {"answer": "web", "n": 42, "tool_calls": CALLS, "sql": "SELECT kind FROM devices", "labels": ["a", "b"]}
KINDS = {
    "exact_match": {"exact_match": {"path": "answer"}},
    "contains": {"contains": {"path": "answer"}},
    "regex": {"regex": {"pattern": r"\bweb\b", "path": "answer"}},
    "json_valid": "json_valid",
    "json_schema": {"json_schema": {"schema": SCHEMA}},
    "json_path": {"json_path": {"expression": "$.answer", "equals": "web"}},
    "numeric_close": {"numeric_close": {"path": "n"}},
    "similarity": {"similarity": {"path": "answer"}},
    "tool_calls": "tool_calls",
    "length": {"length": {"max": 100}},
    "latency": "latency",
    "tokens": "tokens",
    "MatchesRegex": {"MatchesRegex": {"pattern": "web", "path": "answer"}},
    "PrecisionRecallFScore": {"PrecisionRecallFScore": {"path": "labels"}},
    "sql": {"sql": {"database": "shop.sql", "path": "sql"}},
    "python": {"python": "evals.py:short", "interpreter": sys.executable},
}
SECONDS = 0.5


async def cost(config: object, root: Path) -> tuple[float, float, int]:
    """Return seconds to start, seconds of one evaluation, and how many were timed."""
    runner = build(Evaluator.model_validate(config), root=root, environ=os.environ)
    outcome = TaskOutcome(output=EXPECTED, tool_calls=CALLS, usage=(Usage(model="m", input_tokens=1, output_tokens=1),))
    subject = Subject(example=Example(id="e1", input={}, output=EXPECTED), sample="r1", outcome=outcome)
    began = time.perf_counter()
    await runner.start()
    started = time.perf_counter()
    first = await runner.evaluate(subject)
    if first.score is None:
        raise SystemExit(f"{first.name}: {first.failure}")
    count, since = 0, time.perf_counter()
    while time.perf_counter() - since < SECONDS:
        await runner.evaluate(subject)
        count += 1
    took = (time.perf_counter() - since) / count
    await runner.close()
    return started - began, took, count


async def main() -> None:
    """Print one line per kind."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "shop.sql").write_text("CREATE TABLE devices(kind TEXT); INSERT INTO devices VALUES ('web');")
        (root / "evals.py").write_text("def short(output): return len(output) < 10\n")
        for kind, config in KINDS.items():
            start, took, count = await cost(config, root)
            print(f"{kind:24} start {start * 1e3:8.1f} ms   one evaluation {took * 1e6:8.1f} µs   of {count}")


if __name__ == "__main__":
    asyncio.run(main())
