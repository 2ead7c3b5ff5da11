"""Does a whole run shift its examples together? Within each unit the runs trade places, everything else stays.

If examples vary independently, any order of a unit's runs is as likely as the one that was seen. The statistic is the
spread of the run means: what shifts all examples of a run makes it larger than trading places does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.columns import whole_numbers
from evalgate.stats.signs import raw_words

_ENUMERATED = 20_000
_DRAWN = 9_999
_MANY = 500
_NO_GIANT = 0.01
"""More changed units than this, none with more of the sum of squares than that: a sum of so many is normal."""
_WORDS_AT_ONCE = 2**21
_EQUAL = 1e-9


def whole_run_p(
    scores: NDArray[np.float64], units: NDArray[np.intp], names: Sequence[str], *, seed: int, drawn: int | None = None
) -> float:
    """Return how likely run means this far apart are if no run shifts its examples together.

    `scores` is (examples, runs), every one there; `units` index into `names`, which key the draws: the result does not
    depend on the order of anything. Exact where there are few orders, else drawn, and for hundreds of changed units by
    the distribution that draws come to, unless so many are `drawn`. Never 0; 1 where nothing changed.
    """
    runs = scores.shape[1]
    numbers, coarsen = whole_numbers(scores.ravel())
    whole = np.rint(numbers / coarsen).reshape(scores.shape)
    present, place = np.unique(units, return_inverse=True)
    sums = np.zeros((len(present), runs))
    np.add.at(sums, place, whole)
    changed = np.ptp(sums, axis=1) > 0 if len(sums) else np.zeros(0, dtype=np.bool_)
    sums = sums[changed] * runs - sums[changed].sum(axis=1, keepdims=True)  # centred, and whole still
    if not len(sums):
        return 1.0
    observed = float((sums.sum(axis=0) ** 2).sum()) * (1 - _EQUAL)
    # The orders of one unit may stay as they are: only how the others stand to it matters.
    if math.lgamma(runs + 1) * (len(sums) - 1) <= math.log(_ENUMERATED):
        totals = np.concatenate([*_every(sums)])
        return float(np.count_nonzero(totals >= observed)) / len(totals)
    squares = (sums**2).sum(axis=1)
    if drawn is None and len(sums) > _MANY and squares.max() <= _NO_GIANT * squares.sum():
        return max(1 / (1 + _DRAWN), _of_many(observed, squares, runs))
    keys = [names[unit] for unit in present[changed]]
    drawn = drawn or _DRAWN
    as_far = sum(int(np.count_nonzero(totals >= observed)) for totals in _drawn(sums, keys, seed=seed, drawn=drawn))
    return (1 + as_far) / (1 + drawn)


def _of_many(observed: float, squares: NDArray[np.float64], runs: int) -> float:
    """Return the chi-square tail that trading places comes to where many small units do."""
    from scipy.special import chdtrc  # type: ignore[import-untyped]

    return float(chdtrc(runs - 1, observed * (runs - 1) / float(squares.sum())))


def _every(sums: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield the statistic under every order of all units but the first."""
    orders = np.array(list(itertools.permutations(range(sums.shape[1]))))
    totals = sums[:1]
    for unit in sums[1:]:
        totals = (totals[:, None, :] + unit[orders][None, :, :]).reshape(-1, sums.shape[1])
    yield (totals**2).sum(axis=1)


def _drawn(sums: NDArray[np.float64], names: Sequence[str], *, seed: int, drawn: int) -> Iterator[NDArray[np.float64]]:
    """Yield the statistic under drawn orders, a few at a time: each unit's are those of its own stream."""
    runs = sums.shape[1]
    # A multiple of four orders is a whole number of counters of the stream, however many words an order takes.
    at_once = max(4, _WORDS_AT_ONCE // (len(names) * runs) // 4 * 4)
    for start in range(0, drawn, at_once):
        number = min(at_once, drawn - start)
        words = raw_words(names, seed=seed, counter=start * runs // 4, words=number * runs)
        orders = np.argsort(words.reshape(len(names), number, runs), axis=2, kind="stable")
        traded = np.take_along_axis(sums[:, None, :], orders, axis=2)
        yield (traded.sum(axis=0) ** 2).sum(axis=1)
