"""Krippendorff's alpha: agreement of any number of judges, with gaps, on labels, ranks or numbers.

alpha = 1 − D_observed / D_expected over all pairs of values that stand in one unit (Krippendorff 2011, "Computing
Krippendorff's Alpha-Reliability"). Units with fewer than two values hold no pair and take no part.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Level(StrEnum):
    """What the values are, which settles how far apart two of them are."""

    NOMINAL = "nominal"
    """Labels: the same, or not."""
    ORDINAL = "ordinal"
    """Ranks: as far apart as there are values between them."""
    INTERVAL = "interval"
    """Numbers: by the square of their difference."""


def krippendorff_alpha(values: NDArray[np.float64], *, level: Level) -> float:
    """Return alpha of (judges, units) values, NaN where a judge gave none.

    NaN where no unit has two values, and where all values are the same: nothing could have differed.
    """
    together = values[:, np.count_nonzero(~np.isnan(values), axis=0) >= 2]
    present = ~np.isnan(together)
    if not present.any():
        return math.nan
    scale, position = np.unique(together[present], return_inverse=True)
    units = np.nonzero(present)[1]
    counts = np.zeros((together.shape[1], len(scale)))
    np.add.at(counts, (units, position), 1.0)
    pairs = _coincidences(counts)
    totals = pairs.sum(axis=1)
    distance = _distances(scale, totals, level)
    expected = float(totals @ distance @ totals) / (float(totals.sum()) - 1)
    return 1 - float((pairs * distance).sum()) / expected if expected > 0 else math.nan


def _coincidences(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (values, values) how often two stand in one unit, each unit weighing as much as it has values."""
    weights = 1 / (counts.sum(axis=1) - 1)
    pairs: NDArray[np.float64] = (counts * weights[:, None]).T @ counts - np.diag(weights @ counts)
    return pairs


def _distances(scale: NDArray[np.float64], totals: NDArray[np.float64], level: Level) -> NDArray[np.float64]:
    if level is Level.NOMINAL:
        return 1 - np.eye(len(scale))
    place = scale if level is Level.INTERVAL else np.cumsum(totals) - totals / 2
    distances: NDArray[np.float64] = (place[:, None] - place[None, :]) ** 2
    return distances
