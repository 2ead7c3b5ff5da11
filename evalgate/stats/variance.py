"""What scores vary by when nothing changes: examples, whole runs, answers, the evaluator; and how often results differ.

Scores are (examples, runs) arrays of shares of the range. Components are worked out by the method of moments, and one
below 0 counts as 0. `units` numbers what each example belongs to (itself, or its cluster) from 0 without gaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.intervals import clopper_pearson, mean_spread, wilson, z_value
from evalgate.stats.power import POWER, SMALL, intraclass

_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Components:
    """The variance of one score by where it comes from, each as a squared share of the range.

    `examples`: some are harder than others. `runs`: a whole run shifts all of its examples together. `answers`: the
    task answers one example differently. `evaluator`: it scores one answer differently.
    """

    examples: float
    runs: float
    answers: float
    evaluator: float

    @property
    def total(self) -> float:
        """The variance of a score of any example in any run."""
        return self.examples + self.runs + self.answers + self.evaluator


@dataclass(frozen=True, kw_only=True, slots=True)
class FlipRate:
    """The share of examples whose result differs between two equal runs, with its 95 % interval.

    For scores that are not pass/fail: twice the variance within an example. `flaky` examples have differing scores.
    """

    rate: float
    low: float
    high: float
    examples: int
    flaky: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeRuns:
    """How much whole runs shift: `spread` is the standard deviation of that, `caught` the one found 8 times in 10.

    `inflation` is the variance of a run's mean over what it would be if examples varied independently: 1 is sound.
    """

    spread: float
    caught: float
    inflation: float


def flip_rate(scores: NDArray[np.float64], units: NDArray[np.intp]) -> FlipRate | None:
    """Return how often two runs differ; None where no example has two scores. NaN stands for no score.

    The interval is that of a proportion, of as many examples as the spread of their own rates is worth: several pairs
    of runs of one example say more than one, and examples of one cluster less.
    """
    rates, known = _own_rates(scores)
    if not len(rates):
        return None
    rate = min(1.0, float(rates.mean()))
    worth = _worth(rates, _numbered(units[known]), rate, pairs=scores.shape[1] // 2)
    interval = clopper_pearson if worth < SMALL else wilson
    low, high = interval(rate, worth, level=_LEVEL)
    low = low if rate > 0 else 0.0  # and not 1e-18
    return FlipRate(rate=rate, low=low, high=high, examples=len(rates), flaky=int(np.count_nonzero(rates > 0)))


def _own_rates(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return twice the variance within each example that has two scores or more, and which those are."""
    scored = ~np.isnan(scores)
    counts = scored.sum(axis=1)
    known: NDArray[np.bool_] = counts >= 2
    values, there = np.where(scored, scores, 0.0)[known], scored[known]
    means = values.sum(axis=1) / counts[known]
    squares = np.where(there, values - means[:, None], 0.0) ** 2
    rates = 2 * squares.sum(axis=1) / (counts[known] - 1)
    lowest = np.where(there, values, np.inf).min(axis=1, initial=np.inf)
    # Equal scores differ by nothing, not by what their mean was rounded.
    rates[lowest == np.where(there, values, -np.inf).max(axis=1, initial=-np.inf)] = 0.0
    return rates, known


def _worth(rates: NDArray[np.float64], units: NDArray[np.intp], rate: float, *, pairs: int) -> float:
    sizes = np.bincount(units).astype(np.float64)
    error = mean_spread(np.bincount(units, weights=rates).astype(np.float64), sizes)[1]
    if not math.isfinite(error) or error == 0 or rate >= 1:
        return float(len(sizes))
    return min(rate * (1 - rate) / error**2, len(sizes) * float(max(1, pairs)))


def _numbered(units: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.unique(units, return_inverse=True)[1].astype(np.intp)


def components(scores: NDArray[np.float64], units: NDArray[np.intp], *, evaluator: float = 0.0) -> Components | None:
    """Return what the variance is made of; None for fewer than two examples or runs. Every score must be there.

    `evaluator` is the variance of two scores of one answer: it is part of what differs within an example.
    """
    examples, runs = scores.shape
    if examples < 2 or runs < 2:
        return None
    within = float(scores.var(axis=1, ddof=1).mean())
    shared = max(0.0, _run_variance(scores, units))
    between = float(scores.mean(axis=1).var(ddof=1))
    own = max(0.0, within - shared)
    scored = min(max(0.0, evaluator), own)
    # What is left of each example's mean after its runs: their shift is common to all, so it is not among them.
    return Components(examples=max(0.0, between - own / runs), runs=shared, answers=own - scored, evaluator=scored)


def whole_runs(scores: NDArray[np.float64], units: NDArray[np.intp]) -> WholeRuns | None:
    """Return how much whole runs shift; None for one unit alone, or fewer than two runs. Every score must be there."""
    examples, runs = scores.shape
    numbered = _numbered(units)
    sizes = np.bincount(numbered).astype(np.float64)
    if runs < 2 or len(sizes) < 2:
        return None
    observed, independent = _mean_squares(scores, numbered)
    weight = examples - float((sizes**2).sum()) / examples
    variance = max(0.0, (observed - independent) / weight)
    alone = max(0.0, independent - variance * float((sizes**2).sum()) / examples)
    return WholeRuns(
        spread=math.sqrt(variance),
        caught=math.sqrt(_inflation_caught(runs) * alone / weight),
        inflation=max(1.0, observed / alone) if alone > 0 and variance > 0 else 1.0,
    )


def _inflation_caught(runs: int) -> float:
    """Return how much a shift must add to the variance of run means, as a multiple, to be found 8 times in 10."""
    from scipy.special import chdtri  # type: ignore[import-untyped]

    return float(chdtri(runs - 1, 1 - _LEVEL) / chdtri(runs - 1, POWER)) - 1


def _run_variance(scores: NDArray[np.float64], units: NDArray[np.intp]) -> float:
    found = whole_runs(scores, units)
    return found.spread**2 if found is not None else 0.0


def _mean_squares(scores: NDArray[np.float64], units: NDArray[np.intp]) -> tuple[float, float]:
    """Return examples × the variance of the run means, as it is and as it would be if units varied independently."""
    examples, runs = scores.shape
    centred = scores - scores.mean(axis=1, keepdims=True)
    sums = np.zeros((int(units.max()) + 1, runs))
    np.add.at(sums, units, centred)
    observed = float((sums.sum(axis=0) ** 2).sum()) / examples / (runs - 1)
    return observed, float((sums**2).sum()) / examples / (runs - 1)


def false_alarm_rate(alpha: float, inflation: float) -> float:
    """Return how often a comparison at level `alpha` fails an unchanged candidate, run means varying so much more."""
    return NormalDist().cdf(-z_value(1 - alpha) / math.sqrt(inflation))


def evaluator_variance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the variance of an evaluator's score of one answer, from two scores of each; 0 where there are none."""
    return float(((first - second) ** 2).mean()) / 2 if len(first) else 0.0


def cluster_correlation(scores: NDArray[np.float64], units: NDArray[np.intp]) -> float:
    """Return what differences between two runs have in common within a cluster, from disjoint pairs of runs."""
    numbered = _numbered(units)
    groups = int(numbered.max(initial=-1)) + 1
    pairs = scores.shape[1] // 2
    if not pairs or groups == len(numbered):
        return 0.0
    differences = np.concatenate([scores[:, 2 * pair + 1] - scores[:, 2 * pair] for pair in range(pairs)])
    clusters = np.concatenate([numbered + pair * groups for pair in range(pairs)]).astype(np.intp)
    return intraclass(differences, clusters)[0]
