"""How long a decision takes: 10,000 examples × 25 checks at B = 9,999 in under a second, drawn again under four.

Run: python tests/bench/decision_speed.py
Each shape has a process of its own, so that its peak memory is its own. *The least it takes* is measured beside it:
the raw sign words of every example, and one float32 product of the checks with the expanded signs, as the joint test
cannot do without. CPU time stands beside the clock's, as the machine may be busy with other things.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # what one core does; two would hide how much is arithmetic

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from evalgate.decision import decide
from evalgate.decision.evidence import BuildEvidence, Cell, CheckEvidence, Scores, SuiteEvidence
from evalgate.records import EvaluatorSpec
from evalgate.suite.checks import Check, Policy

LANG = "metadata.lang"
CHECKS = 25
CLUSTER = 5
DRAWN = 9_999
GOAL, GOAL_AGAIN, GOAL_THRICE = 1.0, 4.0, 2.0
"""CPU seconds for 10,000 examples; where the patterns are drawn again; where missing answers make three decisions."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What is decided: an unchanged candidate, so that most comparisons have something to flip."""

    examples: int
    kind: str = "pass/fail"
    repetitions: int = 1
    slices: int = 0
    clustered: bool = False
    missing: int = 0
    """Answers that the candidate lacks in the first check: everything is then decided thrice."""
    again: bool = False
    """Alpha is set on the smallest adjusted p, so that it has to be drawn 99,999 times."""

    @property
    def label(self) -> str:
        parts = [
            "scores, all changed" if self.kind == "scores" else self.kind,
            f"{self.repetitions} repetitions" if self.repetitions > 1 else "",
            f"clusters of {CLUSTER}" if self.clustered else "",
            f"{self.slices} slices each" if self.slices else "",
            f"{self.missing} missing answer" if self.missing else "",
            "drawn again" if self.again else "",
        ]
        return ", ".join(part for part in parts if part)


SHAPES = (
    *(
        Shape(examples=examples, **more)
        for examples in (1_000, 10_000, 100_000)
        for more in (
            {},
            {"kind": "scores"},
            {"clustered": True},
            {"repetitions": 3},
            {"again": True},
            {"kind": "scores", "again": True},
        )
    ),
    Shape(examples=10_000, missing=1),
    Shape(examples=10_000, kind="scores", missing=1),
    Shape(examples=1_000, slices=10),
)


def evidence(shape: Shape, rng, *, alpha: float = 0.05) -> BuildEvidence:
    """A build whose candidate is an unchanged one: both sides draw from the same process."""

    def side(chance, missing=0):
        drawn = rng.random((shape.examples, shape.repetitions))
        passed = (drawn < chance[:, None]).astype(float)
        values = passed if shape.kind == "pass/fail" else drawn * chance[:, None]
        cells = np.full(values.shape, Cell.SCORED, dtype=np.uint8)
        values[:missing], cells[:missing] = np.nan, Cell.MISSING
        return Scores(values=values, cells=cells)

    rules = Check.model_validate({"no_regression": {"slices": [LANG] if shape.slices else []}})
    parts = []
    for index in range(CHECKS):
        chance = np.where(rng.random(shape.examples) < 0.3, 0.5, 0.99)
        name = f"check {index}"
        parts.append(
            CheckEvidence(
                name=name,
                check=rules,
                evaluator=EvaluatorSpec(name=name),
                candidate=side(chance, 0 if index else shape.missing),
                baseline=side(chance),
                redraws={},
            )
        )
    every = range(shape.examples)
    suite = SuiteEvidence(
        name="bench",
        dataset="bench",
        example_ids=tuple(f"e{index}" for index in every),
        checks=tuple(parts),
        clusters=tuple(f"c{index // CLUSTER}" for index in every) if shape.clustered else None,
        slices={LANG: tuple(f"lang {index % shape.slices}" for index in every)} if shape.slices else {},
        identical=np.zeros(shape.examples, dtype=bool),
        baseline_label="main",
    )
    return BuildEvidence(suites=(suite,), policy=Policy(alpha=alpha))


def timed(work):
    """Return (the best CPU seconds of three, the clock's of that one, the last result)."""
    taken = []
    for _ in range(3):
        clock, cpu = time.perf_counter(), time.process_time()
        result = work()
        taken.append((time.process_time() - cpu, time.perf_counter() - clock))
    return *min(taken), result


def least(units: int, patterns: int) -> None:
    """Do what no joint test of that size can do without, in blocks that stay in a cache."""
    block = max(256, 2**20 // units // 256 * 256)
    generator, table = np.random.Philox(key=1), np.ones((CHECKS, units), dtype=np.float32)
    for start in range(0, patterns, block):
        wanted = min(block, patterns - start)
        words = generator.random_raw(units * -(-wanted // 64)).view(np.uint8).reshape(units, -1)
        _ = table @ np.unpackbits(words, axis=1, count=wanted, bitorder="little").astype(np.float32)


def peak() -> float:
    """This process's peak memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _near_alpha(shape: Shape) -> BuildEvidence:
    """Return a build whose smallest adjusted p is its alpha."""
    for seed in range(100):
        (suite,) = decide(evidence(shape, np.random.default_rng(seed))).suites
        smallest = min(check.comparison.p_adjusted for check in suite.checks)
        if smallest < 0.45:
            return evidence(shape, np.random.default_rng(seed), alpha=smallest)
    raise ValueError("no unchanged build of a hundred leans anywhere")


def measure(shape: Shape) -> dict[str, float]:
    """Measure one shape in this process."""
    decide(evidence(Shape(examples=50, kind=shape.kind), np.random.default_rng(9)))  # imports what is imported late
    built = evidence(shape, np.random.default_rng(0))
    if shape.again:
        built = _near_alpha(shape)
    before = peak()
    cpu, clock, decision = timed(lambda: decide(built))
    after = peak()
    units = shape.examples // (CLUSTER if shape.clustered else 1)
    ideal, _, _ = timed(lambda: least(units, DRAWN + (decision.flips - 1 if shape.again else 0)))
    return {"cpu": cpu, "clock": clock, "drawn": decision.flips - 1, "least": ideal, "before": before, "peak": after}


def main() -> None:
    print("| examples × 25 checks | patterns | CPU s | clock s | least CPU s | ratio | peak MB | before MB |")
    print("|---|---|---|---|---|---|---|---|")
    missed = []
    for shape in SHAPES:
        command = [sys.executable, __file__, json.dumps(asdict(shape))]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        seconds = (
            f"{found['cpu']:.2f} | {found['clock']:.2f} | {found['least']:.2f} | {found['cpu'] / found['least']:.1f}"
        )
        row = f"{shape.examples:,}: {shape.label} | {found['drawn']:,} | {seconds}"
        print(f"| {row} | {found['peak']:.0f} | {found['before']:.0f} |", flush=True)
        goal = GOAL_AGAIN if shape.again else GOAL_THRICE if shape.missing else GOAL
        if shape.examples == 10_000 and found["cpu"] > goal:
            missed.append(shape.label)
    if missed:
        sys.exit(f"10,000 examples took longer than the goals at the top of this file: {'; '.join(missed)}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(Shape(**json.loads(sys.argv[1])))))
    else:
        main()
