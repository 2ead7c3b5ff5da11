"""What a judge of pairs says for a decision: who is held against whom, and both sides of what they scored.

A verdict is kept with the candidate's run. What it scores the candidate, the baseline gets the rest of: both sides of a
check are there, and their difference is what was won minus what was lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from evalgate.decision.evidence import Cell, CheckEvidence, Preferences, Scores
from evalgate.gate.samples import deciding_samples, is_screen
from evalgate.journal.builds import DrawRow, ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import Side

Opponents = Mapping[str, tuple[str, ...]]
"""By sample of the candidate, the samples of the baseline that it is held against."""


def opponents(candidate: ExperimentRow, baseline: ExperimentRow, draws: Sequence[DrawRow]) -> Opponents:
    """Return who is held against whom: one against one, in order, so that the sides stay exchangeable.

    At a screen every answer is held against all the stored ones: it fails nothing, and one stored answer alone would
    make its luck the baseline's.
    """
    ours, theirs = deciding_samples(candidate, draws), deciding_samples(baseline, draws)
    if is_screen(baseline, draws):
        return dict.fromkeys(ours, tuple(theirs))
    return {one: (other,) for one, other in zip(ours, theirs, strict=False)}


def of_pairs(
    journal: Journal, check: CheckEvidence, rows: Mapping[Side, ExperimentRow], draws: Sequence[DrawRow]
) -> CheckEvidence:
    """Return the evidence of a check whose evaluator is a judge of pairs, with both sides of what it said."""
    if Side.BASELINE not in rows:
        return replace(check, baseline=None, redraws={})
    samples = list(opponents(rows[Side.CANDIDATE], rows[Side.BASELINE], draws))
    candidate, baseline = both_sides(check.candidate, len(samples))
    said = _counted(journal, rows[Side.CANDIDATE], check.name, samples)
    return replace(check, candidate=candidate, baseline=baseline, redraws={}, preferences=said)


def both_sides(scores: Scores, columns: int) -> tuple[Scores, Scores]:
    """Return what pairs scored the candidate, and what is left of each for the baseline. What is not judged lacks."""
    values, cells = scores.values[:, :columns], scores.cells[:, :columns]
    cells = np.where(cells == Cell.SCORED, cells, np.uint8(Cell.MISSING)).astype(np.uint8)
    values = np.where(cells == Cell.SCORED, values, np.nan)
    return Scores(values=values, cells=cells), Scores(values=1.0 - values, cells=cells.copy())


def _counted(journal: Journal, candidate: ExperimentRow, judge: str, samples: Sequence[str]) -> Preferences:
    """Return what a judge of pairs said of the samples that decide, counted."""
    preferred = {"candidate": 0, "tie": 0, "baseline": 0}
    asked = first = second = 0
    for _, sample, metadata, _ in journal.judgements(candidate.id, judge):
        if sample not in samples:
            continue
        for name in _texts(metadata.get("preferred")):
            preferred[name] += 1
        orders = metadata.get("orders")
        for said in orders if isinstance(orders, list) else ():
            asked += 1
            first += list(said) == ["candidate", "baseline"]
            second += list(said) == ["baseline", "candidate"]
    return Preferences(
        candidate=preferred["candidate"],
        ties=preferred["tie"],
        baseline=preferred["baseline"],
        asked=asked,
        first=first,
        second=second,
    )


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
