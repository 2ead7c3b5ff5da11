"""What a comparison can catch, and how many examples it would take.

drop = (z₁₋α + z₀.₈)·sd/√n with sd² = flip/k + drop·(1 − drop): `flip` is the share of examples whose result differs
between two identical runs (for scores: twice the variance within an example), k the repetitions on each side. Small
binary comparisons are worked out exactly, on the test that is shipped (sign flips of a binary column).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.intervals import clopper_pearson, wilson, z_value
from evalgate.stats.nulls import fair_binomial

POWER = 0.8
SMALL = 20
"""Under so many examples a proportion takes Clopper-Pearson instead of Wilson."""
_STEPS = 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A comparison to plan for. `cluster_size` is the mean number of examples that belong together."""

    examples: int
    flip: float
    alpha: float
    repetitions: float = 1
    cluster_size: float = 1.0
    icc: float = 0.0

    @property
    def effective(self) -> float:
        """How many independent examples these are worth."""
        return self.examples / (1 + (self.cluster_size - 1) * max(0.0, self.icc))


def detectable_drop(plan: Plan) -> float | None:
    """Return the drop (share of the range) caught 8 times in 10; None where even the largest is not."""
    if plan.examples == 0:
        return None
    z = z_value(1 - plan.alpha) + z_value(POWER)
    n, noise = plan.effective, plan.flip / plan.repetitions
    drop = (z * z + math.sqrt(z**4 + 4 * (n + z * z) * z * z * noise)) / (2 * (n + z * z))
    return drop if drop < 1 else None


def detectable_drop_binary(plan: Plan, *, mid: bool = True) -> float | None:
    """Return the same for one repetition of a binary check, by the exact power of its sign-flip test.

    None where a drop of everything that does not flip anyway is still missed. Meant for n under 50: cost is n².
    """
    low, high = 0.0, 1.0 - plan.flip
    if plan.examples == 0 or _power(plan.examples, plan.flip, high, plan.alpha, mid) < POWER:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _power(plan.examples, plan.flip, middle, plan.alpha, mid) < POWER:
            low = middle
        else:
            high = middle
    return high


@functools.lru_cache(maxsize=4096)
def _power(n: int, flip: float, drop: float, alpha: float, mid: bool) -> float:  # noqa: FBT001 - lru_cache keys
    """Return the chance that n examples fail: `drop` of them break for good, `flip` of them flip either way."""
    changed = min(1.0, flip + drop)
    if changed <= 0:
        return 0.0
    worse = (flip / 2 + drop) / changed
    counts = _binomial(n, changed)
    return float(sum(counts[m] * _binomial(m, worse)[fewest_to_fail(m, alpha, mid) :].sum() for m in range(n + 1)))


@functools.lru_cache(maxsize=4096)
def fewest_to_fail(changed: int, alpha: float, mid: bool) -> int:  # noqa: FBT001 - lru_cache keys
    """Return how many of `changed` examples must have got worse for the test to fail; changed + 1: it cannot."""
    masses = fair_binomial(changed)
    at_least = np.cumsum(masses[::-1])[::-1]
    p = at_least - masses / 2 if mid else at_least
    failing = np.flatnonzero(p <= alpha)
    return int(failing[0]) if len(failing) else changed + 1


@functools.lru_cache(maxsize=4096)
def _binomial(n: int, probability: float) -> NDArray[np.float64]:
    """Return the probabilities of 0 … n successes; n is small."""
    heads = np.arange(n + 1)
    masses: NDArray[np.float64] = _ways(n) * probability**heads * (1 - probability) ** (n - heads)
    return masses


@functools.lru_cache(maxsize=128)
def _ways(n: int) -> NDArray[np.float64]:
    """Return how many ways there are to 0 … n successes: a search asks for them with hundreds of probabilities."""
    return np.array([math.comb(n, k) for k in range(n + 1)], dtype=np.float64)


def examples_needed(*, variance: float, drop: float, alpha: float, power: float = POWER) -> float:
    """Return how many examples tell a mean drop from none; `variance` is of one example's difference."""
    return (z_value(1 - alpha) + z_value(power)) ** 2 * variance / drop**2


def examples_to_rule_out(margin: float, *, level: float = 0.90) -> int:
    """Return how many examples (or clusters) rule out a drop of `margin` when no score differs at all (Tango)."""
    square = z_value((1 + level) / 2) ** 2
    return math.floor(square * (1 - margin) / margin) + 1


def intraclass(differences: NDArray[np.float64], clusters: NDArray[np.intp]) -> tuple[float, float]:
    """Return (intraclass correlation by one-way analysis of variance, within [0, 1]; mean cluster size).

    `clusters` numbers each example's cluster from 0 without gaps.
    """
    sizes = np.bincount(clusters).astype(np.float64)
    n, groups = len(differences), len(sizes)
    if groups < 2 or n == groups:
        return 0.0, n / groups if groups else 1.0
    means = np.bincount(clusters, weights=differences) / sizes
    between = float((sizes * (means - differences.mean()) ** 2).sum()) / (groups - 1)
    within = float(((differences - means[clusters]) ** 2).sum()) / (n - groups)
    typical = (n - float((sizes**2).sum()) / n) / (groups - 1)
    spread = between + (typical - 1) * within
    return (min(1.0, max(0.0, (between - within) / spread)) if spread > 0 else 0.0), n / groups


def bounds(share: float, n: int) -> tuple[float, float]:
    """Return the one-sided 95 % bounds of a mean of [0, 1] scores: exact under 20 examples, else Wilson."""
    interval = clopper_pearson if n < SMALL else wilson
    return interval(share, n, level=0.90)


def failures_allowed(threshold: float, n: int) -> int | None:
    """Return how many of `n` examples may fail so that evidence still clears `threshold`; None: not even 0."""
    if bounds(1.0, n)[0] < threshold:
        return None
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        if bounds(1 - middle / n, n)[0] >= threshold:
            low = middle
        else:
            high = middle - 1
    return low


def examples_to_clear(threshold: float) -> int | None:
    """Return the fewest examples whose evidence clears `threshold` when none fails; None: no number does."""
    if threshold >= 1:
        return None
    high = 1
    while bounds(1.0, high)[0] < threshold:
        high *= 2
    return next(n for n in range(max(1, high // 2), high + 1) if bounds(1.0, n)[0] >= threshold)
