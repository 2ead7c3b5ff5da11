"""The joint test of a build: sign flips of whole units, and step-down min-P over all columns at once.

If nothing changed, the two sides of a unit are exchangeable, so flipping the sign of its differences in every column
together gives an equally likely build. Westfall and Young (1993): a column's adjusted p is how often the smallest p
among the columns not more extreme than it would be as small as its own, which keeps the chance of any false alarm
over all columns at the level of one, and uses how the columns move together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.columns import Column, Weights, weigh
from evalgate.stats.nulls import EXHAUSTIVE_UNITS, Null, drawn_null, exact_null
from evalgate.stats.signs import AllPatterns, DrawnPatterns, Patterns

DRAWN = 9_999
DRAWN_BY_COLUMN = 100
"""So that the smallest p that draws can give stays small after adjusting for so many columns."""
DRAWN_AGAIN = 99_999
_NEAR = 0.2
"""Within this share of alpha the draws themselves could tip an adjusted p."""
_EQUAL = 1e-9
_UNITS_IN_BLOCK = 1024
"""Units whose signs are drawn and multiplied at a time, each keyed once: memory does not grow with their number."""
_CELLS_IN_CHUNK = 2**23
"""Columns × patterns held at a time: 64 MB of float64."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Joint:
    """One-sided p-values (small: worse) of each column, alone and adjusted for all of them.

    `changed` counts the units of each column whose difference is not zero. `patterns` counts the sign patterns of the
    widest pass; `enumerated` says that they are all there are.
    """

    raw: tuple[float, ...]
    adjusted: tuple[float, ...]
    changed: tuple[int, ...]
    patterns: int
    enumerated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tested:
    """A column with something to flip, and what is known of its loss under flips."""

    weights: Weights
    null: Null | None
    """The exact one; None: the drawn patterns are it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pass:
    """One pass of the step-down over some columns, in their order."""

    raw: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    at_floor: NDArray[np.bool_]
    """Where only the identity is as extreme: more patterns would give a smaller p."""
    order: tuple[int, ...]
    """From the smallest raw p to the largest."""


def joint_test(
    columns: Sequence[Column], names: Sequence[str], *, seed: int, alpha: float = 0.05, exact: bool = False
) -> Joint:
    """Test every column for a loss. `names` are the build's units, whose index a column's `units` hold.

    The result does not depend on the order of units; equal p-values keep the order of `columns`. `exact` takes
    P(loss ≥ observed) everywhere instead of mid-p where that is sound.
    """
    weighed = [weigh(column) for column in columns]
    live = [index for index, weights in enumerate(weighed) if len(weights.units)]
    raw, adjusted = np.ones(len(columns)), np.ones(len(columns))
    tested = [_Tested(weights=weighed[index], null=exact_null(weighed[index])) for index in live]
    units = _union(tested)
    patterns = _patterns(tested, units, names, seed=seed)
    if tested:
        first = _step_down(tested, units, patterns, exact=exact)
        raw[live], adjusted[live] = first.raw, first.adjusted
        tail = () if patterns.complete else _undecided(first, tested, alpha=alpha)
        if tail:
            again = [tested[index] for index in tail]
            units = _union(again)
            drawn = max(DRAWN_AGAIN, patterns.count - 1)
            patterns = DrawnPatterns(names=[names[unit] for unit in units], seed=seed, drawn=drawn)
            second = _step_down(again, units, patterns, exact=exact)
            before = first.order[: len(first.order) - len(tail)]
            least = first.adjusted[before[-1]] if before else 0.0
            where = [live[index] for index in tail]
            raw[where], adjusted[where] = second.raw, np.maximum(second.adjusted, least)
    return Joint(
        raw=tuple(raw.tolist()),
        adjusted=tuple(adjusted.tolist()),
        changed=tuple(len(weights.units) for weights in weighed),
        patterns=patterns.count,
        enumerated=patterns.complete,
    )


def each_alone(columns: Sequence[Column], names: Sequence[str], *, seed: int, exact: bool = False) -> tuple[float, ...]:
    """Return the p-value of each column by itself, on signs of the same kind and adjusted for nothing: for display.

    It depends on no other column.
    """
    p = [1.0] * len(columns)
    drawn: list[tuple[int, _Tested]] = []

    def settle(index: int, weights: Weights, null: Null) -> None:
        observed = weights.observed
        mid = not exact and null.uses_mid(observed, always=weights.mid)
        p[index] = float(null.p_values(np.array([observed]), mid=mid)[0])

    for index, column in enumerate(columns):
        weights = weigh(column)
        null = exact_null(weights) if len(weights.units) else None
        if null is not None:
            settle(index, weights, null)
        elif len(weights.units):
            drawn.append((index, _Tested(weights=weights, null=None)))
    tested = [column for _, column in drawn]
    units = _union(tested)
    patterns = DrawnPatterns(names=[names[unit] for unit in units], seed=seed, drawn=DRAWN)
    losses = _Losses(tested=tested, units=units, patterns=patterns)
    for place, own in losses.rows(range(len(tested))):
        index, one = drawn[place]
        settle(index, one.weights, drawn_null(own))
    return tuple(p)


def _union(tested: Sequence[_Tested]) -> NDArray[np.intp]:
    parts = [column.weights.units for column in tested]
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.intp)


def _patterns(tested: Sequence[_Tested], units: NDArray[np.intp], names: Sequence[str], *, seed: int) -> Patterns:
    if len(units) <= EXHAUSTIVE_UNITS:
        return AllPatterns.of(len(units))
    large = sum(len(column.weights.units) > EXHAUSTIVE_UNITS for column in tested)
    drawn = max(DRAWN, DRAWN_BY_COLUMN * large)
    return DrawnPatterns(names=[names[unit] for unit in units], seed=seed, drawn=drawn)


def _undecided(first: _Pass, tested: Sequence[_Tested], *, alpha: float) -> tuple[int, ...]:
    """Return the columns to draw more patterns for: from the first that is not settled, in order of p, to the last.

    A column's adjusted p is made of itself and all behind it. One at its floor is settled where it fails anyway.
    """
    for position, index in enumerate(first.order):
        p = first.adjusted[index]
        last_exact = position == len(first.order) - 1 and tested[index].null is not None
        near = alpha * (1 - _NEAR) < p < alpha * (1 + _NEAR)
        if (near or (first.at_floor[index] and p > alpha)) and not last_exact:
            return first.order[position:]
    return ()


def _step_down(tested: Sequence[_Tested], units: NDArray[np.intp], patterns: Patterns, *, exact: bool) -> _Pass:
    count = len(tested)
    raw, at_floor, mid = np.ones(count), np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    losses = _Losses(tested=tested, units=units, patterns=patterns)
    drawn = [index for index, column in enumerate(tested) if column.null is None]
    floor = 1 / patterns.count
    for index, null in _nulls(tested, losses, drawn):
        observed = tested[index].weights.observed
        mid[index] = not exact and null.uses_mid(observed, always=tested[index].weights.mid)
        raw[index] = float(null.p_values(np.array([observed]), mid=bool(mid[index]))[0])
        at_floor[index] = not null.exact and raw[index] <= floor
    order = tuple(int(index) for index in np.lexsort((np.arange(count), raw)))
    adjusted = raw.copy()
    smallest = np.full(patterns.count, np.inf)
    alone = count == 1 and tested[0].null is not None
    for index, own in losses.rows(() if alone else order[::-1]):
        null = tested[index].null or drawn_null(own)
        np.minimum(smallest, null.p_values(own, mid=bool(mid[index])), out=smallest)
        if index != order[-1] or not null.exact:
            adjusted[index] = max(raw[index], _share_as_small(smallest, float(raw[index]), mid=bool(mid[index])))
    adjusted[list(order)] = np.maximum.accumulate(adjusted[list(order)])
    return _Pass(raw=raw, adjusted=adjusted, at_floor=at_floor, order=order)


def _nulls(tested: Sequence[_Tested], losses: _Losses, drawn: Sequence[int]) -> Iterator[tuple[int, Null]]:
    """Yield each column's distribution of losses: exact ones as they are, the others from what was drawn."""
    for index, column in enumerate(tested):
        if column.null is not None:
            yield index, column.null
    for index, own in losses.rows(drawn):
        yield index, drawn_null(own)


