"""One column of the joint test: its differences on a unit scale, and what sign flips make of their sum.

Float sums that ought to tie and differ in the last bit corrupt a mid-p, so differences become whole numbers of the
coarsest step that holds them all (0/1 scores: 1; three repetitions: 1/3; ratings from 1 to 5: 1/4), to within 1e-9.
Sums of whole numbers are exact in any order, on any machine, in float32 up to 2^24 and in float64 up to 2^53.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 1e-9
_DENOMINATORS = (*range(1, 61), 100, 120, 1_000, 10_000, 100_000, 1_000_000)
_FLOAT32_EXACT = 2**24
_FLOAT64_BITS = 52
_ROUNDED_BITS = 30
"""Sums of differences on no common step are compared after rounding to 2^-30, about 1e-9."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """What one comparison gives the joint test.

    `units` (indices into the build's units) and `differences` (share of the range, + is better) are over examples;
    differences of one unit are summed. `mid` says that it is binary and unclustered: mid-p whatever its atoms.
    """

    units: NDArray[np.intp]
    differences: NDArray[np.float64]
    mid: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """A column as signed whole numbers by changed unit, ready for exact sums.

    `coarsen` divides sums before they are rounded and compared; 1 where the differences share a step.
    """

    units: NDArray[np.intp]
    values: NDArray[np.float64]
    mid: bool
    coarsen: float
    positive: float
    """The sum of the values above zero."""

    @property
    def total(self) -> float:
        """The sum of all magnitudes."""
        return float(np.abs(self.values).sum())

    @property
    def dtype(self) -> type[np.float32 | np.float64]:
        """The narrowest float in which every partial sum is exact."""
        return np.float32 if self.total < _FLOAT32_EXACT else np.float64

    def losses(self, kept: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the magnitude on the worse side from `kept`, the sums of values whose sign was kept."""
        losses = self.positive - kept
        return np.rint(losses / self.coarsen) if self.coarsen != 1 else losses

    @property
    def observed(self) -> float:
        """The magnitude on the worse side as it was measured: nothing flipped."""
        return float(self.losses(np.array([self.values.sum()]))[0])


def weigh(column: Column) -> Weights:
    """Return `column` on a unit scale, summed by unit, without units that did not change."""
    whole, coarsen = whole_numbers(column.differences)
    units, position = np.unique(column.units, return_inverse=True)
    values = np.bincount(position, weights=whole, minlength=len(units)).astype(np.float64)
    changed = values != 0
    values = values[changed]
    if len(values) and coarsen == 1:
        values = values / float(np.gcd.reduce(np.abs(values).astype(np.int64)))
    positive = float(values[values > 0].sum())
    return Weights(units=units[changed], values=values, mid=column.mid, coarsen=coarsen, positive=positive)


def whole_numbers(differences: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return (a whole number for each difference, by what sums of them are divided before comparing)."""
    largest = float(np.abs(differences).max(initial=0.0))
    if largest == 0:
        return np.zeros(len(differences)), 1.0
    for denominator in _DENOMINATORS:
        scaled = differences * denominator
        whole = np.rint(scaled)
        if np.abs(scaled - whole).max() <= _TOLERANCE * denominator:
            return whole, 1.0
    bits = _FLOAT64_BITS - math.ceil(math.log2(max(2.0, float(np.abs(differences).sum()) / largest)))
    whole = np.rint(differences / largest * 2.0**bits)
    return whole, 2.0 ** max(0, bits - _ROUNDED_BITS)
