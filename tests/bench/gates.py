"""How often gates fail a candidate and let one pass, worked out exactly where that can be done: one pass/fail check.

`flip` of n examples change, either way with equal chances. Averages alone decide for the two
gates that evalgate is compared with; evalgate's own rule is put together from the functions that are shipped. What has
no closed form is simulated with the raw words of a Philox stream, which numpy promises for ever: these numbers are the
same on every machine.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from scipy.special import gammaln, xlogy

from evalgate.decision.comparison import FAILING_LEVEL, Differences, interval, two_ended_interval
from evalgate.decision.known_noise import FLIPS
from evalgate.decision.no_regression import STORED_TO_PASS
from evalgate.stats.intervals import mean_interval, tango
from evalgate.stats.power import Plan, detectable_drop, detectable_drop_binary, fewest_to_fail
from evalgate.stats.ppi import repair
from evalgate.stats.variance import flip_rate

ALPHA = 0.05
MARGIN = 0.10
OF_TEN = 10

Gate = Callable[[int, int, int], bool]
"""(n, worse, better) → whether it fails the candidate."""


def mean_dropped(n: int, worse: int, better: int) -> bool:
    """The gate that fails where the pass rate is lower than the baseline's."""
    return worse > better


def mean_dropped_by_more_than_5_points(n: int, worse: int, better: int) -> bool:
    """The gate that fails where the pass rate is lower by more than 5 points."""
    return 100 * (worse - better) > 5 * n


def evalgate_fails(n: int, worse: int, better: int, *, mid: bool = True) -> bool:
    """One gating `no_regression` of one pass/fail check, at its defaults: the p-value and the interval must agree."""
    if worse < fewest_to_fail(worse + better, ALPHA, mid):
        return False
    return tango(better=better, worse=worse, pairs=n, level=FAILING_LEVEL)[1] < 0


def evalgate_fails_exactly(n: int, worse: int, better: int) -> bool:
    """The same with `exact: true`."""
    return evalgate_fails(n, worse, better, mid=False)


@functools.cache
def chance(gate: Gate, n: int, flip: float, drop: float = 0.0) -> float:
    """Return how often `gate` fails a candidate that dropped by `drop`: the sum over all outcomes, none simulated.

    Every gate here fails the more easily, the more got worse and the fewer got better: that is walked along.
    """
    total, failing = 0.0, 0
    for worse in range(n + 1):
        while failing <= n - worse and gate(n, worse, failing):
            failing += 1
        if failing:
            total += float(_row(n, worse, flip / 2 + drop, flip / 2)[:failing].sum())
    return total


def tango_covers(n: int, flip: float, drop: float, level: float = 0.95) -> float:
    """Return how often the interval of pass/fail differences holds a true drop: the sum over all outcomes."""
    total = 0.0
    for worse in range(n + 1):
        for better, share in enumerate(_row(n, worse, flip / 2 + drop, flip / 2).tolist()):
            if share > 1e-9:
                low, high = tango(better=better, worse=worse, pairs=n, level=level)
                total += share * (low <= -drop <= high)
    return total


def _row(n: int, worse: int, worse_share: float, better_share: float) -> np.ndarray:
    """Return the chances of `worse` and 0, 1 … improvements among n examples that go either way by these chances."""
    better = np.arange(n - worse + 1)
    same = n - worse - better
    ways = gammaln(n + 1) - gammaln(worse + 1) - gammaln(better + 1) - gammaln(same + 1)
    logs = ways + xlogy(worse, worse_share) + xlogy(better, better_share)
    return np.exp(logs + xlogy(same, 1 - worse_share - better_share))


def blocks_again(*, baseline_is_asked: bool) -> Fraction:
    """Return the chance that an example which failed once of two draws fails twice where its baseline does not.

    Its chance of failing is uniform before anything is seen, so Beta(2, 2) then, whose moments these are.
    """
    second, fourth = Fraction(2 * 3, 4 * 5), Fraction(2 * 3 * 4 * 5, 4 * 5 * 6 * 7)
    return second - fourth if baseline_is_asked else second


def shifted_test_accepts(n: int, loss: float) -> float:
    """Return how often sign flips about −loss call a true loss of just that size ruled out: no example showed it.

    Every difference is then 0, each shifted one is +loss, and no other sign pattern is as good.
    """
    return (1 - loss) ** n


def gain_ruled_out(n: int, share: float = 0.10, *, two_ended: bool) -> float:
    """Return how often a true gain, `share` of the examples by the whole range, is called ruled out.

    Of scores that are no pass/fail, where the paired t interval is used; summed over how many examples gain.
    """
    total = 0.0
    for gains in range(n + 1):
        values = np.array([1.0] * gains + [0.0] * (n - gains))
        of = Differences(values=values, units=np.arange(n), binary=False, bounded=True)
        high = (two_ended_interval if two_ended else interval)(of).high
        total += math.comb(n, gains) * share**gains * (1 - share) ** (n - gains) * (high < share)
    return total


def uniforms(seed: int, *shape: int) -> np.ndarray:
    """Return numbers in [0, 1) from raw Philox words."""
    words = np.random.Philox(key=seed).random_raw(math.prod(shape))
    return ((words >> np.uint64(11)) * 2.0**-53).reshape(shape)


def chances_of_passing(builds: int, n: int, rate: float, flip: float, seed: int) -> np.ndarray:
    """Return (builds, n) chances: 2 × flip of the examples are a coin's throw, the rest are settled one way."""
    coins = 2 * flip
    settled = (rate - coins / 2) / (1 - coins)
    drawn = uniforms(seed, 2, builds, n)
    return np.where(drawn[0] < coins, 0.5, (drawn[1] < settled).astype(float))