def _share_as_small(smallest: NDArray[np.float64], p: float, *, mid: bool) -> float:
    """Return how often the smallest p is at most `p`; with `mid`, ties count half, as they do in `p` itself."""
    at_most = np.count_nonzero(smallest <= p * (1 + _EQUAL)) / len(smallest)
    below = np.count_nonzero(smallest < p * (1 - _EQUAL)) / len(smallest)
    return (at_most + below) / 2 if mid else at_most


class _Losses:
    """The losses of columns under every pattern: kept where they fit, else worked out again a few columns at a time."""

    def __init__(self, *, tested: Sequence[_Tested], units: NDArray[np.intp], patterns: Patterns) -> None:
        self._tested, self._units, self._patterns = tested, units, patterns
        self._chunk = max(1, _CELLS_IN_CHUNK // patterns.count)
        self._kept: NDArray[np.float64] | None = None

    def rows(self, indexes: Sequence[int]) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield (index of a column, its loss under each pattern) in the order of `indexes`."""
        if not indexes:
            return
        if len(self._tested) <= self._chunk:
            if self._kept is None:
                self._kept = self._work_out(range(len(self._tested)))
            yield from ((index, self._kept[index]) for index in indexes)
            return
        for start in range(0, len(indexes), self._chunk):
            chunk = indexes[start : start + self._chunk]
            yield from zip(chunk, self._work_out(chunk), strict=True)

    def _work_out(self, indexes: Sequence[int]) -> NDArray[np.float64]:
        """Return (columns, patterns) losses: one matrix product for each block of units, patterns and float width.

        Sums of whole numbers are exact in any order, so blocks of units add up to what all at once would give.
        """
        out = np.zeros((len(indexes), self._patterns.count))
        tested = [self._tested[index] for index in indexes]
        for dtype, members in _by_width(tested):
            used = _union([tested[member] for member in members])
            table = np.zeros((len(members), len(used)), dtype=dtype)
            for line, member in enumerate(members):
                weights = tested[member].weights
                table[line, np.searchsorted(used, weights.units)] = weights.values
            places = np.searchsorted(self._units, used)
            for first in range(0, len(used), _UNITS_IN_BLOCK):
                part = slice(first, first + _UNITS_IN_BLOCK)
                for start, bits in self._patterns.blocks(places[part]):
                    out[members, start : start + bits.shape[1]] += table[:, part] @ bits.astype(dtype)
            for member in members:
                out[member] = tested[member].weights.losses(out[member])
        return out


def _by_width(tested: Sequence[_Tested]) -> Iterator[tuple[type[np.float32 | np.float64], list[int]]]:
    for dtype in (np.float32, np.float64):
        members = [index for index, column in enumerate(tested) if column.weights.dtype is dtype]
        if members:
            yield dtype, members
