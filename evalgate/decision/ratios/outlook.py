"""What a comparison of ratios could have caught, and what it would take to decide."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evalgate.decision import words
from evalgate.decision.comparison import Differences
from evalgate.decision.family import Family
from evalgate.decision.outlook import rounded
from evalgate.decision.ratios.view import CLIP, RatioView, log_share_of
from evalgate.errors import ConfigurationError
from evalgate.stats.intervals import mean_interval, z_value
from evalgate.stats.power import POWER
from evalgate.suite.checks import Equivalent, NoRegression

_ONE_SIDE = 0.05
_REPETITIONS = 3
_MOST = 1_000_000
_LARGEST_SEEN = 0.95
"""A rise so near the clip is not told from a larger one."""


def rise_caught(differences: Differences, *, alpha: float, comparisons: int, allowed: float | None) -> float | None:
    """Return the rise caught 8 times in 10, as a share of what the baseline takes; None where none is.

    By the spread of these ratios about their mean: it must stand out from none at the level that the build's other
    comparisons leave, and its interval clear what is allowed.
    """
    return rise_for(differences.standard_error * CLIP, alpha=alpha, comparisons=comparisons, allowed=allowed)


def rise_for(error: float, *, alpha: float, comparisons: int, allowed: float | None) -> float | None:
    """Return the rise caught 8 times in 10 where a mean log ratio has this standard error; None where none is."""
    if not math.isfinite(error) or error == 0:  # nothing varied, which says nothing of how much answers vary
        return None
    out_of_none = (z_value(1 - alpha / max(1, comparisons)) + z_value(POWER)) * error
    beyond_allowed = math.log1p(allowed or 0.0) + (z_value(1 - _ONE_SIDE) + z_value(POWER)) * error
    caught = max(out_of_none, beyond_allowed)
    return math.expm1(caught) if caught < _LARGEST_SEEN * CLIP else None


def to_decide(of: RatioView, differences: Differences, family: Family, allowed: float) -> str:
    """Return what would settle the comparison: repetitions where they would do, or how many more examples."""
    units = differences.unit_count
    at_least = units_to_rule_out(allowed)
    needed = max(at_least, _needed(differences, family, allowed))
    repetitions = int(of.pairs.repetitions.max(initial=0)) if of.pairs is not None else 0
    repeating_does = repetitions < _REPETITIONS and at_least <= units and needed <= units * _REPETITIONS
    more = rounded(max(1.0, math.ceil(needed) - units))
    return words.to_decide(more=more, clustered=differences.clustered, repetitions=repeating_does)


def units_to_rule_out(allowed: float) -> int:
    """Return how many examples (or clusters) rule out a rise of more than `allowed` where none took any more."""
    high = 2
    while not _rules_out(allowed, [1] * high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _rules_out(allowed, [1] * middle) else (middle, high)
    return high


def _rules_out(allowed: float, sizes: Sequence[int]) -> bool:
    """Return whether equal amounts rule out that `allowed` is passed."""
    limit = math.log1p(allowed)
    clip = max(CLIP, 2 * limit)
    equal = mean_interval(np.zeros(len(sizes)), np.array(sizes, dtype=np.float64), level=0.90)
    return equal[0] * clip > -limit


def refuse_undecidable_rise(name: str, rule: NoRegression, sizes: Sequence[int]) -> None:
    """Raise ConfigurationError where a gate that blocks on INCONCLUSIVE could not pass even on equal amounts.

    `sizes` are how many examples each cluster has, or 1 for each example.
    """
    _refuse_undecidable(name, rule.allow_increase, sizes, what="rise", key="allow_increase")


def refuse_undecidable_change(name: str, rule: Equivalent, sizes: Sequence[int]) -> None:
    """Raise ConfigurationError where `equivalent` could not pass even on equal amounts."""
    _refuse_undecidable(name, rule.margin, sizes, what="change", key="equivalent")


def _refuse_undecidable(name: str, allowed: float, sizes: Sequence[int], *, what: str, key: str) -> None:
    if _rules_out(allowed, sizes):
        return
    units = "clusters" if len(sizes) < sum(sizes) else "examples"
    raise ConfigurationError(
        f"the check {name} cannot PASS: {len(sizes):,} {units} cannot rule out a {what} of {100 * allowed:g} % even"
        " where both sides take as much, and `on_inconclusive: fail` blocks",
        next_step=(
            f"use {max(len(sizes) + 1, units_to_rule_out(allowed)):,} {units} or more, a larger `{key}`,"
            " or `on_inconclusive: warn`"
        ),
    )


def _needed(differences: Differences, family: Family, allowed: float) -> float:
    """Return how many units tell no rise from the allowed one; where there are that many, what this rise would take."""
    units, error = differences.unit_count, differences.standard_error
    if not math.isfinite(error) or error == 0:
        return 0.0
    variance, limit, seen = error**2 * units, -log_share_of(allowed), -differences.delta
    planned = variance * ((z_value(1 - _ONE_SIDE) + z_value(POWER)) / limit) ** 2
    if planned > units:
        return min(planned, _MOST)
    distance = max(abs(limit - seen), limit / 10)
    asked = variance * (z_value(1 - _ONE_SIDE / (1 if seen < limit else max(1, family.live))) / distance) ** 2
    return units + min(units, max(units / 4, asked - units))
