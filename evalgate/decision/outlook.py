"""What a comparison could have caught, and what it would take to decide."""

from __future__ import annotations

import math

import numpy as np

from evalgate.decision import words
from evalgate.decision.comparison import Differences
from evalgate.decision.evidence import StoredRuns
from evalgate.decision.family import Family
from evalgate.decision.scale import Answers
from evalgate.decision.view import View
from evalgate.stats.intervals import z_value
from evalgate.stats.planning import Planned, caught, caught_by_flow
from evalgate.stats.power import POWER, Plan, examples_needed, examples_to_rule_out, intraclass

_REPETITIONS = 3
_ONE_SIDE = 0.05
OWN_CHANGES = "this run's own changes"
"""Where noise is read from when neither side repeats: real changes are among it."""


def detectable(of: View, family: Family) -> tuple[float | None, str | None]:
    """Return (the drop caught 8 times in 10, where its noise was read from).

    Both None where nothing was compared, and where no drop fails: an improvement rule, a check that is shown only.
    """
    rule, differences = of.evidence.check.no_regression, of.differences()
    if rule is None or not of.gating or differences is None or of.pairs is None or not len(differences.values):
        return None, None
    flip, source = flip_rate(of, differences)
    repetitions = float(of.pairs.repetitions[of.pairs.paired].mean()) if source != OWN_CHANGES else 1.0
    icc, size = intraclass(differences.values, differences.units)
    plan = Plan(
        examples=len(differences.values),
        flip=min(1.0, flip),
        alpha=of.policy.alpha,
        repetitions=repetitions,
        cluster_size=size,
        icc=icc,
    )
    planned = Planned(plan=plan, binary=of.metric.binary, comparisons=max(1, family.live), exact=of.policy.exact)
    return drop_caught(planned, ignored=rule.ignore_drop_under, screen=of.layout.suite.screen), source


def drop_caught(of: Planned, *, ignored: float, screen: StoredRuns | None = None) -> float | None:
    """Return the drop (share of the range) caught 8 times in 10, before a run and after it; None where none is.

    `ignored` is what the rule lets go; `screen` are the stored runs, where a screen and its confirmation catch it.
    """
    if screen is None:
        drop = caught(of)
    else:
        of = of.with_repetitions(screen.confirm)
        drop = caught_by_flow(of, screen_p=screen.screen_p, stored=screen.repetitions, confirm=screen.confirm)
    if drop is not None and ignored:
        drop = _above_ignored(drop, of.plan, ignored)
    return drop if drop is None or drop < 1 else None


def _above_ignored(drop: float, plan: Plan, ignored: float) -> float:
    """Return what is caught of a rule that lets drops under `ignored` go, where `drop` is caught without that."""
    spread = math.sqrt(plan.flip / plan.repetitions + drop * (1 - drop))
    return max(drop, ignored + z_value(POWER) * spread / math.sqrt(plan.effective))


def flip_rate(of: View, differences: Differences) -> tuple[float, str]:
    """Return the flip rate of one answer each, and where it was read.

    A noise study where there is one, else within a side that repeats, else this run.
    """
    if of.evidence.noise is not None:
        return of.evidence.noise.flip, of.evidence.noise.source
    for side, name in ((of.metric.baseline, of.label), (of.metric.candidate, "the candidate")):
        # What a pair scores one side it takes from the other: neither varies by itself.
        within = _variance_within(side) if side is not None and not of.evidence.evaluator.pairwise else None
        if within is not None:
            return 2 * within, f"the repetitions of {name}"
    return float((differences.values**2).mean()), OWN_CHANGES


def _variance_within(side: Answers) -> float | None:
    """Return the mean variance of an example's answers, over examples with two or more; None where none has."""
    repeated = side.counts >= 2
    if not repeated.any():
        return None
    answered, shares = side.answered[repeated], side.shares[repeated]
    counts = answered.sum(axis=1)
    means = np.where(answered, shares, 0.0).sum(axis=1) / counts
    squares = (np.where(answered, shares - means[:, None], 0.0) ** 2).sum(axis=1)
    return float((squares / (counts - 1)).mean())


def to_decide(of: View, differences: Differences, family: Family, margin: float) -> str:
    """Return what would settle the comparison: repetitions where they would do, or how many more examples."""
    units = differences.unit_count
    at_least = examples_to_rule_out(margin)
    needed = max(at_least, _needed(of, differences, family, margin))
    pairs = of.pairs
    repetitions = int(pairs.repetitions.max(initial=0)) if pairs is not None else 0
    repeating_does = repetitions < _REPETITIONS and at_least <= units and needed <= units * _REPETITIONS
    more = rounded(max(1.0, math.ceil(needed) - units))
    return words.to_decide(more=more, clustered=differences.clustered, repetitions=repeating_does)


def _needed(of: View, differences: Differences, family: Family, margin: float) -> float:
    """Return how many units tell no drop from the margin; where there are that many, what this drop would take.

    The drop that was seen is a poor guide to the true one, so what it asks for is kept within a quarter to all of
    the units there are.
    """
    units, error = differences.unit_count, differences.standard_error
    if not math.isfinite(error) or error == 0:
        return 0.0
    variance, drop = error**2 * units, max(0.0, -differences.delta)
    planned = examples_needed(variance=variance, drop=margin, alpha=_ONE_SIDE)
    if planned > units:
        return planned
    if drop < margin:
        asked = variance * (z_value(1 - _ONE_SIDE) / (margin - drop)) ** 2
    else:
        asked = examples_needed(variance=variance, drop=drop, alpha=of.policy.alpha / max(1, family.live))
    return units + min(units, max(units / 4, asked - units))


def rounded(number: float) -> int:
    """Return `number` rounded up to what it is good for."""
    step = 1 if number < 20 else 5 if number < 100 else 10 ** (math.floor(math.log10(number)) - 1)
    return int(math.ceil(number / step) * step)
