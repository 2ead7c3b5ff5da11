"""How often the shipped decision is wrong, and what it catches: simulated builds with a known truth, by the thousand.

Run: python tests/bench/operating_characteristics.py [--repetitions 4000] [--processes 2] [--minutes M] [--only NAME]
It adds one line for each finished cell to docs/operating-characteristics.jsonl, skips cells that are there with as
many repetitions, begins with those that have the fewest, and rewrites the tables of
docs/operating-characteristics.md. `--table` only rewrites those.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two processes that each start two threads take three times as long

import argparse
import hashlib
import json
import math
import multiprocessing
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from evalgate.decision import decide
from evalgate.decision.flow import Flow, Measured, Step, SuiteFlow, after, begin
from evalgate.records import Verdict
from evalgate.suite.checks import Policy
from tests.bench.simulated import STORED, Build, Spec

ROOT = Path(__file__).parents[2]
LINES = ROOT / "docs" / "operating-characteristics.jsonl"
PAGE = ROOT / "docs" / "operating-characteristics.md"
SIZES = (20, 30, 50, 100, 200, 500)
OF_TEN = 10
"""A lucky stored baseline is the best of so many, an unlucky one the worst."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One setting of one table: `group` is the table, `row` its line, the number of examples its column."""

    group: str
    row: str
    spec: Spec

    @property
    def name(self) -> str:
        return f"{self.group} | {self.row} | n={self.spec.n}"


def cells() -> list[Cell]:
    """Return every cell, the most informative first."""
    found: list[Cell] = []

    def add(group, row, sizes=SIZES, **changed):
        found.extend(Cell(group=group, row=row, spec=Spec(n=n, **changed)) for n in sizes)

    flow, one, many = "screen, then confirm", "one pass/fail check", "several comparisons"
    core = (50, 100, 200)
    for sizes in (core, (20, 30, 500)):
        add(one, "unchanged: pass rate 80 %, flips 10 %", sizes)
        add(one, "drop of 10 points: pass rate 80 %, no flips", sizes, flip=0.0, drop=0.10)
        add(one, "drop of 10 points: pass rate 80 %, flips 5 %", sizes, flip=0.05, drop=0.10)
        add(one, "drop of 10 points: pass rate 80 %, flips 10 %", sizes, drop=0.10)
        add(flow, "unchanged", sizes, flow="fair")
        add(flow, "unchanged, luckiest of ten stored baselines", sizes, flow="lucky")
        add(flow, "unchanged, unluckiest of ten stored baselines", sizes, flow="unlucky")
        add(flow, "drop of 10 points (the margin: PASS is false)", sizes, flow="fair", drop=0.10)
        add(flow, "drop of 10 points, unluckiest of ten", sizes, flow="unlucky", drop=0.10)
        add(flow, "drop of 15 points", sizes, flow="fair", drop=0.15)
    five = {"checks": 5}
    add(flow, "five checks, unchanged", (50, 100), flow="fair", **five)
    add(flow, "five checks, luckiest of ten", (50, 100), flow="lucky", **five)
    add(flow, "five checks, one down 10 points", (50, 100), flow="fair", drop=0.10, **five)
    add(flow, "five checks, one down 15 points", (50, 100), flow="fair", drop=0.15, **five)
    add(flow, "five checks, flips 5 %, one down 10 points", (50, 100), flow="fair", drop=0.10, flip=0.05, **five)
    add(flow, "five checks, flips 5 %, one down 15 points", (50, 100), flow="fair", drop=0.15, flip=0.05, **five)
    add(flow, "three suites, unchanged", (50, 100), flow="fair", suites=3)
    add(flow, "three suites, luckiest of ten", (50, 100), flow="lucky", suites=3)
    for sizes in (core, (20, 30, 500)):
        add("other scores", "ratings 1–5, unchanged", sizes, kind="ordinal", flip=0.3)
        add("other scores", "ratings 1–5, drop of 10 points", sizes, kind="ordinal", flip=0.3, drop=0.10)
        add("other scores", "[0, 1] with many zeros, unchanged", sizes, kind="zeros")
        add("other scores", "[0, 1] with many zeros, drop of 10 points", sizes, kind="zeros", drop=0.10)
        add("other scores", "clusters of 5, unchanged", sizes, clustered=True, flip=0.2)
        add("other scores", "clusters of 5, drop of 10 points", sizes, clustered=True, flip=0.2, drop=0.10)
        add("other scores", "errors in 10 % of answers, both sides", sizes, errors=0.10)
        for rate in (0.05, 0.1, 0.2):
            row = f"pass rate {100 * rate:g} %, 3 runs against 1"
            add("other scores", row, sizes, rate=rate, flip=1.5 * rate * (1 - rate), repetitions=(1, 3))
    what = "what answers take"
    times = {"kind": "times"}
    for sizes in (core, (20, 30, 500)):
        add(what, "unchanged, lognormal (σ 0.4)", sizes, **times)
        add(what, "unchanged, σ 0.4, 3 % of runs take 10 × as much", sizes, tail=0.03, **times)
        add(what, "unchanged, σ 1.0", sizes, sigma=1.0, **times)
        add(what, "unchanged, σ 0.1", sizes, sigma=0.1, **times)
        add(what, "up 10 %, as allowed, σ 0.1", sizes, sigma=0.1, rise=0.10, **times)
        add(what, "up 10 %, as allowed, σ 0.4", sizes, rise=0.10, **times)
        add(what, "up 30 %, 10 % allowed, σ 0.4", sizes, rise=0.30, **times)
        add(what, "up 30 %, 1 % allowed, σ 0.4", sizes, rise=0.30, allowed=0.01, **times)
        add(what, "up 30 %, 10 % allowed, σ 0.1", sizes, sigma=0.1, rise=0.30, **times)
        add(what, "up 30 %, 10 % allowed, σ 0.4, 3 runs of each", sizes, rise=0.30, repetitions=(3, 3), **times)
        add(what, "clusters of 5, unchanged, σ 0.4", sizes, clustered=True, **times)
    add(what, "five checks, unchanged, σ 0.4", core, kind="times", **five)
    add(what, "slices of ten, unchanged, σ 0.4", core, kind="times", slices=10)
    add(many, "five checks, unchanged", core, **five)
    add(many, "five checks, one down 10 points", core, drop=0.10, **five)
    add(many, "three suites of their own, unchanged", core, suites=3)
    add(many, "three suites on one dataset, unchanged", core, suites=3, one_dataset=True)
    add(many, "slices of ten, unchanged", (50, 100, 200), slices=10)
    add(many, "25 checks in 4 slices each, unchanged", (50, 100), checks=25, slices=4)
    add(many, "25 checks in 4 slices each, one down 15 points", (50, 100), checks=25, slices=4, drop=0.15)
    for rate, flips in ((0.5, (0.02, 0.1, 0.3, 0.5)), (0.8, (0.02, 0.2, 0.3)), (0.95, (0.02, 0.05, 0.09))):
        for flip in flips:
            add(one, f"unchanged: pass rate {100 * rate:g} %, flips {100 * flip:g} %", rate=rate, flip=flip)
    for flip in (0.0, 0.1, 0.2):
        for drop in (0.05, 0.15, 0.20) if flip < 0.2 else (0.05, 0.10, 0.15, 0.20):
            flips = f"flips {100 * flip:g} %" if flip else "no flips"
            add(one, f"drop of {100 * drop:g} points: pass rate 80 %, {flips}", flip=flip, drop=drop)
    return found


