"""What a build will take and what its comparisons could catch, said before anything is paid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalgate.decision import words
from evalgate.decision.evidence import BuildEvidence, CheckEvidence, SuiteEvidence
from evalgate.decision.family import Compared, able_to_fail
from evalgate.decision.layout import Layout, lay_out, refuse_too_many
from evalgate.decision.outlook import drop_caught, flip_rate
from evalgate.decision.ratios.planning import RatioPlan, Spread, comparing_resources, plan_ratios
from evalgate.decision.scale import Fill, read_metric
from evalgate.decision.view import comparison_obstacle, view
from evalgate.records import Direction, Side
from evalgate.stats.intervals import z_value
from evalgate.stats.planning import MOST_EXAMPLES, MOST_REPETITIONS, Planned, examples_for
from evalgate.stats.power import POWER, Plan, intraclass
from evalgate.suite.checks import NoRegression, Policy

FLIPS = (0.02, 0.05, 0.10, 0.20, 0.30)
"""The flip rates to show before any is known: from a model at temperature 0 to a judge's worst."""
_ENOUGH = 1e-9
_NO_SCALE = "its score is unbounded and declares no `scale`, so that no drop of it has a size"


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """How much a check's scores differ without any change, as a stored build shows it.

    `flip` is of one answer each (for scores: twice the variance within an example), `icc` what the examples of a
    cluster have in common. `source` is where it was read: `the repetitions of main`, `this run's own changes`, of
    `build`; or a noise study, which is named there and is no build.
    """

    flip: float
    icc: float
    binary: bool
    source: str
    build: int = 0
    columns: int = 1
    """How many comparisons of the check that build made, slices among them."""
    live: int = 1
    """How many of them had enough changes to fail at all: the others cost the rest nothing."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class SidePlan:
    """One side that will be run. `seconds_per_run` is wall time at the concurrency of `build`, where it was read."""

    side: Side
    label: str
    runs: int
    seconds_per_run: float | None = None
    build: int | None = None

    @property
    def seconds(self) -> float | None:
        """How long it would take; None where no build has told."""
        return None if self.seconds_per_run is None else self.runs * self.seconds_per_run


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelsPlan:
    """What calls of models would take if each run took what it took in `build`. `usd` is None where nobody knows."""

    calls: float
    tokens: float
    usd: float | None
    build: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SuitePlan:
    """One suite: what it will take, and what each of its comparisons could catch. `thresholds`: what they take."""

    name: str
    dataset: str
    examples: int
    clusters: int | None
    repetitions: int
    evaluators: int
    """Those that score each run by itself."""
    sides: tuple[SidePlan, ...]
    checks: tuple[CheckPlan, ...]
    ratios: tuple[RatioPlan, ...] = ()
    """The comparisons of cost, tokens and latency."""
    thresholds: tuple[str, ...] = ()
    redraws: bool = False
    """Whether `zero_tolerance` draws failing examples once more."""
    confirmation: tuple[SidePlan, ...] = ()
    """What a confirmation would add where the first measurement leans worse; empty where none confirms."""
    models: ModelsPlan | None = None
    """None where no build is known that called any."""
    pairwise: int = 0
    """How many judges are shown an answer of each side."""

    @property
    def runs(self) -> int:
        """How many runs there will be, each one call of the task."""
        return sum(side.runs for side in self.sides)

    @property
    def evaluations(self) -> int:
        """How many evaluations, if every run answers: of each run, and of the pairs that the candidate's are in."""
        pairs = sum(side.runs for side in self.sides if side.side is Side.CANDIDATE)
        return self.runs * self.evaluators + pairs * self.pairwise


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildPlan:
    """Everything that one run of the config would do. `catch` is the drop asked for, as a share of the range."""

    suites: tuple[SuitePlan, ...]
    comparisons: int
    promise: str | None
    """None where nothing is compared with a baseline."""
    catch: float | None = None

    @property
    def runs(self) -> int:
        """How many runs of all suites."""
        return sum(suite.runs for suite in self.suites)

    @property
    def evaluations(self) -> int:
        """How many evaluations, if every run answers."""
        return sum(suite.evaluations for suite in self.suites)

    @property
    def seconds(self) -> float | None:
        """How long: sides and suites run at the same time, so the longest; None where one of them is not known."""
        return longest([side for suite in self.suites for side in suite.sides])


