"""What one contender is worth and what it took: means, where the true ones could be, cost, tokens and time."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.contest import Contender, Spent
from evalgate.decision.contest_results import Level, Taken
from evalgate.decision.ground import Ground
from evalgate.decision.scale import Answers, Scale
from evalgate.stats.intervals import mean_spread, t_value
from evalgate.stats.power import bounds, intraclass

_LEVEL: Final = 0.90
_P95: Final = 0.95


def mean_share(side: Answers) -> float | None:
    """Return the mean share over the examples that were answered; None where none was."""
    means = side.means(side.answered)
    means = means[~np.isnan(means)]
    return float(means.mean()) if len(means) else None


def level(ground: Ground, check: str, of: Contender) -> Level:
    """Return how good a contender is in a check, its own errors at their worst."""
    side, scale = ground.answers[check, of.name], ground.scales[check]
    means = side.means(side.answered)
    answered = ~np.isnan(means)
    ends: tuple[float, float] | None = None
    if answered.any():
        ends = _ends(means[answered], ground.layout.units[answered], scale)
    mean = None if not answered.any() else scale.score(float(means[answered].mean()))
    low, high = sorted(ends) if ends else (None, None)
    missing = int((side.lacking > 0).sum())
    return Level(name=check, mean=mean, low=low, high=high, missing=missing)


def _ends(shares: NDArray[np.float64], units: NDArray[np.intp], scale: Scale) -> tuple[float, float] | None:
    """Return where the true mean could be; None where nothing can be said. Examples that belong together count less."""
    numbered = np.unique(units, return_inverse=True)[1].astype(np.intp)
    if scale.bounded:
        icc, size = intraclass(shares, numbered)
        worth = max(1, round(len(shares) / (1 + (size - 1) * icc)))
        low, high = bounds(float(shares.mean()), worth)
    else:
        sums = np.bincount(numbered, weights=shares).astype(np.float64)
        mean, error, degrees = mean_spread(sums, np.bincount(numbered).astype(np.float64))
        if not math.isfinite(error):
            return None
        half = t_value(degrees, (1 + _LEVEL) / 2) * error
        low, high = mean - half, mean + half
    return scale.score(low), scale.score(high)


def taken(spent: Spent) -> Taken:
    """Return what the runs took. The sum over runs of which one is not known is not known."""
    unpriced, uncounted = (int(np.isnan(each).sum()) for each in (spent.cost, spent.tokens))
    answered = len(spent.seconds)
    return Taken(
        runs=spent.runs,
        errors=spent.errors,
        answered=answered,
        cost=float(spent.cost.sum()) if answered and not unpriced else None,
        unpriced=unpriced,
        tokens=float(spent.tokens.sum()) if answered and not uncounted else None,
        uncounted=uncounted,
        latency_median=float(np.median(spent.seconds)) if answered else None,
        latency_p95=float(np.quantile(spent.seconds, _P95)) if answered else None,
    )
