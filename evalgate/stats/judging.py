"""A judge held against people's labels: where it errs, which way it leans, how steady it is, what that costs a gate.

Items are labelled answers, labels are numbered in the order of the judge's own. `shares` has what each label is worth,
0 the worst and 1 the best. -1 stands for a verdict that is missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.agreement import (
    Rate,
    cohen_kappa,
    gwet_ac1,
    kappa_interval,
    quadratic_weights,
    raw_agreement,
    sensitivity,
    specificity,
)
from evalgate.stats.intervals import mean_interval, t_value, wilson
from evalgate.stats.planning import Planned, caught
from evalgate.stats.power import Plan

_LEVEL = 0.95
FEWEST_HALF = 10
"""Answers in the smaller half below which a leaning by length is not looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaning:
    """A mean difference of scores as a share of their range, with its 95 % interval; + is the better score."""

    mean: float
    low: float
    high: float
    items: int

    @property
    def certain(self) -> bool:
        """Whether it leans one way: the interval does not hold 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """What was found out about a judge.

    `table` counts items by people's label (rows) and the judge's first verdict (columns). What cannot be said is None.
    """

    table: NDArray[np.float64]
    items: int
    missing: int
    agreement: Rate
    kappa: float | None
    kappa_low: float
    kappa_high: float
    weighted: bool
    ac1: float | None
    sensitivity: Rate | None
    specificity: Rate | None
    steady: Rate | None
    """Items to which every draw gave one label."""
    flip: float | None
    """How likely two verdicts on one answer differ."""
    lean: Leaning
    """The judge's score above people's."""
    position: Leaning | None
    """The score in the reverse order above the score in the other."""
    moved: Rate | None
    """Items whose label is another one in the reverse order."""
    length: Leaning | None
    """How much more the judge is above people where answers are long."""
    longer_than: float | None
    slope: float | None
    """How large a true difference shows: 1 as it is, 0 not at all."""


def examine(
    *,
    people: NDArray[np.int64],
    judged: NDArray[np.int64],
    orders: NDArray[np.int64] | None,
    shares: NDArray[np.float64],
    lengths: NDArray[np.float64],
    ordered: bool,
    longer_than: float | None = None,
) -> Examined:
    """Return what `judged` (items, draws) says of the judge, beside `people` (items).

    `orders` (items, 2) has a verdict in one order and in the reverse: of the labels as they are named, or of two
    answers as they are shown. `lengths` are those of the answers; one is long above `longer_than`, by default the
    median. `ordered`: labels are steps of a scale, so a disagreement counts by its distance. Raises ValueError where
    the sizes differ.
    """
    if not len(people) == len(judged) == len(lengths) or (orders is not None and len(orders) != len(people)):
        raise ValueError("people, judge and lengths are over the same items")
    first = judged[:, 0]
    given = first >= 0
    table = np.zeros((len(shares), len(shares)))
    np.add.at(table, (people[given], first[given]), 1.0)
    weights = quadratic_weights(len(shares)) if ordered and len(shares) > 2 else None
    kappa, (low, high) = cohen_kappa(table, weights), kappa_interval(table, weights, level=_LEVEL)
    agreed, n = raw_agreement(table), int(given.sum())
    truth, verdict = shares[people[given]], shares[first[given]]
    error = verdict - truth
    if longer_than is None and n:
        longer_than = float(np.median(lengths[given]))
    split = bool((shares > 0.5).any() and (shares <= 0.5).any())
    return Examined(
        table=table,
        items=len(people),
        missing=int((~given).sum()),
        agreement=_rate(agreed if n else math.nan, n),
        kappa=None if math.isnan(kappa) else kappa,
        kappa_low=low,
        kappa_high=high,
        weighted=weights is not None,
        ac1=gwet_ac1(table) if n else None,
        sensitivity=sensitivity(truth > 0.5, verdict > 0.5) if split else None,
        specificity=specificity(truth > 0.5, verdict > 0.5) if split else None,
        steady=_steady(judged),
        flip=_flip(judged),
        lean=_leaning(error),
        position=_position(orders, shares),
        moved=_moved(orders),
        length=None if longer_than is None else _length(error, lengths[given] > longer_than),
        longer_than=longer_than if n else None,
        slope=_slope(truth, verdict),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Caught:
    """The true drop (share of the range) caught 8 times in 10, by people's labels and by the judge's. None: none is."""

    examples: int
    people: float | None
    judge: float | None


def caught_by(found: Examined, examples: int, *, alpha: float, binary: bool) -> Caught:
    """Return what a gate on `examples` catches where answers do not vary by themselves, by people and by this judge.

    A judge shows a true difference reduced by its slope, under the noise of its own changes of mind.
    """
    people = caught(Planned(plan=Plan(examples=examples, flip=0.0, alpha=alpha), binary=binary))
    shown = caught(Planned(plan=Plan(examples=examples, flip=found.flip or 0.0, alpha=alpha), binary=binary))
    slope = found.slope
    true = None if shown is None or slope is None or slope <= 0 else shown / slope
    return Caught(examples=examples, people=people, judge=true if true is not None and true < 1 else None)


def _rate(share: float, n: int) -> Rate:
    low, high = wilson(share, n, level=_LEVEL)
    return Rate(share=share, low=low, high=high, subjects=n)


def _steady(judged: NDArray[np.int64]) -> Rate | None:
    """Return the share of items that got one label in every draw, of those with at least two verdicts."""
    several = (judged >= 0).sum(axis=1) >= 2
    if not several.any():
        return None
    drawn = judged[several]
    high = drawn.max(axis=1)
    low = np.where(drawn >= 0, drawn, high[:, None]).min(axis=1)
    return _rate(float((high == low).mean()), len(drawn))


def _flip(judged: NDArray[np.int64]) -> float | None:
    """Return how likely two draws of one item differ, averaged over items with at least two verdicts."""
    counts = (judged >= 0).sum(axis=1)
    several = judged[counts >= 2]
    if not len(several):
        return None
    labels = int(several.max()) + 1
    tally = np.stack([(several == label).sum(axis=1) for label in range(labels)], axis=1).astype(np.float64)
    n = tally.sum(axis=1)
    return float((1 - (tally * (tally - 1)).sum(axis=1) / (n * (n - 1))).mean())


def _leaning(differences: NDArray[np.float64]) -> Leaning:
    low, high = mean_interval(differences, np.ones(len(differences)), level=_LEVEL)
    mean = float(differences.mean()) if len(differences) else 0.0
    return Leaning(mean=mean, low=low, high=high, items=len(differences))


def _position(orders: NDArray[np.int64] | None, shares: NDArray[np.float64]) -> Leaning | None:
    both = _both(orders)
    return None if both is None else _leaning(shares[both[:, 1]] - shares[both[:, 0]])


def _moved(orders: NDArray[np.int64] | None) -> Rate | None:
    both = _both(orders)
    return None if both is None else _rate(float((both[:, 0] != both[:, 1]).mean()), len(both))


def _both(orders: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    """Return the verdicts of the items that have one in either order; None where none has."""
    if orders is None:
        return None
    both = orders[(orders >= 0).all(axis=1)]
    return both if len(both) else None


def _length(error: NDArray[np.float64], longer: NDArray[np.bool_]) -> Leaning | None:
    """Return the mean error of the longer ones above that of the others, with Welch's interval."""
    one, other = error[longer], error[~longer]
    if min(len(one), len(other)) < FEWEST_HALF:
        return None
    parts = [(float(part.var(ddof=1)) / len(part), len(part) - 1) for part in (one, other)]
    variance = sum(part for part, _ in parts)
    mean = float(one.mean() - other.mean())
    if variance <= 0:
        return Leaning(mean=mean, low=mean, high=mean, items=len(error))
    degrees = variance**2 / sum(part**2 / free for part, free in parts)
    half = t_value(degrees, (1 + _LEVEL) / 2) * math.sqrt(variance)
    return Leaning(mean=mean, low=max(-1.0, mean - half), high=min(1.0, mean + half), items=len(error))


def _slope(truth: NDArray[np.float64], verdict: NDArray[np.float64]) -> float | None:
    """Return how much the judge's score rises with people's: sensitivity + specificity − 1 where scores are 0 and 1."""
    spread = float(((truth - truth.mean()) ** 2).sum()) if len(truth) else 0.0
    if spread <= 0:
        return None
    return float(((truth - truth.mean()) * (verdict - verdict.mean())).sum()) / spread