def longest(sides: Sequence[SidePlan]) -> float | None:
    """Return how long sides that run at the same time take; None where one of them is not known."""
    known = [side.seconds for side in sides if side.seconds is not None]
    return max(known) if known and len(known) == len(sides) else None


def noises(evidence: BuildEvidence) -> dict[tuple[str, str], Noise]:
    """Return the noise of every gating comparison of a recorded build that was measured, by suite and check."""
    usable = [suite for suite in evidence.suites if suite.example_ids and not suite.problems]
    found = {}
    for layout in lay_out(usable)[0]:
        for check, rule in _comparing(layout.suite):
            of = view(layout, check, read_metric(check, layout.order), evidence.policy, Fill.NOTHING)
            differences = of.differences()
            if differences is None or of.pairs is None or comparison_obstacle(of) is not None:
                continue
            flip, source = flip_rate(of, differences)
            slicings = tuple(layout.slicings(rule))
            compared = Compared(layout=layout, check=check.name, pairs=of.pairs, slicings=slicings)
            columns, live = able_to_fail(compared, evidence.policy)
            found[layout.suite.name, check.name] = Noise(
                flip=min(1.0, flip),
                icc=intraclass(differences.values, differences.units)[0],
                binary=of.metric.binary,
                source=source,
                columns=columns,
                live=live,
            )
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparisons:
    """The comparisons of a build by suite: the whole family's size, and what each of its checks could catch."""

    checks: Mapping[str, tuple[CheckPlan, ...]]
    ratios: Mapping[str, tuple[RatioPlan, ...]]
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
    layouts, _ = lay_out([suite for suite in evidence.suites if suite.example_ids])
    refuse_too_many(layouts)
    slices = {
        (layout.suite.name, check.name): sum(part.tested for part in layout.slicings(rule))
        for layout in layouts
        for check, rule in _comparing(layout.suite)
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
    plans: dict[str, tuple[CheckPlan, ...]] = {}
    for layout in layouts:
        name = layout.suite.name
        plans[name] = tuple(
            _check(
                check,
                rule,
                noise=known.get((name, check.name)),
                plan=_plan(layout, evidence.policy, repetitions[name]),
                family=(max(1, live), slices[name, check.name], evidence.policy.exact),
                catch=catch,
            )
            for check, rule in _comparing(layout.suite)
        )
    return Comparisons(
        checks=plans,
        ratios={
            layout.suite.name: plan_ratios(
                layout,
                repetitions=repetitions[layout.suite.name],
                comparisons=max(1, live),
                alpha=evidence.policy.alpha,
                known=spread or {},
            )
            for layout in layouts
        },
        clusters={layout.suite.name: len(np.unique(layout.units)) for layout in layouts if layout.clustered},
        columns=columns,
        promise=_promise(evidence, columns=columns, checks=checks),
    )


def _promise(evidence: BuildEvidence, *, columns: int, checks: int) -> str | None:
    gating = [check for suite in evidence.suites for _, check in suite.declared if check.gating]
    if not any(check.compares for check in gating):
        return None
    return words.promise(
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


def _comparing(suite: SuiteEvidence) -> Iterator[tuple[CheckEvidence, NoRegression]]:
    for check in suite.checks:
        rule = check.check.no_regression
        if rule is not None and check.check.gating and check.evaluator.direction != Direction.NEUTRAL:
            yield check, rule


def _plan(layout: Layout, policy: Policy, repetitions: int) -> Plan:
    """Return the comparison to plan for, its noise left open."""
    examples = len(layout.example_ids)
    size = examples / len(np.unique(layout.units))
    return Plan(examples=examples, flip=0.0, alpha=policy.alpha, repetitions=repetitions, cluster_size=size)


def _check(
    check: CheckEvidence,
    rule: NoRegression,
    *,
    noise: Noise | None,
    plan: Plan,
    family: tuple[int, int, bool],
    catch: float | None,
) -> CheckPlan:
    spec, (live, slices, exact) = check.evaluator, family
    if spec.scale is None and (spec.low is None or spec.high is None):
        return CheckPlan(name=check.name, noise=noise, outlooks=(), obstacle=_NO_SCALE, slices=slices)
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
    return CheckPlan(name=check.name, noise=noise, outlooks=tuple(outlooks), slices=slices)


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
