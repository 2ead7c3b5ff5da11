"""How well two or more judges agree beyond chance, and what an imperfect judge's rate says of the true one.

A table is (labels, labels): how many subjects, or which share of them, got which label from the first judge (rows)
and from the second (columns). Krippendorff's alpha, for any number of judges and gaps, is in `krippendorff`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.intervals import wilson, z_value

_NO_ERROR = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """A share of `subjects` with its interval. NaN in (0, 1) where there is no subject."""

    share: float
    low: float
    high: float
    subjects: int


def raw_agreement(table: NDArray[np.float64]) -> float:
    """Return the share of subjects that both judges gave the same label; NaN for an empty table."""
    total = float(table.sum())
    return float(np.trace(table)) / total if total else math.nan


def quadratic_weights(labels: int) -> NDArray[np.float64]:
    """Return how bad each disagreement is where labels are steps of a scale: the squared distance (Cohen 1968)."""
    steps = np.arange(labels, dtype=np.float64)
    weights: NDArray[np.float64] = (steps[:, None] - steps[None, :]) ** 2
    return weights


def cohen_kappa(table: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> float:
    """Return Cohen's kappa of a square table of two judges' labels, as counts or shares.

    `weights` say how bad each disagreement is (Cohen 1968); by default all are equally bad. NaN where chance alone
    would agree on everything, and for an empty table.
    """
    if not table.sum():
        return math.nan
    shares = table / table.sum()
    bad = 1 - np.eye(len(table)) if weights is None else weights
    by_chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    expected = float((bad * by_chance).sum())
    return 1 - float((bad * shares).sum()) / expected if expected > 0 else math.nan


def kappa_interval(
    table: NDArray[np.float64], weights: NDArray[np.float64] | None = None, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of `cohen_kappa` from a table of counts, within [-1, 1]; (-1, 1) where kappa is NaN.

    The large-sample error of Fleiss, Cohen and Everitt (1969). It is 0 where all agree, as if a few subjects settled
    everything: then the interval is Wilson's of the raw agreement, at the same agreement by chance.
    """
    kappa = cohen_kappa(table, weights)
    if math.isnan(kappa):
        return -1.0, 1.0
    error = kappa_error(table, weights)
    if error <= _NO_ERROR:
        n, by_chance = float(table.sum()), _by_chance(table, weights)
        observed = kappa * (1 - by_chance) + by_chance
        low, high = wilson(observed, round(n), level=level)
        return max(-1.0, (low - by_chance) / (1 - by_chance)), min(1.0, (high - by_chance) / (1 - by_chance))
    half = z_value((1 + level) / 2) * error
    return max(-1.0, kappa - half), min(1.0, kappa + half)


def kappa_error(table: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> float:
    """Return the large-sample standard error of kappa from counts (Fleiss, Cohen and Everitt 1969, formula 13).

    Infinite where kappa is NaN.
    """
    if math.isnan(cohen_kappa(table, weights)):
        return math.inf
    n = float(table.sum())
    shares = table / n
    good = _credit(len(table), weights)
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, by_chance = float((good * shares).sum()), _by_chance(table, weights)
    typical = (good @ columns)[:, None] + (rows @ good)[None, :]
    spread = float((shares * (good * (1 - by_chance) - typical * (1 - observed)) ** 2).sum())
    spread -= (observed * by_chance - 2 * by_chance + observed) ** 2
    return math.sqrt(max(0.0, spread) / n) / (1 - by_chance) ** 2


def _credit(labels: int, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return how much of an agreement each pair of labels is, from how bad a disagreement it is: 1 on the diagonal."""
    if weights is None:
        return np.eye(labels)
    credit: NDArray[np.float64] = 1 - weights / weights.max()
    return credit


def _by_chance(table: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    shares = table / table.sum()
    return float(shares.sum(axis=1) @ _credit(len(table), weights) @ shares.sum(axis=0))


def fleiss_kappa(counts: NDArray[np.float64]) -> float:
    """Return Fleiss' kappa of (subjects, labels) counts, each subject judged equally often, at least twice.

    NaN where every judgement is the same label, and without subjects.
    """
    if not counts.sum():
        return math.nan
    judges = counts.sum(axis=1)[0]
    agreement = float((((counts**2).sum(axis=1) - judges) / (judges * (judges - 1))).mean())
    by_chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return (agreement - by_chance) / (1 - by_chance) if by_chance < 1 else math.nan


def gwet_ac1(table: NDArray[np.float64]) -> float:
    """Return Gwet's AC1 of a square table of two judges' labels: stays sensible where one label is rare.

    `table` has a row and a column for every label there is (at least two), used or not. NaN for an empty table.
    """
    if not table.sum():
        return math.nan
    shares = table / table.sum()
    prevalence = (shares.sum(axis=0) + shares.sum(axis=1)) / 2
    by_chance = float((prevalence * (1 - prevalence)).sum()) / (len(table) - 1)
    return (float(np.trace(shares)) - by_chance) / (1 - by_chance)


def sensitivity(truth: NDArray[np.bool_], judged: NDArray[np.bool_], *, level: float = 0.95) -> Rate:
    """Return which share of what truly passes the judge passes, with Wilson's interval. Both are over subjects."""
    return _rate(judged[truth], level)


def specificity(truth: NDArray[np.bool_], judged: NDArray[np.bool_], *, level: float = 0.95) -> Rate:
    """Return which share of what truly fails the judge fails, with Wilson's interval. Both are over subjects."""
    return _rate(~judged[~truth], level)


def _rate(right: NDArray[np.bool_], level: float) -> Rate:
    n = len(right)
    share = float(right.mean()) if n else math.nan
    low, high = wilson(share, n, level=level)
    return Rate(share=share, low=low, high=high, subjects=n)


def rogan_gladen(share: float, *, sensitivity: float, specificity: float) -> float:
    """Return the true share of positives from an imperfect judge's, within [0, 1] (Rogan and Gladen 1978).

    For absolute rates only, never for differences. NaN for a judge no better than a coin.
    """
    informative = sensitivity + specificity - 1
    return min(1.0, max(0.0, (share + specificity - 1) / informative)) if informative > 0 else math.nan