@functools.cache
def against_a_frozen_baseline(gate: Gate, n: int, *, builds: int = 4_000) -> float:
    """Return how often `gate` fails an unchanged candidate against the luckiest of ten stored runs of the baseline.

    Examples pass 80 % of the time and flip 10 % of the time.
    """
    truth = chances_of_passing(builds, n, 0.8, 0.1, seed=1)
    stored = uniforms(2, OF_TEN, builds, n) < truth
    best = stored[stored.sum(axis=2).argmax(axis=0), np.arange(builds)]
    candidate = uniforms(3, builds, n) < truth
    worse, better = (best & ~candidate).sum(axis=1), (~best & candidate).sum(axis=1)
    return sum(gate(n, int(w), int(b)) for w, b in zip(worse, better, strict=True)) / builds


@functools.cache
def passes_at_the_screen(level: float, n: int, *, unluckiest: bool, builds: int = 2_000) -> float:
    """Return how often a screen at `level` lets pass what dropped by the margin.

    One run of the candidate against three stored ones of the baseline, `unluckiest`: the worst three of ten threes.
    """
    truth = chances_of_passing(builds, n, 0.8, 0.1, seed=4)
    times = OF_TEN if unluckiest else 1
    stored = (uniforms(5, times, STORED_TO_PASS, builds, n) < truth).mean(axis=1)
    worst = stored[stored.sum(axis=2).argmin(axis=0), np.arange(builds)]
    broken = uniforms(6, builds, n) < MARGIN / 0.8
    candidate = (uniforms(7, builds, n) < truth) & ~broken
    sizes = np.ones(n)
    low = (mean_interval(one, sizes, level=level)[0] for one in candidate - worst)
    return sum(end > -MARGIN for end in low) / builds


def passes_at_the_margin(n: int, flip: float, level: float = FAILING_LEVEL) -> float:
    """Return how often one pass/fail check lets pass what dropped by the margin: its interval's lower end is above.

    `flip` of the examples change either way beside the tenth that break. The more got worse, the more must get better.
    """
    total, passing = 0.0, 0
    for worse in range(n + 1):
        while passing <= n - worse and tango(better=passing, worse=worse, pairs=n, level=level)[0] <= -MARGIN:
            passing += 1
        if passing > n - worse:
            break
        total += float(_row(n, worse, flip / 2 + MARGIN, flip / 2)[passing:].sum())
    return total


def clusters_pass(groups: int, *, imaginary: bool, share: float = 0.10) -> float:
    """Return how often so many clusters of five let pass what broke `share` of the clusters wholly: a drop of it."""
    total = 0.0
    for broken in range(groups + 1):
        sums = np.array([-5.0] * broken + [0.0] * (groups - broken))
        low, high = mean_interval(sums, np.full(groups, 5.0), level=FAILING_LEVEL)
        mean = float(sums.sum()) / (5 * groups)
        end = low if imaginary else 2 * mean - high
        total += math.comb(groups, broken) * share**broken * (1 - share) ** (groups - broken) * (end > -share)
    return total


@functools.cache
def repaired_covers(labels: int, *, elsewhere: int = 200, builds: int = 4_000) -> float:
    """Return how often the 95 % interval of `ppi.repair` holds the truth: a judge that is right 4 times in 5.

    What people say: 15 % of the examples got worse, 5 % better. Where the judge is wrong it says anything.
    """
    n = labels + elsewhere
    drawn = uniforms(8 + labels, 3, builds, n)
    people, anything = (np.select([part < 0.15, part < 0.20], [-1.0, 1.0], 0.0) for part in (drawn[0], 0.6 * drawn[1]))
    judge = np.where(drawn[2] < 0.8, people, anything)
    covered = 0
    for said, judged in zip(people, judge, strict=True):
        low, high = repair(said[:labels], judged[:labels], judged[labels:]).interval()
        covered += low <= -0.10 <= high
    return covered / builds


@functools.cache
def flip_rate_covers(examples: int, runs: int, flaky: float, share: float, *, studies: int = 1_000) -> float:
    """Return how often the 95 % interval of a study's flip rate holds the truth.

    `flaky` of the examples pass in `share` of the runs, the others always.
    """
    drawn = uniforms(100 * examples + runs, studies, examples, runs + 1)
    chances = np.where(drawn[:, :, :1] < flaky, share, 1.0)
    passed = (drawn[:, :, 1:] < chances).astype(float)
    true = flaky * 2 * share * (1 - share)
    found = (flip_rate(scores, np.arange(examples)) for scores in passed)
    return sum(each is not None and each.low <= true <= each.high for each in found) / studies


def names_one_of_two(n: int, flip: float) -> float:
    """Return how often the better of two equals is called better than the other, as if it had not been picked.

    Whoever leads is the one that is asked about, so either may be it. Holm over its comparisons alone leaves the
    largest p as it is, and those who are far behind have the smaller ones.
    """
    return 2 * chance(evalgate_fails, n, flip)


def formula_off(comparisons: int, n: int = 50) -> float:
    """Return by how many points the normal formula misses the exact drop that is caught with n examples."""
    plans = [Plan(examples=n, flip=flip, alpha=ALPHA / comparisons) for flip in FLIPS]
    pairs = ((detectable_drop_binary(plan), detectable_drop(plan)) for plan in plans)
    return 100 * max(abs(exact - formula) for exact, formula in pairs if exact is not None and formula is not None)


def clusters_to_rule_out(margin: float) -> int:
    """Return the fewest clusters of equal size whose interval rules out a drop of `margin` where no score differs."""
    return next(n for n in range(2, 1_000) if mean_interval(np.zeros(n), np.ones(n), level=FAILING_LEVEL)[0] > -margin)
