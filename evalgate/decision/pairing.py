"""Candidate and baseline, example by example: the differences that a comparison is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.scale import Answers, Metric

CHANGED = 1e-9
"""Shares that differ by less are the same score."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """The pairs of one check, over the sorted examples of its suite.

    `differences` is candidate − baseline as a share of the range, + is better; NaN where a side has no answer.
    """

    differences: NDArray[np.float64]
    candidate: NDArray[np.float64]
    baseline: NDArray[np.float64]
    repetitions: NDArray[np.int64]
    """How many answers of each side make up each pair."""
    candidate_failed: NDArray[np.bool_]
    """Where everything used of that side is the task's own error: it has no score to show."""
    baseline_failed: NDArray[np.bool_]
    binary: bool
    """Whether every difference is that of two single pass/fail answers, or of one pair that a judge compared."""

    @property
    def paired(self) -> NDArray[np.bool_]:
        """Where both sides answered."""
        return self.repetitions > 0

    @property
    def worse(self) -> NDArray[np.bool_]:
        """Where the candidate's answer is worse."""
        return np.nan_to_num(self.differences) < -CHANGED

    @property
    def better(self) -> NDArray[np.bool_]:
        """Where the candidate's answer is better."""
        return np.nan_to_num(self.differences) > CHANGED


def pair(metric: Metric, *, every_answer: bool = False) -> Pairs | None:
    """Return the pairs of `metric`; None without a baseline.

    Each pair uses the first min(k_b, k_c) answers of each side: unequal repetitions make unequal spreads, which fail
    unchanged candidates too often. `every_answer` uses all there are, for a screen, which fails nothing.
    """
    baseline = metric.baseline
    if baseline is None:
        return None
    candidate = metric.candidate
    repetitions = np.minimum(candidate.counts, baseline.counts)
    both = repetitions > 0
    counts = (candidate.counts, baseline.counts) if every_answer else (repetitions, repetitions)
    used = candidate.first(np.where(both, counts[0], 0)), baseline.first(np.where(both, counts[1], 0))
    candidate_means, baseline_means = candidate.means(used[0]), baseline.means(used[1])
    return Pairs(
        differences=candidate_means - baseline_means,
        candidate=candidate_means,
        baseline=baseline_means,
        repetitions=repetitions,
        candidate_failed=_only_errors(candidate, used[0]),
        baseline_failed=_only_errors(baseline, used[1]),
        binary=(metric.binary or _won_or_lost(metric)) and all(bool(np.all(side.sum(axis=1) <= 1)) for side in used),
    )


def _won_or_lost(metric: Metric) -> bool:
    """Return whether a judge of pairs scored them, each won, tied or lost: a difference is 1, 0 or −1 then."""
    scores = metric.candidate.shares[metric.candidate.answered]
    return metric.pairwise and bool(np.isin(scores, (0.0, 0.5, 1.0)).all())


def _only_errors(side: Answers, used: NDArray[np.bool_]) -> NDArray[np.bool_]:
    scored = np.logical_and(used, ~side.errors)
    only: NDArray[np.bool_] = np.logical_and(np.any(used, axis=1), ~np.any(scored, axis=1))
    return only


def missing_amount(metric: Metric) -> float:
    """Return how many examples are missing, those that lack some repetitions in proportion."""
    lacking = metric.candidate.lacking
    if metric.baseline is not None:
        lacking = np.maximum(lacking, metric.baseline.lacking)
    return float(lacking.sum())
