"""What flipping signs alone makes of one column: the distribution of its loss, and the p-values read from it.

The loss is the summed magnitude of differences on the worse side. Few units are enumerated and differences on a
common step are convolved, both exactly; for the rest the drawn patterns themselves are the distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.columns import Weights
from evalgate.stats.signs import AllPatterns

EXHAUSTIVE_UNITS = 13
"""Up to so many changed units every pattern is enumerated: 8,192 of them."""
_CONVOLUTION_COST = 2_000_000
_SMALLEST_P = 1e-300
"""Stands for what a double cannot hold: p is never 0."""
_EXACT_TRIALS = 50
"""Up to here a double holds every binomial coefficient."""
MID_P_ATOM = 0.01
"""Mid-p spends half of the probability of ties; above this, that is too much to spend on a check that is not binary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Null:
    """The distribution of a column's loss. `at_least` and `above` are P(loss ≥ s) and P(loss > s) over `support`."""

    support: NDArray[np.float64]
    at_least: NDArray[np.float64]
    above: NDArray[np.float64]
    exact: bool
    dense: bool = False
    """Whether the support is 0, 1, 2 …, so that a loss is its own index."""

    def uses_mid(self, observed: float, *, always: bool) -> bool:
        """Return whether this column takes the mid-p: a binary check does, others where few patterns tie."""
        index = int(np.searchsorted(self.support, observed))
        return always or float(self.at_least[index] - self.above[index]) <= MID_P_ATOM

    def p_values(self, losses: NDArray[np.float64], *, mid: bool) -> NDArray[np.float64]:
        """Return the p-value of each loss, all of them in the support: P(≥), or that less half of P(=)."""
        table = (self.at_least + self.above) / 2 if mid else self.at_least
        index = losses.astype(np.intp) if self.dense else np.searchsorted(self.support, losses)
        p: NDArray[np.float64] = np.maximum(table, _SMALLEST_P)[index]
        return p


def exact_null(weights: Weights) -> Null | None:
    """Return the exact distribution of the loss; None where it is too large to work out."""
    if weights.coarsen == 1:
        convolved = _convolved(weights)
        if convolved is not None:
            return convolved
    if len(weights.values) > EXHAUSTIVE_UNITS:
        return None
    patterns = AllPatterns.of(len(weights.values))
    _, bits = next(patterns.blocks(np.arange(len(weights.values), dtype=np.intp)))
    return drawn_null(weights.losses(weights.values @ bits.astype(np.float64)), exact=True)


def drawn_null(losses: NDArray[np.float64], *, exact: bool = False) -> Null:
    """Return the distribution of `losses` (patterns,): the total loss under each pattern of signs."""
    support, counts = np.unique(losses, return_counts=True)
    return _from_masses(support, counts / len(losses), exact=exact)


def _convolved(weights: Weights) -> Null | None:
    """Return the distribution as sums of binomials, one for each distinct magnitude; None above a cost."""
    magnitudes, counts = np.unique(np.abs(weights.values).astype(np.int64), return_counts=True)
    masses = np.ones(1)
    cost = 0
    for magnitude, count in zip(magnitudes.tolist(), counts.tolist(), strict=True):
        cost += len(masses) * count
        if len(magnitudes) > 1 and (cost > _CONVOLUTION_COST or magnitude * count > _CONVOLUTION_COST):
            return None
        binomial = fair_binomial(count)
        longer = np.zeros(len(masses) + magnitude * count)
        if len(masses) == 1:
            longer[::magnitude] = binomial
        else:
            for successes, mass in enumerate(binomial.tolist()):
                start = successes * magnitude
                longer[start : start + len(masses)] += mass * masses
        masses = longer
    return _from_masses(np.arange(len(masses), dtype=np.float64), masses, exact=True, dense=True)


def fair_binomial(trials: int) -> NDArray[np.float64]:
    """Return the probabilities of 0 … `trials` heads of a fair coin; many are worked out from the middle outwards."""
    if trials <= _EXACT_TRIALS:
        return np.array([math.comb(trials, heads) for heads in range(trials + 1)]) / 2.0**trials
    middle = trials // 2
    upwards = np.arange(middle, trials, dtype=np.float64)
    right = np.cumprod((trials - upwards) / (upwards + 1))
    downwards = np.arange(middle, 0, -1, dtype=np.float64)
    left = np.cumprod(downwards / (trials - downwards + 1))
    masses = np.concatenate((left[::-1], [1.0], right))
    whole: NDArray[np.float64] = masses / masses.sum()
    return whole


def _from_masses(
    support: NDArray[np.float64], masses: NDArray[np.float64], *, exact: bool, dense: bool = False
) -> Null:
    at_least = np.minimum(np.cumsum(masses[::-1])[::-1], 1.0)
    return Null(support=support, at_least=at_least, above=np.append(at_least[1:], 0.0), exact=exact, dense=dense)
