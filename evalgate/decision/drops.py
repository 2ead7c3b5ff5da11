"""What `no_regression` could catch, said before anything is paid."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalgate.decision.evidence import CheckEvidence
from evalgate.decision.known_noise import FLIPS, Noise
from evalgate.decision.outlook import drop_caught
from evalgate.stats.intervals import z_value
from evalgate.stats.planning import MOST_EXAMPLES, MOST_REPETITIONS, Planned, examples_for
from evalgate.stats.power import POWER, Plan
from evalgate.suite.checks import NoRegression

_ENOUGH = 1e-9
NO_SCALE = "its score is unbounded and declares no `scale`, so that no drop of it has a size"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """At one flip rate: the drop (share of the range) caught 8 times in 10, None where none is.

    Where a drop is asked for, `caught` says whether it is among them, `examples` how many catch it at the repetitions
    that are planned, and `repetitions` how many catch it with the examples that there are. None: no number does.
    """

    flip: float
    drop: float | None
    caught: bool = False
    examples: int | None = None
    repetitions: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckPlan:
    """One gating comparison: one outlook where its noise is known, one for each of `FLIPS` where it is not."""

    name: str
    noise: Noise | None
    outlooks: tuple[Outlook, ...]
    obstacle: str | None = None
    """Why nothing can be said of it."""
    slices: int = 0
    """How many slices of it are tested beside all examples."""
    examples: int = 0
    """How many examples decide on it."""


def plan_drops(
    check: CheckEvidence,
    rule: NoRegression,
    *,
    noise: Noise | None,
    plan: Plan,
    family: tuple[int, int, bool],
    catch: float | None,
) -> CheckPlan:
    """Return what one check could catch. `family`: the comparisons that share the promise, its slices, `exact`."""
    spec, (live, slices, exact) = check.evaluator, family
    if spec.scale is None and (spec.low is None or spec.high is None):
        return CheckPlan(
            name=check.name, noise=noise, outlooks=(), obstacle=NO_SCALE, slices=slices, examples=plan.examples
        )
    outlooks = []
    for flip in FLIPS if noise is None else (noise.flip,):
        of = Planned(
            plan=Plan(
                examples=plan.examples,
                flip=flip,
                alpha=plan.alpha,
                repetitions=plan.repetitions,
                cluster_size=plan.cluster_size,
                icc=noise.icc if noise else 0.0,
            ),
            binary=noise.binary if noise else True,
            comparisons=live,
            exact=exact,
        )
        outlooks.append(_outlook(of, rule.ignore_drop_under, catch))
    return CheckPlan(name=check.name, noise=noise, outlooks=tuple(outlooks), slices=slices, examples=plan.examples)


def _outlook(of: Planned, ignored: float, catch: float | None) -> Outlook:
    drop = drop_caught(of, ignored=ignored)
    if catch is None:
        return Outlook(flip=of.plan.flip, drop=drop)
    more = range(int(of.plan.repetitions) + 1, MOST_REPETITIONS + 1)
    by_repetitions = ((k, drop_caught(of.with_repetitions(k), ignored=ignored)) for k in more)
    return Outlook(
        flip=of.plan.flip,
        drop=drop,
        caught=_within(drop, catch),
        examples=_examples(catch, of, ignored),
        repetitions=next((k for k, drop in by_repetitions if _within(drop, catch)), None),
    )


def _within(drop: float | None, catch: float) -> bool:
    return drop is not None and drop <= catch + _ENOUGH


def _examples(catch: float, of: Planned, ignored: float) -> int | None:
    """Return how many examples catch the drop, and clear what the rule lets go 8 times in 10."""
    found = examples_for(catch, of)
    if found is None or not ignored:
        return found
    if catch <= ignored:
        return None
    each = of.plan.flip / of.plan.repetitions + catch * (1 - catch)
    worth = 1 + (of.plan.cluster_size - 1) * max(0.0, of.plan.icc)
    needed = max(found, math.ceil(z_value(POWER) ** 2 * each * worth / (catch - ignored) ** 2))
    return needed if needed <= MOST_EXAMPLES else None
