"""From the journal to what was known of a build's judges when it began, and what people said of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import Judged, KnownJudge
from evalgate.gate.samples import samples
from evalgate.journal.judges import KnownJudgeRow
from evalgate.journal.store import Journal
from evalgate.records import Side

Outputs = Mapping[tuple[int, str], str | None]
"""The hash of each output by the example's place and the sample."""


def judged(
    journal: Journal,
    build_id: int,
    judges: Sequence[KnownJudgeRow],
    outputs: Mapping[Side, Outputs],
    index: Mapping[str, int],
) -> dict[str, Judged]:
    """Return what was known of a suite's judges, by the name of the evaluator; `index` has the examples' places."""
    return {
        row.name: Judged(
            known=None if row.summary is None else KnownJudge(**row.summary),
            people=_people(journal, build_id, row, outputs, index),
        )
        for row in judges
    }


def _people(
    journal: Journal, build_id: int, row: KnownJudgeRow, outputs: Mapping[Side, Outputs], index: Mapping[str, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return people's scores of the first answer of each side to each example; None without any on both sides."""
    scores = {
        (index[label.example_id], label.output_hash): label.score
        for label in journal.human_labels(build_id, row.suite, row.name)
        if label.example_id in index
    }
    if not scores or len(outputs) < len(Side):
        return None
    candidate, baseline = (_said(outputs[side], scores, len(index)) for side in (Side.CANDIDATE, Side.BASELINE))
    return (candidate, baseline) if (~np.isnan(candidate) & ~np.isnan(baseline)).any() else None


def _said(outputs: Outputs, scores: Mapping[tuple[int, str], float], examples: int) -> NDArray[np.float64]:
    (first,) = samples(1)
    said = np.full(examples, np.nan)
    for (place, sample), output in outputs.items():
        if sample == first and output is not None and (place, output) in scores:
            said[place] = scores[place, output]
    return said
