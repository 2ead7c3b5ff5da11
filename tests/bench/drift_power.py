"""How often `curate drift` says that production has drifted: where it has not, and where a new topic came.

Run: python tests/bench/drift_power.py
It writes docs/drift-power.jsonl: for each cell the p-values of its repetitions. The table of docs/curation.md is made
of it, and tests/unit/curate/sampling/test_drift_power.py repeats some of it on the functions that are shipped.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

from evalgate.curate.sampling.drift import ALPHA, Drift, Period, drift, questions_of
from evalgate.curate.sampling.vectors import vectors_of_words
from evalgate.records import Example
from evalgate.suite.curate_sample import Sample
from tests.unit.curate.sampling.questions import candidate, questions, user

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs" / "drift-power.jsonl"
PAGE = ROOT / "docs" / "curation.md"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
USUAL = {"refund": 0.4, "delivery": 0.3, "login": 0.2, "recipe": 0.1}
BEGIN, END = "<!-- tables: python tests/bench/drift_power.py -->", "<!-- end of tables -->"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """`share` of production asks about a topic that the dataset has nothing of.

    `even`: the dataset has as many examples of each topic, whatever its share of production.
    """

    golden: int
    production: int
    share: float
    even: bool = False

    @property
    def name(self) -> str:
        kind = ", as much of each topic" if self.even else ""
        return f"{self.golden} golden{kind} | {self.production} of production | {100 * self.share:g} % new"

    @property
    def repetitions(self) -> int:
        return 50 if self.share else 200


SIZES = ((50, 100), (50, 400), (100, 400))
SHARES = (0.0, 0.1, 0.2)
CELLS = (
    *(Cell(golden=golden, production=production, share=share) for share in SHARES for golden, production in SIZES),
    Cell(golden=100, production=400, share=0.0, even=True),
)


def one(cell: Cell, number: int) -> Drift:
    """Return what is said of one draw of a dataset and of a week of production; topics play no part in its test."""
    rng = random.Random(f"{cell.name} {number}")
    has = dict.fromkeys(USUAL, 1.0) if cell.even else USUAL
    asks = {**{topic: share * (1 - cell.share) for topic, share in USUAL.items()}, "allergy": cell.share}
    golden = [Example(id=f"g{n}", input=user(text)) for n, text in enumerate(questions(rng, has, cell.golden))]
    start = (NOW - timedelta(days=1)).isoformat()
    texts = questions(rng, asks, cell.production)
    candidates = [candidate(n, text, source={"start": start}) for n, text in enumerate(texts)]
    period = Period(start=NOW - timedelta(days=7), end=NOW)
    return asyncio.run(drift(questions_of(candidates, golden, period), period, Sample(clusters=1), vectors=_vectors))


async def _vectors(texts):
    return vectors_of_words(texts)


def measured(cell: Cell) -> dict:
    """Return a cell's line: the p-value of each repetition."""
    return {"cell": cell.name, "p": [round(one(cell, number).test.p, 3) for number in range(cell.repetitions)]}


def lines() -> dict[str, dict]:
    """Return what was recorded, by cell."""
    if not RECORD.exists():
        return {}
    return {each["cell"]: each for each in map(json.loads, RECORD.read_text(encoding="utf-8").splitlines())}


def table() -> str:
    """Return the table of the page."""
    found = lines()
    heads = [f"{golden} golden, {production}" for golden, production in SIZES]
    rows = ["| of production asks something new | " + " | ".join(heads) + " |", "|---|" + "---|" * len(SIZES)]
    for share in SHARES:
        cells = (_said(found[Cell(golden=g, production=p, share=share).name]["p"]) for g, p in SIZES)
        rows.append(f"| {100 * share:g} % | " + " | ".join(cells) + " |")
    even = found[CELLS[-1].name]["p"]
    rows.append(f"| 0 %, and the dataset has as much of each topic | – | – | {_said(even)} |")
    return "\n".join([BEGIN, "", *rows, "", END])


def _said(found: list[float]) -> str:
    return f"{100 * sum(p <= ALPHA for p in found) / len(found):.1f}"


def written(page: str) -> str:
    """Return the page with the table as it is."""
    before, _, rest = page.partition(BEGIN)
    return before + table() + rest.partition(END)[2]


def _missing() -> Iterator[Cell]:
    found = lines()
    yield from (cell for cell in CELLS if cell.name not in found)


if __name__ == "__main__":
    for missing in _missing():
        line = json.dumps(measured(missing))
        with RECORD.open("a", encoding="utf-8") as record:
            record.write(f"{line}\n")
        print(missing.name, _said(json.loads(line)["p"]), flush=True)
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
