"""How long a verdict takes from the journal: 10,000 examples × 25 checks, both sides, 500,000 evaluations read.

Run: `python -m tests.bench.evidence_speed [EXAMPLES [CHECKS]]`. The ideal is SQLite handing the same rows to Python.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from evalgate.decision import decide
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorSpec, Example, Side, TaskOutcome
from evalgate.suite.config import Config


def filled(path: Path, *, examples: int, checks: int) -> int:
    """Write one complete build, its evaluations by the thousand, and return its id."""
    names = [f"check{number}" for number in range(checks)]
    config = {
        "suites": {
            "s": {
                "dataset": "golden.jsonl",
                "task": {"python": "v2.py:answer"},
                "baseline": {"task": {"python": "v1.py:answer"}},
                "evaluators": [{"exact_match": {"path": "answer"}, "name": name} for name in names],
                "checks": {name: {"no_regression": {}} for name in names},
            }
        }
    }
    row = BuildRow(
        created_at="2026-01-01T00:00:00.000+00:00",
        config_file="evalgate.yaml",
        config=Config.model_validate(config).snapshot(),
        evalgate_version="0",
    )
    with Journal(path) as journal:
        build = journal.create_build(row)
        ids = [f"e{number:06}" for number in range(examples)]
        journal.add_examples(build, "s", (Example(id=id_, input={"q": id_}) for id_ in ids))
        specs = tuple(EvaluatorSpec(name=name) for name in names)
        shape = {"suite": "s", "dataset": "d", "dataset_version": "v", "repetitions": 1, "task": "t"}
        sides = [
            journal.add_experiment(
                build, ExperimentRow(side=side, label=side.value, evaluators="e", specs=specs, **shape)
            )
            for side in Side
        ]
        for experiment in sides:
            for id_ in ids:
                outcome = TaskOutcome(output=f"{experiment} {id_}")
                journal.record(experiment=experiment, example_id=id_, sample="r1", outcome=outcome, started_at="n")
        journal.add_seconds(build, 1.0, complete=True)
    statement = "INSERT INTO evaluation (experiment, example_id, sample, name, score) VALUES (?, ?, 'r1', ?, ?)"
    with closing(sqlite3.connect(path)) as db:
        for experiment in sides:
            db.executemany(
                statement,
                (
                    (experiment, id_, name, float(hash((id_, name, experiment)) % 10 > 0))
                    for id_ in ids
                    for name in names
                ),
            )
        db.commit()
    return build


def seconds(work: Callable[[], object]) -> float:
    """Return the best of three."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def main(examples: int = 10_000, checks: int = 25) -> None:
    """Measure and print one line a figure."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.db"
        build = filled(path, examples=examples, checks=checks)
        with Journal(path) as journal, closing(sqlite3.connect(path)) as db:
            ideal = seconds(lambda: db.execute("SELECT example_id, sample, name, score FROM evaluation").fetchall())
            evidence = build_evidence(journal, build)
            figures = {
                "journal to evidence": seconds(lambda: build_evidence(journal, build)),
                "evidence to decision": seconds(lambda: decide(evidence)),
            }
    for what, taken in figures.items():
        line = {"what": f"{examples} × {checks}, {what}", "seconds": round(taken, 3), "ratio": round(taken / ideal, 2)}
        print(json.dumps({**line, "ideal": round(ideal, 3)}, ensure_ascii=False))
    print(json.dumps({"what": "peak memory", "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
