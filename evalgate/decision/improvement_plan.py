"""What `improves` and `equivalent` could show, said before anything is paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from evalgate.decision.drops import NO_SCALE
from evalgate.decision.evidence import CheckEvidence
from evalgate.decision.improvement import EQUIVALENT, IMPROVES
from evalgate.decision.known_noise import FLIPS, Noise
from evalgate.decision.ratios.planning import Spread
from evalgate.stats.passing import examples_to_pass, gain_to_show, within_chance
from evalgate.stats.power import POWER, Plan

BOTH_ENDS = (1 + POWER) / 2
"""How often one end has to hold for both to hold 8 times in 10."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeOutlook:
    """At one flip rate (of cost, tokens and latency: one spread, a share), what the rule could show.

    `shown` is the least true change for which `improves` passes 8 times in 10, None where none does; `chance` how often
    `equivalent` passes an unchanged candidate, None of the other rule. `examples` is how many it takes to pass 8 times
    in 10: an unchanged candidate under `equivalent`, under `improves` one that is better by what was asked for.
    """

    noise: float
    shown: float | None = None
    chance: float | None = None
    examples: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangePlan:
    """One gating rule about a change: one outlook where the check's noise is known, else one for each that is usual.

    `asked` is the rule's own number: a share of the score's range, or of what the baseline takes.
    """

    name: str
    rule: str
    asked: float
    noise: Noise | Spread | None
    outlooks: tuple[ChangeOutlook, ...]
    of_resource: bool = False
    obstacle: str | None = None
    """Why nothing can be said of it."""


def plan_changes(check: CheckEvidence, *, noise: Noise | None, plan: Plan, gain: float | None) -> Iterator[ChangePlan]:
    """Yield what the check's `improves` and `equivalent` could show. `gain` is an improvement to plan for.

    The noise of `plan` is left open.
    """
    spec, rules = check.evaluator, check.check
    sized = spec.scale is not None or (spec.low is not None and spec.high is not None)
    plans = [replace(plan, flip=flip) for flip in (FLIPS if noise is None else (noise.flip,))] if sized else []
    binary, obstacle = noise is None or noise.binary, None if sized else NO_SCALE
    if rules.improves is not None:
        by = rules.improves.by
        outlooks = tuple(_improves(each, by, binary=binary, gain=gain) for each in plans)
        yield ChangePlan(name=check.name, rule=IMPROVES, asked=by, noise=noise, outlooks=outlooks, obstacle=obstacle)
    if rules.equivalent is not None:
        margin = rules.equivalent.margin
        outlooks = tuple(_equivalent(each, margin, binary=binary) for each in plans)
        yield ChangePlan(
            name=check.name, rule=EQUIVALENT, asked=margin, noise=noise, outlooks=outlooks, obstacle=obstacle
        )


def _improves(plan: Plan, by: float, *, binary: bool, gain: float | None) -> ChangeOutlook:
    examples = None
    if gain is not None and by < gain < 1:
        examples = examples_to_pass(plan, -by, binary=binary, chance=POWER, gain=gain)
    return ChangeOutlook(noise=plan.flip, shown=gain_to_show(plan, by, binary=binary), examples=examples)


def _equivalent(plan: Plan, margin: float, *, binary: bool) -> ChangeOutlook:
    return ChangeOutlook(
        noise=plan.flip,
        chance=within_chance(plan, margin, binary=binary),
        examples=examples_to_pass(plan, margin, binary=binary, chance=BOTH_ENDS),
    )