def seed_of(name: str) -> int:
    """Return the seed of a cell: the same for ever, whatever other cells there are."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def measure(cell: Cell, repetitions: int, seed: int | None = None) -> Counter[str]:
    """Return how often each verdict came, and for the flow how often it confirmed and how many passes it drew."""
    rng = np.random.Generator(np.random.Philox(key=seed_of(cell.name) if seed is None else seed))
    counts: Counter[str] = Counter()
    for _ in range(repetitions):
        counts.update(_flow(cell.spec, rng) if cell.spec.flow else _once(cell.spec, rng))
    return counts


def _once(spec: Spec, rng) -> dict[str, int]:
    build = Build(spec, rng)
    candidate = build.draw(spec.repetitions[0], candidate=True)
    baseline = build.draw(spec.repetitions[1], candidate=False)
    suites = [build.suite(index, *sides) for index, sides in enumerate(zip(candidate, baseline, strict=True))]
    return {decide(build.evidence(suites)).verdict: 1}


def _flow(spec: Spec, rng) -> dict[str, int]:
    """Run one build through the shipped flow, and count its dataset passes."""
    build = Build(spec, rng)
    stored = _stored(build)
    flow = Flow(suites=tuple(_known(name) for name in build.names()), policy=Policy())
    drawn = begin(flow)
    passes = sum(draw.candidate + draw.baseline for draw in drawn)
    candidate = build.draw(1, candidate=True)
    sides = enumerate(zip(candidate, stored, strict=True))
    evidence = build.evidence([build.suite(index, *both, screen=STORED) for index, both in sides])
    confirmed = 0
    while True:
        at = Measured(evidence=evidence, decision=decide(evidence), drawn=drawn)
        following = after(flow, at)
        if following.step is not Step.CONFIRM:
            verdict = at.decision.verdict
            return {verdict: 1, "confirmed": confirmed, "passes": passes, f"{verdict} at the screen": 1 - confirmed}
        confirmed = 1
        passes += sum(draw.candidate + draw.baseline for draw in following.draws)
        names = {draw.suite for draw in following.draws}
        times = max(draw.candidate for draw in following.draws)
        fresh = zip(build.draw(times, candidate=True), build.draw(times, candidate=False), strict=True)
        anew = [build.suite(index, *both) for index, both in enumerate(fresh)]
        # What is not confirmed stays, so that adjusted p is over all columns of the build.
        both = zip(evidence.suites, anew, strict=True)
        evidence = replace(evidence, suites=tuple(new if new.name in names else old for old, new in both))
        drawn = (*drawn, *following.draws)


def _known(name: str) -> SuiteFlow:
    return SuiteFlow(name=name, candidate="c", baseline="b", dataset="d", evaluators="e", policy="p", stored=STORED)


def _stored(build: Build):
    if build.spec.flow == "fair":
        return build.draw(STORED.repetitions, candidate=False)
    ten = [build.draw(STORED.repetitions, candidate=False) for _ in range(OF_TEN)]
    best = max if build.spec.flow == "lucky" else min
    return best(ten, key=lambda runs: sum(float(scores.values.mean()) for suite in runs for scores in suite))


def line(cell: Cell, repetitions: int) -> dict[str, object]:
    """Measure a cell; `standard_error` is that of the share that FAILs."""
    counts = measure(cell, repetitions)
    failed = counts[Verdict.FAIL] / repetitions
    return {
        "cell": cell.name,
        "seed": seed_of(cell.name),
        "repetitions": repetitions,
        "counts": {str(name): count for name, count in sorted(counts.items()) if count},
        "standard_error": round(math.sqrt(failed * (1 - failed) / repetitions), 5),
    }


def lines() -> dict[str, dict]:
    """Return the finished cells by name, each with the most repetitions that it was measured with."""
    found: dict[str, dict] = {}
    if LINES.exists():
        for text in LINES.read_text(encoding="utf-8").splitlines():
            one = json.loads(text)
            if one["repetitions"] >= found.get(one["cell"], {"repetitions": 0})["repetitions"]:
                found[one["cell"]] = one
    return found


def _work(job):
    return line(*job)


def run(wanted: list[tuple[Cell, int]], *, processes: int, minutes: float) -> None:
    """Measure cells until the time is up; each is written when it is finished."""
    until = time.monotonic() + 60 * minutes
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for one in pool.imap_unordered(_work, wanted):
            with LINES.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
            print(one["cell"], one["counts"], flush=True)
            if time.monotonic() > until:
                return


def tables(found: dict[str, dict]) -> str:
    """Return the Markdown tables of the finished cells: per cent of builds, one line for each setting."""
    known = cells()
    parts = []
    for group in dict.fromkeys(cell.group for cell in known):
        part = [cell for cell in known if cell.group == group and cell.name in found]
        if not part:
            continue
        shown = ("FAIL", "PASS", "INCONCLUSIVE", "confirmed") if part[0].spec.flow else ("FAIL",)
        shown = ("FAIL", "PASS") if part[0].spec.kind == "times" else shown
        for verdict in shown:
            parts.append(_table(group, verdict, part, found))
    return "\n\n".join(parts)


def _table(group: str, verdict: str, part: list[Cell], found: dict[str, dict]) -> str:
    what = f"{verdict}, % of builds" if verdict != "confirmed" else "builds that were confirmed, %"
    title = f"### {group[0].upper()}{group[1:]}: {what}"
    head = "| setting | builds | " + " | ".join(f"n = {n}" for n in SIZES) + " |"
    rows = [f"{title}\n\n{head}", "|---|---|" + "---|" * len(SIZES)]
    for row in sorted({cell.row for cell in part}, key=[cell.row for cell in cells()].index):
        at = {cell.spec.n: found[cell.name] for cell in part if cell.row == row}
        shares = [
            f"{100 * at[n]['counts'].get(verdict, 0) / at[n]['repetitions']:.1f}" if n in at else "" for n in SIZES
        ]
        builds = sorted({one["repetitions"] for one in at.values()})
        span = f"{builds[0]:,}" if len(builds) == 1 else f"{builds[0]:,} – {builds[-1]:,}"
        rows.append(f"| {row} | {span} | " + " | ".join(shares) + " |")
    return "\n".join(rows)


BEGIN, END = "<!-- tables: written by tests/bench/operating_characteristics.py -->", "<!-- end of tables -->"


def write_page() -> None:
    """Rewrite the tables between the page's two marks."""
    found = lines()
    least, most = (pick(one["repetitions"] for one in found.values()) for pick in (min, max))
    about = (
        f"{len(found)} cells of {len(cells())}, {least:,} to {most:,} simulated builds each:"
        f" a share of 5 % has a Monte Carlo error of {100 * math.sqrt(0.0475 / most):.2f} to"
        f" {100 * math.sqrt(0.0475 / least):.2f} points, one of 50 % of {50 / math.sqrt(most):.1f} to"
        f" {50 / math.sqrt(least):.1f}."
    )
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(
        f"{before}{BEGIN}\n\n{about}\n\n{tables(found)}\n\n{END}{rest.split(END)[1]}", encoding="utf-8", newline="\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=4_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--only", default="", help="a part of the names of cells")
    parser.add_argument("--table", action="store_true", help="measure nothing, rewrite the page's tables")
    options = parser.parse_args()
    if not options.table:
        has = {name: one["repetitions"] for name, one in lines().items()}
        lacking = [c for c in cells() if options.only in c.name and has.get(c.name, 0) < options.repetitions]
        lacking.sort(key=lambda cell: has.get(cell.name, 0))
        run([(cell, options.repetitions) for cell in lacking], processes=options.processes, minutes=options.minutes)
    write_page()


if __name__ == "__main__":
    main()
