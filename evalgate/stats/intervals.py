"""Intervals: of a paired difference (Tango, plus-two t, CR2) and of a proportion (Wilson, Clopper-Pearson).

Differences are shares of the score's range, + is better. Never the bootstrap: at the sizes of golden datasets it
covers too little (docs/decisions/0007-how-a-build-is-decided.md).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_HALVINGS = 44
"""To 1e-13 of a difference."""


def z_value(probability: float) -> float:
    """Return the standard normal quantile of `probability`, in (0, 1)."""
    return NormalDist().inv_cdf(probability)


@functools.lru_cache(maxsize=2**16)
def tango(*, better: int, worse: int, pairs: int, level: float) -> tuple[float, float]:
    """Return the score interval for a difference of paired proportions (Tango 1998), (better − worse) / pairs.

    `better` and `worse` count the pairs that changed each way. No pairs: (-1, 1), nothing is known.
    """
    if pairs == 0:
        return -1.0, 1.0
    square = z_value((1 + level) / 2) ** 2
    estimate = (better - worse) / pairs
    fits = functools.partial(_fits, better=better, worse=worse, pairs=pairs, square=square)
    return _edge(fits, inside=estimate, outside=-1.0), _edge(fits, inside=estimate, outside=1.0)


def tango_lies_above(delta: float, *, better: int, worse: int, pairs: int, level: float) -> bool:
    """Return whether the whole of that interval lies above `delta`, without working out where it ends."""
    square = z_value((1 + level) / 2) ** 2
    above = pairs > 0 and (better - worse) / pairs > delta
    return above and not _fits(delta, better=better, worse=worse, pairs=pairs, square=square)


def _fits(delta: float, *, better: int, worse: int, pairs: int, square: float) -> bool:
    """Return whether a true difference of `delta` fits what was seen, by its score."""
    distance = better - worse - pairs * delta
    linear = -better - worse + (2 * pairs - better + worse) * delta
    discriminant = max(0.0, linear**2 + 8 * pairs * worse * delta * (1 - delta))
    worse_share = (math.sqrt(discriminant) - linear) / (4 * pairs)
    return distance**2 <= square * pairs * max(0.0, 2 * worse_share + delta * (1 - delta))


def _edge(fits: Callable[[float], bool], *, inside: float, outside: float) -> float:
    """Return where `fits` ends between a value that fits and one that may not."""
    if fits(outside):
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if fits(middle):
            inside = middle
        else:
            outside = middle
    return inside


def mean_spread(sums: NDArray[np.float64], sizes: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return (mean, CR2 standard error, Satterthwaite degrees of freedom) of a mean over clusters.

    `sums` and `sizes` are each cluster's sum of differences and number of examples. Single examples are clusters of
    size 1, for which this is the ordinary t. Bell and McCaffrey (2002), in closed form for a mean. Fewer than two
    clusters: the error is infinite.
    """
    total = float(sizes.sum())
    mean = float(sums.sum()) / total if total else 0.0
    if len(sizes) < 2:
        return mean, math.inf, 1.0
    rest = 1 - sizes / total
    variance = float(((sums - sizes * mean) ** 2 / rest).sum()) / total**2
    weights = sizes**2 / (total**2 * rest)
    gram = (weights.sum() ** 2 - (weights**2).sum()) / total**2 + (sizes**2).sum() / total**4
    return mean, math.sqrt(variance), float(1 / total**2 / gram)


def mean_interval(
    sums: NDArray[np.float64], sizes: NDArray[np.float64], *, level: float, bounded: bool = True
) -> tuple[float, float]:
    """Return the interval of a mean difference over clusters (or single examples, of size 1).

    The lower end adds two imaginary clusters of mean size, one full drop and one full gain: without them, data that
    shows no change at all rules everything out. It is never above the plain one. `bounded` clips to [-1, 1].
    """
    if len(sizes) == 0:
        return -1.0, 1.0
    mean, error, degrees = mean_spread(sums, sizes)
    high = mean + t_value(degrees, (1 + level) / 2) * error if math.isfinite(error) else math.inf
    low = 2 * mean - high
    size = float(sizes.mean())
    mean, error, degrees = mean_spread(np.append(sums, (-size, size)), np.append(sizes, (size, size)))
    low = min(low, mean - t_value(degrees, (1 + level) / 2) * error) if math.isfinite(low) else -math.inf
    if bounded or not math.isfinite(low):
        low, high = max(low, -1.0), min(high, 1.0)
    return low, high


def t_value(degrees: float, probability: float) -> float:
    """Return Student's t quantile."""
    from scipy.special import stdtrit  # type: ignore[import-untyped]

    return float(stdtrit(degrees, probability))


def wilson(share: float, n: float, *, level: float) -> tuple[float, float]:
    """Return the score interval of a proportion, or of a mean of scores in [0, 1]. n = 0: (0, 1)."""
    if n == 0:
        return 0.0, 1.0
    z = z_value((1 + level) / 2)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def clopper_pearson(share: float, n: float, *, level: float) -> tuple[float, float]:
    """Return the exact interval of a proportion; neither `share` × n nor n need be whole. n = 0: (0, 1)."""
    if n == 0:
        return 0.0, 1.0
    from scipy.special import betaincinv

    tail, successes = (1 - level) / 2, share * n
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high
