"""What the comparisons of a build could catch, said before anything is paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Family:
    """The comparisons that share a build's promise: of drops by suite and check, and of everything."""

    drops: Mapping[tuple[str, str], int]
    """How many slices of a check are tested, by (suite, check)."""
    columns: int
    checks: int
    live: int
    """Those that can fail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ahead:
    """What is known before anything is paid, and what a plan is asked for; the parts of a plan are made of it."""

    policy: Policy
    repetitions: Mapping[str, int]
    known: Mapping[tuple[str, str], Noise]
    spread: Mapping[tuple[str, str], Spread]
    catch: float | None

    def family(self, layouts: Iterable[Layout]) -> _Family:
        """Return the comparisons of drops and of ratios."""
        drops: dict[tuple[str, str], int] = {}
        ratios: dict[tuple[str, str], int] = {}
        for each in layouts:
            name = each.suite.name
            for check, rule in comparing_drops(each.suite):
                drops[name, check.name] = sum(part.tested for part in each.slicings(rule))
            for resource, rule in comparing_resources(each.suite):
                ratios[name, resource.name] = sum(part.tested for part in each.slicings(rule))
        checks = len(drops) + len(ratios)
        live = sum(_live(1 + slices, self.known.get(place)) for place, slices in drops.items())
        live += sum(_live(1 + slices, self.spread.get(place)) for place, slices in ratios.items())
        return _Family(drops=drops, columns=sum((drops | ratios).values()) + checks, checks=checks, live=live)

    def drops(self, layout: Layout, family: _Family) -> Iterator[CheckPlan]:
        """Yield what each check could catch that may not drop."""
        name = layout.suite.name
        for check, rule in comparing_drops(layout.suite):
            yield plan_drops(
                check,
                rule,
                noise=self.known.get((name, check.name)),
                plan=self._plan(layout),
                family=(family.live, family.drops[name, check.name], self.policy.exact),
                catch=self.catch,
            )

    def ratios(self, layout: Layout, family: _Family) -> tuple[RatioPlan, ...]:
        """Return what each check of what runs take could catch."""
        return plan_ratios(
            layout,
            repetitions=self.repetitions[layout.suite.name],
            comparisons=family.live,
            alpha=self.policy.alpha,
            known=self.spread,
        )

    def changes(self, layout: Layout) -> Iterator[ChangePlan]:
        """Yield what each check could prove that is to improve, or to be equivalent."""
        name = layout.suite.name
        for check in comparing(layout.suite):
            noise = self.known.get((name, check.name))
            plan = replace(self._plan(layout), icc=noise.icc if noise else 0.0)
            yield from plan_changes(check, noise=noise, plan=plan, gain=self.catch)
        yield from plan_ratio_changes(layout, repetitions=self.repetitions[name], known=self.spread)

    def _plan(self, layout: Layout) -> Plan:
        """Return the comparison to plan for, its noise left open."""
        examples, repetitions = len(layout.example_ids), self.repetitions[layout.suite.name]
        size = examples / len(np.unique(layout.units))
        return Plan(examples=examples, flip=0.0, alpha=self.policy.alpha, repetitions=repetitions, cluster_size=size)


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
    ahead = _Ahead(policy=evidence.policy, repetitions=repetitions, known=known, spread=spread or {}, catch=catch)
    family = ahead.family(layouts)
    # A suite of which some example is set aside of one check alone has several layouts.
    plans: dict[str, tuple[CheckPlan, ...]] = {each.suite.name: () for each in whole}
    ratios: dict[str, tuple[RatioPlan, ...]] = dict.fromkeys(plans, ())
    changes: dict[str, tuple[ChangePlan, ...]] = dict.fromkeys(plans, ())
    for layout in layouts:
        name = layout.suite.name
        plans[name] += tuple(ahead.drops(layout, family))
        ratios[name] += ahead.ratios(layout, family)
        changes[name] += tuple(ahead.changes(layout))
    return Comparisons(
        checks=plans,
        ratios=ratios,
        changes=changes,
        clusters={each.suite.name: each.clusters for each in whole if each.clusters is not None},
        columns=family.columns,
        promise=_promise(evidence, columns=family.columns, checks=family.checks),
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
