"""How the answers of a check are spread on each side: by label, by value, or over ranges of the score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import Cell, CheckEvidence, Labels, Scores
from evalgate.decision.scale import Metric, are_scores

MOST_VALUES: Final = 12
"""Scores of so few values are counted value by value; others fall into ranges."""
_PER_VALUE: Final = 2
"""Answers that each value must have on average: else they are scores that happen to be few."""
_RANGES: Final = 8
_LOOKED_AT: Final = 1_000
_DIGITS: Final = 9
_MIDDLES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_SAID_ALREADY: Final = frozenset({"pass", "fail"})


class Spread(StrEnum):
    """What the answers are counted by."""

    LABELS = "labels"
    VALUES = "values"
    RANGES = "ranges"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How many answers of each side have one label, one value (`low` = `high`), or a score in one range.

    A range holds its lower end; the last one holds its upper end too. `baseline` is None without one.
    """

    name: str
    candidate: int
    baseline: int | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """The spread of one check: labels by how many there are, the rest in order. Errors and missing answers are not in.

    `others` sums the labels that are too many to list. `*_quartiles` are (lowest, quarter, half, three quarters,
    highest) of a side's scores, where they are counted in ranges and there are any.
    """

    of: Spread
    tallies: tuple[Tally, ...]
    others: Tally | None = None
    candidate_quartiles: tuple[float, ...] | None = None
    baseline_quartiles: tuple[float, ...] | None = None

    @property
    def differs(self) -> bool:
        """Whether the sides differ, or there is only one."""
        return any(tally.baseline is None or tally.baseline != tally.candidate for tally in self.tallies)


def distribution(check: CheckEvidence, metric: Metric) -> Distribution | None:
    """Return how a check's answers are spread; None where its mean says all: pass/fail scores, or no answers."""
    if check.labels is not None and not {name for name, *_ in check.labels.counts} <= _SAID_ALREADY:
        return _by_label(check.labels, compared=check.baseline is not None)
    if metric.binary:
        return None
    candidate = _scored(check, check.candidate)
    baseline = None if check.baseline is None else _scored(check, check.baseline)
    both = candidate if baseline is None else np.concatenate([candidate, baseline])
    if not len(both):
        return None
    values = _few(both)
    if values is not None:
        return _by_value(values, candidate, baseline)
    return _by_range(_edges(float(both.min()), float(both.max())), candidate, baseline)


def _by_label(labels: Labels, *, compared: bool) -> Distribution:
    def tally(name: str, candidate: int, baseline: int) -> Tally:
        return Tally(name=name, candidate=candidate, baseline=baseline if compared else None)

    return Distribution(
        of=Spread.LABELS,
        tallies=tuple(tally(*each) for each in labels.counts),
        others=tally(f"{labels.other_names:,} more", *labels.others) if labels.other_names else None,
    )


def _scored(check: CheckEvidence, side: Scores) -> NDArray[np.float64]:
    """Return every score that is one, of all repetitions, in no order that matters."""
    given = side.values[side.cells == Cell.SCORED]
    return np.asarray(given[are_scores(check.evaluator, given)], dtype=np.float64)


def _few(both: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the distinct scores where they are few and each is there more than once by chance; None otherwise."""
    if len(np.unique(np.round(both[:_LOOKED_AT], _DIGITS))) > MOST_VALUES:
        return None
    values: NDArray[np.float64] = np.unique(np.round(both, _DIGITS))
    enough = len(values) == 1 or len(values) * _PER_VALUE <= len(both)
    return values if len(values) <= MOST_VALUES and enough else None


def _by_value(
    values: NDArray[np.float64], candidate: NDArray[np.float64], baseline: NDArray[np.float64] | None
) -> Distribution:
    def counts(side: NDArray[np.float64]) -> list[int]:
        places = np.searchsorted(values, np.round(side, _DIGITS))
        return [int(number) for number in np.bincount(places, minlength=len(values))]

    before = counts(baseline) if baseline is not None else [None] * len(values)
    tallies = (
        Tally(name=f"{value:g}", candidate=after, baseline=was, low=value, high=value)
        for value, after, was in zip((values + 0.0).tolist(), counts(candidate), before, strict=True)
    )
    return Distribution(of=Spread.VALUES, tallies=tuple(tallies))


def _by_range(edges: list[float], candidate: NDArray[np.float64], baseline: NDArray[np.float64] | None) -> Distribution:
    def counts(side: NDArray[np.float64]) -> list[int]:
        return [int(number) for number in np.histogram(side, bins=edges)[0]]

    before = counts(baseline) if baseline is not None else [None] * (len(edges) - 1)
    tallies = (
        Tally(name=f"{low:g} to {high:g}", candidate=after, baseline=was, low=low, high=high)
        for low, high, after, was in zip(edges[:-1], edges[1:], counts(candidate), before, strict=True)
    )
    return Distribution(
        of=Spread.RANGES,
        tallies=tuple(tallies),
        candidate_quartiles=_quartiles(candidate),
        baseline_quartiles=None if baseline is None else _quartiles(baseline),
    )


def _quartiles(side: NDArray[np.float64]) -> tuple[float, ...] | None:
    return tuple(np.quantile(side, _MIDDLES).tolist()) if len(side) else None


def _edges(low: float, high: float) -> list[float]:
    """Return the ends of up to ten ranges of 1, 2 or 5 times a power of ten that hold everything between."""
    wanted = (high - low) / _RANGES
    if wanted <= max(1e-300, 1e-12 * abs(high)):
        return [low, math.nextafter(high, math.inf)]
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= wanted * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    edges = [_clean(place * step) for place in range(first, max(last, first + 1) + 1)]
    return [min(edges[0], low), *edges[1:-1], max(edges[-1], high)]


def _clean(edge: float) -> float:
    return float(f"{edge:.12g}") + 0.0
