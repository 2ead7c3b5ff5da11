"""What both sides' runs took, as its rules see it: per-example log ratios, clipped, + is better.

The ratio of an example is that of its means over repetitions: what one answer to it takes on average. A log ratio is
a share of log 3, the clip, so that every number of a comparison lies from −1 (three times as much, or more) to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.comparison import Differences, paired_differences
from evalgate.decision.evidence import Cell, ResourceEvidence, Scores
from evalgate.decision.layout import Layout
from evalgate.decision.pairing import Pairs
from evalgate.decision.scale import Answers
from evalgate.records import Side
from evalgate.suite.checks import Policy
from evalgate.suite.resources import Resource

CLIP: Final = math.log(3)
"""Ratios beyond 3 either way count as 3: one answer in a loop must not outweigh a hundred others."""
_LARGEST: Final = 1e100
_DIGITS: Final = 12
"""Logarithms differ between processors in their last bit; sums that ought to tie would not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """One side, in the layout's order. `answers.shares` are amounts; failed runs have none and are no missing ones."""

    answers: Answers
    unknown: int
    """Answers whose amount nobody knows."""
    earlier: int
    """Answers whose amount an earlier build measured."""
    runs: int
    """Answers in all."""
    seen: NDArray[np.float64]
    """Every amount that is known, those of earlier builds too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RatioView:
    """One check of a resource. `pairs` is None without a baseline; its candidate and baseline are amounts."""

    layout: Layout
    evidence: ResourceEvidence
    policy: Policy
    sides: dict[Side, Amounts]
    pairs: Pairs | None

    @property
    def label(self) -> str:
        """What people call the baseline."""
        return self.layout.suite.baseline_label or "the baseline"

    @property
    def candidate(self) -> Amounts:
        """The candidate's amounts."""
        return self.sides[Side.CANDIDATE]

    @property
    def nothing_changed(self) -> bool:
        """Whether all answers are the baseline's, byte for byte, and took as much; or nobody took anything."""
        pairs = self.pairs
        if pairs is None or not pairs.paired.all() or any(side.answers.missing.any() for side in self.sides.values()):
            return False
        if self.evidence.resource is Resource.LATENCY:
            return False
        same = bool(self.layout.suite.identical.all() and np.all(pairs.differences == 0))
        return same or self.took_nothing

    @property
    def took_nothing(self) -> bool:
        """Whether no answer of either side took anything."""
        pairs = self.pairs
        return pairs is not None and not pairs.candidate[pairs.paired].any() and not pairs.baseline[pairs.paired].any()

    def differences(self, members: NDArray[np.bool_] | None = None) -> Differences | None:
        """Return the log ratios of the examples `members` (default: all) as shares of the clip."""
        if self.pairs is None:
            return None
        return paired_differences(self.pairs, self.layout.units, bounded=True, members=members)

    def with_clip(self, clip: float) -> Differences | None:
        """Return the log ratios of all pairs as shares of another clip."""
        if self.pairs is None:
            return None
        used = self.pairs.paired
        values = np.full(len(used), np.nan)
        values[used] = log_ratios(self.pairs.candidate[used], self.pairs.baseline[used], clip) / clip
        units = np.unique(self.layout.units[used], return_inverse=True)[1].astype(np.intp)
        return Differences(values=values[used], units=units, binary=False, bounded=True)


def ratio_view(layout: Layout, evidence: ResourceEvidence, policy: Policy) -> RatioView:
    """Return the check with its amounts in the layout's order. Raises ValueError where they do not fit it."""
    sides = {Side.CANDIDATE: _amounts(evidence.candidate, layout, evidence.name)}
    if evidence.baseline is not None:
        sides[Side.BASELINE] = _amounts(evidence.baseline, layout, evidence.name)
    pairs = _pair(sides[Side.CANDIDATE].answers, sides[Side.BASELINE].answers) if Side.BASELINE in sides else None
    return RatioView(layout=layout, evidence=evidence, policy=policy, sides=sides, pairs=pairs)


def log_ratios(
    candidate: NDArray[np.float64], baseline: NDArray[np.float64], clip: float = CLIP
) -> NDArray[np.float64]:
    """Return log(baseline / candidate) within ±`clip`: 0 where neither took anything, an end where one of them did."""
    ends = np.where(candidate > baseline, -clip, np.where(candidate < baseline, clip, 0.0))
    both = (candidate > 0) & (baseline > 0)
    logs = np.log(np.where(both, baseline, 1.0)) - np.log(np.where(both, candidate, 1.0))
    clipped: NDArray[np.float64] = np.where(both, np.clip(np.round(logs, _DIGITS), -clip, clip), ends)
    return clipped


def share_of(log_share: float, clip: float = CLIP) -> float:
    """Return a mean log ratio (a share of the clip) as the share of the baseline's that is saved; a rise is below 0."""
    return -math.expm1(-log_share * clip)


def log_share_of(rise: float, clip: float = CLIP) -> float:
    """Return the mean log ratio of a rise, as a share of the clip; the inverse of `share_of`."""
    return -math.log1p(rise) / clip


def _amounts(side: Scores, layout: Layout, name: str) -> Amounts:
    if side.values.shape != side.cells.shape or side.values.ndim != 2 or len(side.values) != len(layout.order):
        raise ValueError(f"the amounts of check {name!r} do not fit the suite's {len(layout.order)} examples")
    values, cells = side.values[layout.order].astype(np.float64), side.cells[layout.order].astype(np.uint8)
    sane = np.nan_to_num(values, nan=-1.0, posinf=np.inf, neginf=-1.0)
    sane_cells = (sane >= 0) & (sane <= _LARGEST)
    told = np.isin(cells, (Cell.SCORED, Cell.EARLIER))
    cells = np.where(told & ~sane_cells, np.uint8(Cell.UNKNOWN), cells)
    known, seen = cells == Cell.SCORED, np.isin(cells, (Cell.SCORED, Cell.EARLIER))
    missing = np.isin(cells, (Cell.MISSING, Cell.UNKNOWN, Cell.EARLIER))
    if missing.shape[1]:
        missing[:, 0] |= (cells == Cell.ABSENT).all(axis=1)
    return Amounts(
        answers=Answers(
            shares=np.where(known, values, 0.0), answered=known, errors=cells == Cell.TASK_ERROR, missing=missing
        ),
        unknown=int((cells == Cell.UNKNOWN).sum()),
        earlier=int((cells == Cell.EARLIER).sum()),
        runs=int(np.isin(cells, (Cell.SCORED, Cell.UNKNOWN, Cell.EARLIER)).sum()),
        seen=values[seen],
    )


def _pair(candidate: Answers, baseline: Answers) -> Pairs:
    """Return the pairs of the first min(k_b, k_c) answers of each side, also at a screen.

    The mean of three skewed amounts lies above most single ones, so one run against three would look like a saving.
    """
    repetitions = np.minimum(candidate.counts, baseline.counts)
    means = [side.means(side.first(repetitions)) for side in (candidate, baseline)]
    both = repetitions > 0
    differences = np.full(len(both), np.nan)
    differences[both] = log_ratios(means[0][both], means[1][both]) / CLIP
    return Pairs(
        differences=differences,
        candidate=means[0],
        baseline=means[1],
        repetitions=repetitions,
        candidate_failed=np.zeros_like(both),
        baseline_failed=np.zeros_like(both),
        binary=False,
    )
