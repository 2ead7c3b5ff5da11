"""Candidate against baseline on some pairs: the numbers of a comparison, before any rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.pairing import CHANGED, Pairs
from evalgate.decision.results import Comparison, Interval
from evalgate.stats.intervals import mean_interval, mean_spread, tango
from evalgate.stats.nulls import MID_P_ATOM

FAILING_LEVEL = 0.90
"""What must lie wholly below 0 to fail, and above −margin to pass: 5 % on either side."""

SCREEN_LEVEL = 0.95
"""What must lie above −margin to pass at the screen: at 90 % a PASS against the unluckiest of ten stored baselines
comes 11 times in 100 when the true drop is the margin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Differences:
    """The differences of a comparison's pairs and the unit of each, numbered from 0 without gaps."""

    values: NDArray[np.float64]
    units: NDArray[np.intp]
    binary: bool
    bounded: bool

    @property
    def clustered(self) -> bool:
        """Whether some unit holds several pairs."""
        return self.unit_count < len(self.values)

    @property
    def unit_count(self) -> int:
        """How many units there are: pairs, or clusters."""
        return int(self.units.max()) + 1 if len(self.units) else 0

    @property
    def sums(self) -> NDArray[np.float64]:
        """Each unit's sum of differences."""
        return np.bincount(self.units, weights=self.values, minlength=self.unit_count).astype(np.float64)

    @property
    def sizes(self) -> NDArray[np.float64]:
        """Each unit's number of pairs."""
        return np.bincount(self.units, minlength=self.unit_count).astype(np.float64)

    @property
    def worse(self) -> int:
        """How many pairs got worse."""
        return int((self.values < -CHANGED).sum())

    @property
    def better(self) -> int:
        """How many pairs got better."""
        return int((self.values > CHANGED).sum())

    @property
    def delta(self) -> float:
        """The mean difference."""
        return float(self.values.mean()) if len(self.values) else 0.0

    @property
    def standard_error(self) -> float:
        """The standard error of the mean difference; infinite with fewer than two units."""
        return mean_spread(self.sums, self.sizes)[1] if len(self.values) else math.inf


def paired_differences(
    pairs: Pairs, units: NDArray[np.intp], *, bounded: bool, members: NDArray[np.bool_] | None = None
) -> Differences:
    """Return the pairs of the examples `members` (default: all), where both sides answered."""
    used = pairs.paired if members is None else pairs.paired & members
    return Differences(
        values=pairs.differences[used],
        units=np.unique(units[used], return_inverse=True)[1].astype(np.intp),
        binary=pairs.binary,
        bounded=bounded,
    )


def interval(of: Differences, level: float = FAILING_LEVEL) -> Interval:
    """Return where the true difference could be. With nothing paired it is anywhere."""
    if of.binary and not of.clustered:
        low, high = tango(better=of.better, worse=of.worse, pairs=len(of.values), level=level)
        return Interval(low=low, high=high, level=level, method="Tango score interval")
    low, high = mean_interval(of.sums, of.sizes, level=level, bounded=of.bounded)
    method = "CR2 t with two imaginary clusters" if of.clustered else "paired t with two imaginary examples"
    return Interval(low=low, high=high, level=level, method=method)


def two_ended_interval(of: Differences, level: float = FAILING_LEVEL) -> Interval:
    """Return the interval with the care of its lower end at both ends, for rules that a gain can break too.

    The plain upper end of scores that all changed alike is that change: three equal scores would rule out every gain.
    """
    plain = interval(of, level)
    turned = interval(replace(of, values=-of.values), level)
    return replace(plain, high=max(plain.high, -turned.low))


def lowest_with_no_change(of: Differences, level: float = FAILING_LEVEL) -> float:
    """Return the interval's lower end if no score had differed: what these examples could rule out at best."""
    equal = Differences(values=np.zeros(len(of.values)), units=of.units, binary=of.binary, bounded=of.bounded)
    return interval(equal, level).low


def compare(
    of: Differences,
    *,
    tested: tuple[float, float] | None,
    shown: tuple[float, float] | None = None,
    alpha: float,
    exact: bool,
    level: float = FAILING_LEVEL,
) -> Comparison:
    """Return the comparison's numbers. `tested` is (p, adjusted p) from the joint test; None where it took no part.

    `shown` is (p, q) where it decides nothing.
    """
    alone = tested or shown
    changed = int((np.abs(of.sums) > CHANGED).sum())
    return Comparison(
        pairs=len(of.values),
        changed=changed,
        worse=of.worse,
        better=of.better,
        delta=of.delta,
        interval=interval(of, level) if len(of.values) else None,
        p=alone[0] if alone else None,
        p_adjusted=tested[1] if tested else None,
        could_fail=could_fail(changed, alpha=alpha, exact=exact, binary=of.binary and not of.clustered),
        clusters=of.unit_count if of.clustered else None,
        q=shown[1] if shown else None,
    )


def could_fail(changed: int, *, alpha: float, exact: bool, binary: bool) -> bool:
    """Return whether so many changed units fail if all of them got worse: one sign pattern is then the most extreme."""
    smallest = 0.5**changed
    mid = not exact and (binary or smallest <= MID_P_ATOM)
    return changed > 0 and smallest * (0.5 if mid else 1.0) <= alpha
