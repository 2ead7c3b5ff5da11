"""Before anything is paid: the drop that a check can catch, and the examples or repetitions that a smaller one takes.

`power` has the formulas; here is which of them holds where, and their inverses by search over whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from evalgate.stats.intervals import z_value
from evalgate.stats.power import POWER, Plan, detectable_drop, detectable_drop_binary, fewest_to_fail

EXACT_UP_TO = 50
"""Pass/fail checks of so few examples are worked out exactly: the formula is 1 point off alone and 3 beside others."""
MOST_EXAMPLES = 1_000_000
MOST_REPETITIONS = 20
"""More repetitions than this never pay: the noise that is left is between the examples."""
_ENOUGH = 1e-9
_STEPS = 30
_ALWAYS_ENOUGH = 1_000
"""So many changed examples can fail at any level that is shared by 2,000 comparisons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A check to plan for. `plan.alpha` is that of the build: `comparisons` share it."""

    plan: Plan
    binary: bool = True
    comparisons: int = 1
    """How many comparisons that could fail share the promise: the drop is then that of the worst of them."""
    exact: bool = False
    """`exact: true`: P(≥) in the place of the mid-p."""

    def with_examples(self, examples: int) -> Planned:
        """Return the same with other examples."""
        return replace(self, plan=replace(self.plan, examples=examples))

    def with_repetitions(self, repetitions: int) -> Planned:
        """Return the same with other repetitions on each side."""
        return replace(self, plan=replace(self.plan, repetitions=float(repetitions)))


def caught(of: Planned) -> float | None:
    """Return the drop (share of the range) caught 8 times in 10; None where not even the largest is."""
    plan = replace(of.plan, alpha=of.plan.alpha / max(1, of.comparisons))
    single = plan.repetitions <= 1 and plan.cluster_size <= 1
    if of.binary and single and plan.examples <= EXACT_UP_TO:
        return detectable_drop_binary(plan, mid=not of.exact)
    units = min(_flipping(plan), _ALWAYS_ENOUGH)
    if fewest_to_fail(units, plan.alpha, not of.exact) > units:
        return None  # so few cannot fail even where all of them get worse, which the formula does not know
    return detectable_drop(plan)


def _flipping(plan: Plan) -> int:
    """Return how many units flip: whole clusters, however little their examples have in common."""
    return round(plan.examples / plan.cluster_size)


def caught_by_flow(of: Planned, *, screen_p: float, stored: int, confirm: int) -> float | None:
    """Return the drop caught 8 times in 10 by a screen and its confirmation; None where none is.

    `stored` runs against one make the screen, `confirm` of each side the confirmation, whatever repetitions `of` has.
    Both must catch it, on draws of their own. The examples they share make them agree more often than is counted
    here, so the true drop is a little smaller. The normal formula: a point or two off where n is under 50.
    """
    plan, several = of.plan, max(1, of.comparisons)
    units = min(_flipping(plan), _ALWAYS_ENOUGH)
    if fewest_to_fail(units, plan.alpha / several, not of.exact) > units:
        return None

    def power(drop: float, noise: float, level: float) -> float:
        spread = math.sqrt(noise + drop * (1 - drop))
        return NormalDist().cdf(drop * math.sqrt(plan.effective) / spread - z_value(1 - level)) if spread else 1.0

    def both(drop: float) -> float:
        screened = power(drop, plan.flip / 2 * (1 + 1 / stored), screen_p / several)
        return screened * power(drop, plan.flip / confirm, plan.alpha / several)

    low, high = 0.0, 1.0 - _ENOUGH
    if both(high) < POWER:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if both(middle) < POWER else (low, middle)
    return high


def examples_for(drop: float, of: Planned) -> int | None:
    """Return how many examples catch `drop` 8 times in 10, where one fewer does not, whatever examples `of` has.

    None where a million do not. Raises ValueError for a drop outside (0, 1].
    """
    _checked(drop)
    low, high = 1, 2
    while not _catches(drop, of.with_examples(high)):
        low, high = high, high * 2
        if high > MOST_EXAMPLES:
            return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _catches(drop, of.with_examples(middle)) else (middle + 1, high)
    return low


def table(
    *, sizes: Sequence[int], flips: Sequence[float], comparisons: int = 1, alpha: float = 0.05
) -> tuple[tuple[float | None, ...], ...]:
    """Return the drops that a pass/fail check catches: a row for each size, a column for each flip rate."""
    return tuple(
        tuple(
            caught(Planned(plan=Plan(examples=size, flip=flip, alpha=alpha), comparisons=comparisons)) for flip in flips
        )
        for size in sizes
    )


def _catches(drop: float, of: Planned) -> bool:
    smallest = caught(of)
    return smallest is not None and smallest <= drop + _ENOUGH


def _checked(drop: float) -> None:
    if not 0 < drop <= 1:
        raise ValueError(f"a drop of {drop:g} is no share of the range: it is above 0 and at most 1")
