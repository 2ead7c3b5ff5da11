"""How often a candidate passes a rule that asks where its interval lies: its lower end above −margin, or both within.

What `on_inconclusive: fail` needs to know before it blocks: a strict gate that nothing passes gates nothing. And what
`improves` and `equivalent` can show.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from evalgate.stats.intervals import t_value, tango_lies_above
from evalgate.stats.planning import MOST_EXAMPLES
from evalgate.stats.power import POWER, Plan

LEVEL = 0.90
_SPREADS = 6
"""Standard deviations of the number of changed examples beyond which nothing is worth counting."""
_ROUNDS = 30
_GAIN_STEPS = 14


def pass_chance(plan: Plan, margin: float, *, binary: bool, gain: float = 0.0) -> float:
    """Return P(lower end > −margin) where the true change is `gain`, a share of the range that gets better for good.

    `plan.flip` is the noise; its alpha plays no part. Exact for pass/fail checks with one answer each and no clusters;
    else on the t interval with its two imaginary examples or clusters, taking their spread as known.
    """
    if binary and plan.repetitions <= 1 and plan.cluster_size <= 1:
        return _binary(plan.examples, plan.flip, margin, gain)
    units = plan.examples / plan.cluster_size
    each = plan.flip / plan.repetitions + gain * (1 - gain)
    each *= (1 + (plan.cluster_size - 1) * max(0.0, plan.icc)) / plan.cluster_size
    return mean_pass_chance(units, each, margin, gain)


def within_chance(plan: Plan, margin: float, *, binary: bool) -> float:
    """Return how often an unchanged candidate's whole interval lies within ±`margin`.

    Either end misses as often as the other, and both at once only where hardly anything passes.
    """
    return max(0.0, 2 * pass_chance(plan, margin, binary=binary) - 1)


def gain_to_show(plan: Plan, by: float, *, binary: bool, chance: float = POWER) -> float | None:
    """Return the least true gain whose lower end lies above `by` with this `chance`; None where none does."""
    most = 1.0 - (plan.flip if binary else 0.0)
    return _least(lambda gain: pass_chance(plan, -by, binary=binary, gain=gain) >= chance, by, most)


def examples_to_pass(plan: Plan, margin: float, *, binary: bool, chance: float, gain: float = 0.0) -> int | None:
    """Return about how many examples let a true change of `gain` pass with this `chance`; None: a million do not.

    To two digits: the chance of a pass/fail check goes up in small steps that go back a little.
    """
    return _fewest(
        lambda examples: pass_chance(replace(plan, examples=examples), margin, binary=binary, gain=gain) >= chance
    )


def mean_pass_chance(units: float, each: float, margin: float, gain: float = 0.0) -> float:
    """Return P(lower end > −margin) for a mean of `units` differences of variance `each` about `gain`."""
    if units < 2:
        return 0.0
    error = math.sqrt(each / units)
    least = max(t_value(units - 1, (1 + LEVEL) / 2) * error - margin, _least_with_imaginary(units, each, margin))
    if error == 0:
        return 1.0 if least < gain else 0.0
    return NormalDist().cdf((gain - least) / error)


def gain_of_mean(units: float, each: float, by: float, *, chance: float) -> float | None:
    """Return the least true mean whose lower end lies above `by` with this `chance`; None where none under 1 does."""
    return _least(lambda gain: mean_pass_chance(units, each, -by, gain) >= chance, by, 1.0)


def examples_for_mean(each: float, margin: float, *, chance: float) -> int | None:
    """Return about how many independent differences around 0 pass with this `chance`; None: a million do not."""
    return _fewest(lambda units: mean_pass_chance(units, each, margin) >= chance)


def _least(shows: Callable[[float], bool], low: float, high: float) -> float | None:
    if high <= low or not shows(high):
        return None
    for _ in range(_GAIN_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high


def _fewest(passes: Callable[[int], bool]) -> int | None:
    low, high = 1, 2
    while not passes(high):
        low, high = high, high * 2
        if high > MOST_EXAMPLES:
            return None
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


@functools.lru_cache(maxsize=4096)
def _binary(n: int, flip: float, margin: float, gain: float) -> float:
    from scipy.special import bdtr, gammaln, xlog1py, xlogy  # type: ignore[import-untyped]

    if n == 0:
        return 0.0
    share = min(1.0, flip + gain)
    around, spread = n * share, math.sqrt(n * share * (1 - share))
    first, last = max(0, math.floor(around - _SPREADS * spread - 1)), min(n, math.ceil(around + _SPREADS * spread + 1))
    changed = np.arange(first, last + 1)
    logs = gammaln(n + 1) - gammaln(changed + 1) - gammaln(n - changed + 1)
    masses = np.exp(logs + xlogy(changed, share) + xlog1py(n - changed, -share))
    most = np.array([_most_worse(int(number), n, margin) for number in changed])
    passing = np.where(most < 0, 0.0, bdtr(np.maximum(most, 0), changed, flip / 2 / share if share else 0.5))
    return float(min(1.0, (masses * passing).sum()))


@functools.lru_cache(maxsize=2**16)
def _most_worse(changed: int, n: int, margin: float) -> int:
    """Return how many of `changed` examples may have got worse with a PASS; −1: not even none."""

    def passes(worse: int) -> bool:
        return tango_lies_above(-margin, better=changed - worse, worse=worse, pairs=n, level=LEVEL)

    if not passes(0):
        return -1
    low, high = 0, changed
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if passes(middle) else (low, middle - 1)
    return low


def _least_with_imaginary(units: float, each: float, margin: float) -> float:
    """Return the mean difference at which the lower end with two imaginary units is just −margin."""
    t, least = t_value(units + 1, (1 + LEVEL) / 2), 0.0
    for _ in range(_ROUNDS):
        squares = (units - 1) * each + 2 + least**2 * 2 * units / (units + 2)
        error = math.sqrt(squares / ((units + 1) * (units + 2)))
        least = (t * error - margin) * (units + 2) / units
    return least
