"""The checks of scores of a recorded suite, as a decision sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

import numpy as np

from evalgate.decision.evidence import Cell, CheckEvidence, Judged, KnownNoise, Labels, Redraw, Scores
from evalgate.gate.evidence.sides import SideCells
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.suite.config import Suite

_LABELS: Final = 20
"""So many labels of a check are listed; the rest are summed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What was known of a suite's evaluators before it ran, by their names."""

    noise: Mapping[str, KnownNoise]
    judges: Mapping[str, Judged]


def check_evidence(
    suite: Suite,
    experiments: Mapping[Side, ExperimentRow],
    sides: Mapping[Side, SideCells],
    examples: int,
    known: Known,
) -> tuple[CheckEvidence, ...]:
    """Return each check with the scores of both sides, over so many examples; none without a candidate."""
    if Side.CANDIDATE not in sides:
        return ()
    candidate, baseline = sides[Side.CANDIDATE], sides.get(Side.BASELINE)
    specs = {spec.name: spec for spec in experiments[Side.CANDIDATE].specs}
    absent = Scores(values=np.full((examples, 1), np.nan), cells=np.full((examples, 1), Cell.MISSING, dtype=np.uint8))
    found = []
    for name, check in suite.scored_checks.items():
        redrawn = candidate.redraws.get(name, {})
        baseline_redrawn = baseline.redraws.get(name, {}) if baseline else {}
        found.append(
            CheckEvidence(
                name=name,
                check=check,
                evaluator=specs[name],
                candidate=candidate.scores.get(name, absent),
                baseline=baseline.scores.get(name, absent) if baseline else None,
                redraws={
                    example_id: Redraw(candidate=score, baseline=baseline_redrawn.get(example_id))
                    for example_id, score in redrawn.items()
                },
                noise=known.noise.get(name),
                judge=known.judges.get(name),
            )
        )
    return tuple(found)


def recorded_labels(
    journal: Journal,
    counted: Mapping[Side, tuple[int, Sequence[str]]],
    without: Iterable[tuple[str, str | None]],
) -> dict[str, Labels]:
    """Return how often each evaluator gave which label in the samples that decide, by evaluator."""
    if Side.CANDIDATE not in counted:
        return {}
    found: dict[str, Labels] = {}
    given = journal.labels(counted[Side.CANDIDATE], counted.get(Side.BASELINE), without=without)
    for evaluator, rows in groupby(given, key=lambda row: row[0]):
        counts = tuple((label, after, before) for _, label, after, before in islice(rows, _LABELS))
        names = afters = befores = 0
        for *_, after, before in rows:
            names, afters, befores = names + 1, afters + after, befores + before
        found[evaluator] = Labels(counts=counts, other_names=names, others=(afters, befores))
    return found
