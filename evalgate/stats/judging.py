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
    """The score with the labels named in reverse above the score with them in order."""
    moved: Rate | None
    """Items whose label is another one when the labels are named in reverse."""
    length: Leaning | None
    """How much more the judge is above people where answers are longer than the median."""
    longer_than: float | None
    slope: float | None
    """How large a true difference shows: 1 as it is, 0 not at all."""


def examine(
    *,
    people: NDArray[np.int64],
    judged: NDArray[np.int64],
    reversed_: NDArray[np.int64] | None,
    shares: NDArray[np.float64],
    lengths: NDArray[np.float64],
    ordered: bool,
) -> Examined:
    """Return what `judged` (items, draws) says of the judge, beside `people` (items).

    `reversed_` has the verdicts with the labels named in reverse, `lengths` those of the answers. `ordered`: labels are
    steps of a scale, so a disagreement counts by its distance. Raises ValueError where the sizes differ.
    """
    if not len(people) == len(judged) == len(lengths) or (reversed_ is not None and len(reversed_) != len(people)):
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
        position=_position(first, reversed_, shares),
        moved=_moved(first, reversed_),
        length=_length(error, lengths[given]),
        longer_than=float(np.median(lengths[given])) if n else None,
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


def _position(
    first: NDArray[np.int64], reversed_: NDArray[np.int64] | None, shares: NDArray[np.float64]
) -> Leaning | None:
    if reversed_ is None:
        return None
    both = (first >= 0) & (reversed_ >= 0)
    return _leaning(shares[reversed_[both]] - shares[first[both]]) if both.any() else None


def _moved(first: NDArray[np.int64], reversed_: NDArray[np.int64] | None) -> Rate | None:
    if reversed_ is None:
        return None
    both = (first >= 0) & (reversed_ >= 0)
    n = int(both.sum())
    return _rate(float((first[both] != reversed_[both]).mean()), n) if n else None


def _length(error: NDArray[np.float64], lengths: NDArray[np.float64]) -> Leaning | None:
    """Return the mean error of the longer half above that of the shorter one, with Welch's interval."""
    if not len(lengths):
        return None
    longer = lengths > np.median(lengths)
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
