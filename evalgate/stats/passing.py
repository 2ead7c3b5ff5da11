"""How often an unchanged candidate passes `no_regression`: the lower end of its interval lies above −margin.

What `on_inconclusive: fail` needs to know before it blocks: a strict gate that nothing passes gates nothing.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from evalgate.stats.intervals import t_value, tango_lies_above
from evalgate.stats.planning import MOST_EXAMPLES
from evalgate.stats.power import Plan

LEVEL = 0.90
_SPREADS = 6
"""Standard deviations of the number of changed examples beyond which nothing is worth counting."""
_ROUNDS = 30


def pass_chance(plan: Plan, margin: float, *, binary: bool) -> float:
    """Return P(PASS) where nothing changed. `plan.flip` is the noise; its alpha plays no part.

    Exact for pass/fail checks with one answer each and no clusters; else on the t interval with its two imaginary
    examples or clusters, taking their spread as known.
    """
    if binary and plan.repetitions <= 1 and plan.cluster_size <= 1:
        return _binary(plan.examples, plan.flip, margin)
    units = plan.examples / plan.cluster_size
    each = plan.flip / plan.repetitions * (1 + (plan.cluster_size - 1) * max(0.0, plan.icc)) / plan.cluster_size
    return _mean(units, each, margin)


def examples_to_pass(plan: Plan, margin: float, *, binary: bool, chance: float) -> int | None:
    """Return about how many examples let an unchanged candidate pass with this `chance`; None where a million do not.

    To two digits: the chance of a pass/fail check goes up in small steps that go back a little.
    """

    def passes(examples: int) -> bool:
        return pass_chance(replace(plan, examples=examples), margin, binary=binary) >= chance

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
def _binary(n: int, flip: float, margin: float) -> float:
    from scipy.special import bdtr, gammaln, xlog1py, xlogy  # type: ignore[import-untyped]

    if n == 0:
        return 0.0
    around, spread = n * flip, math.sqrt(n * flip * (1 - flip))
    first, last = max(0, math.floor(around - _SPREADS * spread - 1)), min(n, math.ceil(around + _SPREADS * spread + 1))
    changed = np.arange(first, last + 1)
    logs = gammaln(n + 1) - gammaln(changed + 1) - gammaln(n - changed + 1)
    masses = np.exp(logs + xlogy(changed, flip) + xlog1py(n - changed, -flip))
    most = np.array([_most_worse(int(number), n, margin) for number in changed])
    passing = np.where(most < 0, 0.0, bdtr(np.maximum(most, 0), changed, 0.5))
    return float(min(1.0, (masses * passing).sum()))


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


def _mean(units: float, each: float, margin: float) -> float:
    """Return the same for a mean of `units` differences whose variance is `each`."""
    if units < 2:
        return 0.0
    error = math.sqrt(each / units)
    least = max(t_value(units - 1, (1 + LEVEL) / 2) * error - margin, _least_with_imaginary(units, each, margin))
    if error == 0:
        return 1.0 if least < 0 else 0.0
    return NormalDist().cdf(-least / error)


def _least_with_imaginary(units: float, each: float, margin: float) -> float:
    """Return the mean difference at which the lower end with two imaginary units is just −margin."""
    t, least = t_value(units + 1, (1 + LEVEL) / 2), 0.0
    for _ in range(_ROUNDS):
        squares = (units - 1) * each + 2 + least**2 * 2 * units / (units + 2)
        error = math.sqrt(squares / ((units + 1) * (units + 2)))
        least = (t * error - margin) * (units + 2) / units
    return least
