"""How well reviewers of the same candidates agree, and on which of them they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import nan
from typing import Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.reviewing.reviews import Review
from evalgate.curate.reviewing.standing import opinions, seen_of, standing

_LABELS: Final = ("accepted", "rejected")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two reviewers on what both decided: `both` candidates, the share decided alike, and kappa with its interval.

    kappa is NaN where chance alone would agree on everything; its interval is then (-1, 1).
    """

    first: str
    second: str
    both: int
    alike: float
    kappa: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Disagreement:
    """A candidate on which reviewers differ. `answers`: all accepted it, with answers that differ."""

    candidate: Candidate
    reviews: tuple[Review, ...]
    answers: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """All reviewers. `several` candidates were decided by two or more; alpha is NaN where nothing could differ."""

    reviewers: Mapping[str, int]
    several: int
    alpha: float
    pairs: tuple[Pair, ...]
    disagreements: tuple[Disagreement, ...]


def agreement(candidates: Iterable[Candidate], reviews: Mapping[str, Sequence[Review]]) -> Agreement:
    """Return how people's own decisions agree, as they were before anything was settled.

    A decision that settles was made knowing the others: it is no second opinion, and counts nowhere here.
    """
    reviewers: Counter[str] = Counter()
    together: list[dict[str, str]] = []
    differing: list[Disagreement] = []
    for each in candidates:
        said = reviews.get(each.id, ())
        own = opinions(said, seen_of(each))
        reviewers.update(review.who for review in own)
        if len(own) > 1:
            together.append({review.who: review.decision for review in own})
        current = standing(said, seen_of(each))
        if current.disputed:
            answers = len({review.decision for review in current.reviews}) == 1
            differing.append(Disagreement(candidate=each, reviews=current.reviews, answers=answers))
    names = sorted({name for each in together for name in each})
    pairs = (_pair(first, second, together) for first, second in combinations(names, 2))
    return Agreement(
        reviewers=dict(sorted(reviewers.items())),
        several=len(together),
        alpha=_alpha(names, together),
        pairs=tuple(each for each in pairs if each is not None),
        disagreements=tuple(differing),
    )


def _pair(first: str, second: str, together: Sequence[Mapping[str, str]]) -> Pair | None:
    import numpy as np

    from evalgate.stats.agreement import cohen_kappa, kappa_interval, raw_agreement

    table = np.zeros((2, 2))
    for each in together:
        if first in each and second in each:
            table[_LABELS.index(each[first]), _LABELS.index(each[second])] += 1
    if not table.sum():
        return None
    low, high = kappa_interval(table)
    return Pair(
        first=first,
        second=second,
        both=int(table.sum()),
        alike=raw_agreement(table),
        kappa=cohen_kappa(table),
        low=low,
        high=high,
    )


def _alpha(names: Sequence[str], together: Sequence[Mapping[str, str]]) -> float:
    if not together:
        return nan
    import numpy as np

    from evalgate.stats.krippendorff import Level, krippendorff_alpha

    values = np.full((len(names), len(together)), nan)
    for unit, each in enumerate(together):
        for name, decision in each.items():
            values[names.index(name), unit] = _LABELS.index(decision)
    return krippendorff_alpha(values, level=Level.NOMINAL)
