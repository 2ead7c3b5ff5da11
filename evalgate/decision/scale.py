"""One metric's scores on one scale: shares of the range, + is better, with the errors where the rules put them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import Cell, CheckEvidence, Scores
from evalgate.records import Direction, EvaluatorSpec

_SLACK: Final = 1e-9
_LARGEST: Final = 1e100
"""No score is larger: sums and squares of such numbers are no numbers any more."""


class Fill(Enum):
    """What stands for a missing answer: nothing, or the best or worst there is, to see what it could change.

    FAVOUR and AGAINST fill both sides, the baseline's the other way: answers that both sides lack would cancel out.
    """

    NOTHING = "nothing"
    FAVOUR = "all in the candidate's favour"
    AGAINST = "all against the candidate"
    CANDIDATE_WORST = "candidate wrong"
    CANDIDATE_BEST = "candidate right"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How a metric's own units become shares: (score − origin) / width, turned so that + is better.

    An unbounded score without a declared `scale` is measured against the span that was seen, and never PASSes.
    `worst` and `best` are shares.
    """

    sign: int
    origin: float
    width: float
    bounded: bool
    declared: bool
    worst: float = 0.0
    best: float = 1.0

    def shares(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return scores as shares. Float noise beyond a range's end is cut off."""
        shares = self.sign * (scores - self.origin) / self.width
        return np.clip(shares, 0.0, 1.0) if self.bounded else shares

    def scores(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return shares as scores in the metric's own units."""
        return self.origin + self.sign * shares * self.width

    def score(self, share: float) -> float:
        """Return a share as a score in the metric's own units."""
        return self.origin + self.sign * share * self.width


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """One side: arrays of (examples, repetitions). `shares` is 0 where nothing was answered."""

    shares: NDArray[np.float64]
    answered: NDArray[np.bool_]
    """A score, or the task's own error in its place."""
    errors: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    """Drawn, and without an answer; the first repetition where an example was never drawn."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many answers each example has."""
        counts: NDArray[np.int64] = self.answered.sum(axis=1, dtype=np.int64)
        return counts

    @property
    def lacking(self) -> NDArray[np.float64]:
        """Which share of its answers each example lacks."""
        missing = self.missing.sum(axis=1)
        lacking: NDArray[np.float64] = missing / np.maximum(1, missing + self.counts)
        return lacking

    def first(self, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which answers are each example's first `counts`."""
        return self.answered & (np.cumsum(self.answered, axis=1) <= counts[:, None])

    def means(self, used: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return each example's mean share over `used`; NaN where it uses none."""
        if used.shape[1] == 1 and used.all():
            return self.shares[:, 0]
        number = used.sum(axis=1)
        sums = np.where(used, self.shares, 0.0).sum(axis=1)
        return np.where(number > 0, sums / np.maximum(1, number), np.nan)

    def filled(self, share: float) -> Answers:
        """Return the same with every missing answer at `share`."""
        return replace(
            self,
            shares=np.where(self.missing, share, self.shares),
            answered=self.answered | self.missing,
            missing=np.zeros_like(self.missing),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """Both sides of one check on one scale."""

    scale: Scale
    candidate: Answers
    baseline: Answers | None
    pairwise: bool = False
    """A judge scored pairs: what the one side gets, the other lacks."""

    @property
    def binary(self) -> bool:
        """Whether every answer is at one end of the range or the other."""
        sides = [side for side in (self.candidate, self.baseline) if side is not None]
        shares = np.concatenate([side.shares[side.answered] for side in sides])
        return self.scale.bounded and bool(np.all((shares == 0) | (shares == 1)))

    @property
    def missing(self) -> bool:
        """Whether any answer is missing."""
        return bool(self.candidate.missing.any()) or (self.baseline is not None and bool(self.baseline.missing.any()))

    def filled(self, fill: Fill) -> Metric:
        """Return the same with missing answers as `fill` says."""
        if fill is Fill.NOTHING or not self.missing:
            return self
        share, other = self.scale.worst, self.scale.best
        if fill in {Fill.FAVOUR, Fill.CANDIDATE_BEST}:
            share, other = other, share
        alone = fill in {Fill.CANDIDATE_BEST, Fill.CANDIDATE_WORST} and not self.pairwise
        keeps = self.baseline is None or alone
        baseline = self.baseline if keeps or self.baseline is None else self.baseline.filled(other)
        return replace(self, candidate=self.candidate.filled(share), baseline=baseline)


def read_metric(check: CheckEvidence, order: NDArray[np.intp]) -> Metric:
    """Return the scores of `check` on one scale, its examples in `order`.

    A score that is NaN, infinite or outside the declared range is no score: the evaluator failed there, and the
    answer is missing. Raises ValueError where the arrays do not fit the examples (a bug in the caller).
    """
    sides = [_checked(side, order, check) for side in (check.candidate, check.baseline) if side is not None]
    seen = np.concatenate([scores[scored] for scores, scored, _ in sides])
    scale = _scale(check.evaluator, seen)
    candidate, *baseline = [_answers(scale, *side) for side in sides]
    return Metric(
        scale=scale,
        candidate=candidate,
        baseline=baseline[0] if baseline else None,
        pairwise=check.evaluator.pairwise,
    )


def _checked(
    side: Scores, order: NDArray[np.intp], check: CheckEvidence
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.uint8]]:
    """Return (scores, where they are scores, cells) in `order`; what is no score of this evaluator is MISSING."""
    if side.values.shape != side.cells.shape or side.values.ndim != 2 or len(side.values) != len(order):
        raise ValueError(f"the scores of check {check.name!r} do not fit the suite's {len(order)} examples")
    scores, cells = side.values[order].astype(np.float64), side.cells[order].astype(np.uint8)
    cells = np.where((cells == Cell.SCORED) & ~are_scores(check.evaluator, scores), np.uint8(Cell.MISSING), cells)
    return scores, cells == Cell.SCORED, cells


def are_scores(spec: EvaluatorSpec, scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which numbers can be scores of the evaluator: finite, sane, and in its range but for float noise."""
    valid = np.abs(np.nan_to_num(scores, nan=np.inf, posinf=np.inf, neginf=-np.inf)) <= _LARGEST
    known = np.where(valid, scores, 0.0)
    for bound, turned in ((spec.low, 1.0), (spec.high, -1.0)):
        if bound is not None:
            valid = valid & (turned * (known - bound) >= -_SLACK * max(1.0, abs(bound)))
    return valid


def _scale(spec: EvaluatorSpec, seen: NDArray[np.float64]) -> Scale:
    sign = -1 if spec.direction == Direction.MINIMIZE else 1
    if spec.low is not None and spec.high is not None and spec.high > spec.low:
        origin = spec.low if sign > 0 else spec.high
        return Scale(sign=sign, origin=origin, width=spec.high - spec.low, bounded=True, declared=True)
    span = float(seen.max() - seen.min()) if len(seen) else 0.0
    width = spec.scale or span or 1.0
    scale = Scale(sign=sign, origin=0.0, width=width, bounded=False, declared=spec.scale is not None)
    if not len(seen):
        return replace(scale, best=0.0)
    shares = scale.shares(seen)
    return replace(scale, worst=float(shares.min()), best=float(shares.max()))


def _answers(scale: Scale, scores: NDArray[np.float64], scored: NDArray[np.bool_], cells: NDArray[np.uint8]) -> Answers:
    errors = cells == Cell.TASK_ERROR
    shares = np.where(scored, scale.shares(np.where(scored, scores, scale.origin)), 0.0)
    missing = cells == Cell.MISSING
    never_drawn = ~(scored | errors | missing).any(axis=1)
    if missing.shape[1]:
        missing[:, 0] |= never_drawn
    return Answers(
        shares=np.where(errors, scale.worst, shares), answered=scored | errors, errors=errors, missing=missing
    )
