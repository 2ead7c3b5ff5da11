"""What the comparisons of a build could catch, said before anything is paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evalgate.decision import verdict_words
from evalgate.decision.drops import CheckPlan, plan_drops
from evalgate.decision.evidence import BuildEvidence
from evalgate.decision.improvement_plan import ChangePlan, plan_changes
from evalgate.decision.known_noise import Noise, comparing, comparing_drops
from evalgate.decision.layout import Layout, lay_out, refuse_too_many
from evalgate.decision.quarantine import deciding_parts
from evalgate.decision.ratios.improvement_plan import plan_ratio_changes
from evalgate.decision.ratios.planning import RatioPlan, Spread, comparing_resources, plan_ratios
from evalgate.stats.power import Plan
from evalgate.suite.checks import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparisons:
    """The comparisons of a build by suite: the whole family's size, and what each of its checks could catch."""

    checks: Mapping[str, tuple[CheckPlan, ...]]
    ratios: Mapping[str, tuple[RatioPlan, ...]]
    changes: Mapping[str, tuple[ChangePlan, ...]]
    clusters: Mapping[str, int]
    columns: int
    promise: str | None


def plan_comparisons(
    evidence: BuildEvidence,
    *,
    repetitions: Mapping[str, int],
    known: Mapping[tuple[str, str], Noise],
    catch: float | None,
    spread: Mapping[tuple[str, str], Spread] | None = None,
) -> Comparisons:
    """Return what the comparisons of `evidence`, a build without any answers, could catch at these repetitions.

    Every column of the family counts, but for those that `known` saw change too little to fail. `spread` is what is
    known of ratios. Raises ConfigurationError for more than 2,000 columns.
    """
    whole, _ = lay_out([suite for suite in evidence.suites if suite.example_ids])
    layouts, _ = lay_out([part for each in whole for part in deciding_parts(each.suite) if part.example_ids])
    refuse_too_many(layouts)
    slices = {
        (layout.suite.name, check.name): sum(part.tested for part in layout.slicings(rule))
        for layout in layouts
        for check, rule in comparing_drops(layout.suite)
    }
    live = sum(_live(1 + number, known.get(place)) for place, number in slices.items())
    of_ratios = {
        (layout.suite.name, check.name): sum(part.tested for part in layout.slicings(rule))
        for layout in layouts
        for check, rule in comparing_resources(layout.suite)
    }
    columns, checks = sum((slices | of_ratios).values()), len(slices) + len(of_ratios)
    columns += checks
    live += sum(_live(1 + number, (spread or {}).get(place)) for place, number in of_ratios.items())
    # A suite of which some example is set aside of one check alone has several layouts.
    plans: dict[str, tuple[CheckPlan, ...]] = {each.suite.name: () for each in whole}
    ratios: dict[str, tuple[RatioPlan, ...]] = dict.fromkeys(plans, ())
    changes: dict[str, tuple[ChangePlan, ...]] = dict.fromkeys(plans, ())
    for layout in layouts:
        name = layout.suite.name
        plans[name] += tuple(
            plan_drops(
                check,
                rule,
                noise=known.get((name, check.name)),
                plan=_plan(layout, evidence.policy, repetitions[name]),
                family=(max(1, live), slices[name, check.name], evidence.policy.exact),
                catch=catch,
            )
            for check, rule in comparing_drops(layout.suite)
        )
        ratios[name] += plan_ratios(
            layout,
            repetitions=repetitions[name],
            comparisons=max(1, live),
            alpha=evidence.policy.alpha,
            known=spread or {},
        )
        changes[name] += (
            *_changes(layout, evidence.policy, repetitions[name], known, catch),
            *plan_ratio_changes(layout, repetitions=repetitions[name], known=spread or {}),
        )
    return Comparisons(
        checks=plans,
        ratios=ratios,
        changes=changes,
        clusters={each.suite.name: each.clusters for each in whole if each.clusters is not None},
        columns=columns,
        promise=_promise(evidence, columns=columns, checks=checks),
    )


def _promise(evidence: BuildEvidence, *, columns: int, checks: int) -> str | None:
    gating = [check for suite in evidence.suites for _, check in suite.declared if check.gating]
    if not any(check.compares for check in gating):
        return None
    return verdict_words.promise(
        columns=columns,
        checks=checks,
        alpha=evidence.policy.alpha,
        exact=evidence.policy.exact,
        absolute=any(check.at_least or check.at_most or check.zero_tolerance for check in gating),
        improvement=any(check.needs_fresh for check in gating),
    )


def _live(columns: int, known: Noise | Spread | None) -> int:
    """Return how many of a check's comparisons share the promise: all, where nothing is known of just these."""
    return columns if known is None or known.columns != columns else known.live


def _changes(
    layout: Layout, policy: Policy, repetitions: int, known: Mapping[tuple[str, str], Noise], catch: float | None
) -> Iterator[ChangePlan]:
    for check in comparing(layout.suite):
        noise = known.get((layout.suite.name, check.name))
        plan = replace(_plan(layout, policy, repetitions), icc=noise.icc if noise else 0.0)
        yield from plan_changes(check, noise=noise, plan=plan, gain=catch)


def _plan(layout: Layout, policy: Policy, repetitions: int) -> Plan:
    """Return the comparison to plan for, its noise left open."""
    examples = len(layout.example_ids)
    size = examples / len(np.unique(layout.units))
    return Plan(examples=examples, flip=0.0, alpha=policy.alpha, repetitions=repetitions, cluster_size=size)
