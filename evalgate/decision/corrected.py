"""A judge's difference, corrected by people who labelled both sides' answers to some examples. It decides nothing."""

from __future__ import annotations

import numpy as np

from evalgate.decision.number_words import point_number, points
from evalgate.decision.results import Correction
from evalgate.decision.view import View
from evalgate.stats.intervals import mean_interval
from evalgate.stats.ppi import repair

FEWEST = 5
"""Examples with labels on both sides below which nothing is corrected by them."""
_LEVEL = 0.90
_NO_ERROR = 1e-9


def corrected(of: View) -> Correction | None:
    """Return the difference as people's labels correct it (PPI++), or None where there are too few of them.

    The labelled examples are taken for a random part of all. Clustered examples are not independent, and have none.
    """
    judge, pairs = of.evidence.judge, of.pairs
    if judge is None or judge.people is None or pairs is None or of.layout.clustered:
        return None
    candidate, baseline = (of.metric.scale.shares(side[of.layout.order]) for side in judge.people)
    people = candidate - baseline
    both = ~np.isnan(people) & pairs.paired
    if both.sum() < FEWEST:
        return None
    found = repair(people[both], pairs.differences[both], pairs.differences[pairs.paired & ~both])
    low, high = found.interval(level=_LEVEL)
    if found.standard_error <= _NO_ERROR:  # a few equal labels settle nothing for certain
        low, high = mean_interval(people[both], np.ones(found.labelled), level=_LEVEL)
    raw = float(pairs.differences[pairs.paired].mean())
    between = f"{point_number(low)} to {point_number(high)}"
    told = (
        f"People labelled the answers of both sides to {found.labelled:,} of these examples. As they correct the judge,"
        f" the change is {_signed(found.estimate)} (could be {between}); by the judge alone it is {_signed(raw)}. The"
        " verdict goes by the judge."
    )
    return Correction(estimate=found.estimate, low=low, high=high, level=_LEVEL, labelled=found.labelled, told=told)


def _signed(share: float) -> str:
    return f"−{points(share)}" if share < 0 else points(share)
