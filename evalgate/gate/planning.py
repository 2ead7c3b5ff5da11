"""From a config and what the journal has seen of it to the plan of a run. Nothing is started and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from evalgate.decision.evidence import (
    BuildEvidence,
    Cell,
    CheckEvidence,
    Quarantined,
    ResourceEvidence,
    Scores,
    SuiteEvidence,
)
from evalgate.decision.planning import Comparisons, plan_comparisons
from evalgate.decision.plans import BuildPlan, ModelsPlan, SidePlan, SuitePlan
from evalgate.decision.reserve import Limit, PerRun, Stage, reserves
from evalgate.gate.baselines.ahead import Ahead, draws_ahead
from evalgate.gate.evidence.grouping import grouping
from evalgate.gate.preflight import outlook
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.seen import Seen, seen_by
from evalgate.gate.spending import per_run
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Policy
from evalgate.suite.config import Budget


def make_plan(
    suites: Sequence[PreparedSuite],
    policy: Policy,
    specs: Mapping[str, Sequence[EvaluatorSpec]],
    journal: Journal | None,
    *,
    day: str,
    catch: float | None = None,
    budget: Budget | None = None,
) -> BuildPlan:
    """Return what a run of `suites` takes and could catch. `specs` are their evaluators', by suite.

    `day`, as ISO 8601 writes it, says what of the quarantine holds; `catch` is a drop to plan for, a share of the
    range. Raises ConfigurationError where a check cannot be passed.
    """
    seen = seen_by(journal, suites) if journal is not None else Seen()
    thresholds = {
        suite.name: tuple(
            f"{check}: {line}" for check, line in outlook(suite, specs[suite.name], policy, seen.noise, day=day)
        )
        for suite in suites
    }
    drawn = {suite.name: draws_ahead(suite, policy, journal, specs[suite.name]) for suite in suites}
    unanswered = {suite.name: _unanswered(suite, specs[suite.name], day) for suite in suites}
    evidence = BuildEvidence(suites=tuple(unanswered.values()), policy=policy)
    comparisons = plan_comparisons(
        evidence,
        repetitions={suite.name: suite.suite.repetitions for suite in suites},
        known=seen.noise,
        spread=seen.spread,
        catch=catch,
    )
    taken = {suite.name: per_run(journal, suite.name) if journal is not None else None for suite in suites}
    plans = [
        replace(
            _suite_plan(
                suite, specs[suite.name], seen, drawn[suite.name], taken=taken[suite.name], comparisons=comparisons
            ),
            set_aside=len({each.example_id for each in unanswered[suite.name].quarantined}),
            thresholds=thresholds[suite.name],
        )
        for suite in suites
    ]
    return BuildPlan(
        suites=tuple(plans),
        comparisons=comparisons.columns,
        promise=comparisons.promise,
        catch=catch,
        budget=() if budget is None else tuple(_budget(plans, taken, budget)),
    )


def _suite_plan(
    suite: PreparedSuite,
    specs: Sequence[EvaluatorSpec],
    seen: Seen,
    ahead: Ahead,
    *,
    taken: PerRun | None,
    comparisons: Comparisons,
) -> SuitePlan:
    """Return what a run of one suite takes, models included, and what its comparisons could catch."""
    sides = _sides(suite, seen, ahead.times, ahead.lacking)
    confirmation = _confirmation(suite, seen, ahead.confirm)
    return SuitePlan(
        name=suite.name,
        dataset=suite.suite.dataset.shown,
        looked_at_by=suite.suite.dataset.looked_at_by,
        examples=suite.count,
        clusters=comparisons.clusters.get(suite.name),
        repetitions=suite.suite.repetitions,
        evaluators=sum(not spec.pairwise for spec in specs),
        pairwise=sum(spec.pairwise for spec in specs),
        again=ahead.again,
        own=_by_own(suite, specs, ahead),
        sides=sides,
        confirmation=confirmation,
        checks=comparisons.checks.get(suite.name, ()),
        ratios=comparisons.ratios.get(suite.name, ()),
        changes=comparisons.changes.get(suite.name, ()),
        models=_models(taken, sides),
        confirming=_models(taken, confirmation),
        redraws=any(check.zero_tolerance and check.gating for check in suite.suite.checks.values()),
    )


def _unanswered(prepared: PreparedSuite, specs: Sequence[EvaluatorSpec], day: str) -> SuiteEvidence:
    """Return the evidence of a suite of which nothing is answered: what its comparisons will be is settled by then."""
    grouped = grouping(prepared.suite, prepared.deciding())
    size = len(grouped.example_ids)
    absent = Scores(values=np.full((size, 1), np.nan), cells=np.full((size, 1), Cell.ABSENT, dtype=np.uint8))
    by_name = {spec.name: spec for spec in specs}
    return SuiteEvidence(
        name=prepared.name,
        dataset=prepared.dataset,
        example_ids=grouped.example_ids,
        checks=tuple(
            CheckEvidence(
                name=name, check=check, evaluator=by_name[name], candidate=absent, baseline=absent, redraws={}
            )
            for name, check in prepared.suite.scored_checks.items()
        ),
        resources=tuple(
            ResourceEvidence(name=name, check=check, resource=resource, candidate=absent, baseline=absent)
            for name, (resource, check) in prepared.suite.resource_checks.items()
        ),
        clusters=grouped.clusters,
        slices=grouped.slices,
        identical=np.zeros(size, dtype=np.bool_),
        quarantined=tuple(_set_aside(prepared, frozenset(grouped.example_ids), day)),
    )


def _by_own(suite: PreparedSuite, specs: Sequence[EvaluatorSpec], ahead: Ahead) -> dict[str, int]:
    """Return how many answers the change's own evaluators score, where no confirmation comes: it has more.

    Judges of pairs score none: they are not tried beside the base's.
    """
    if suite.own is None:
        return {}
    answers = ahead.stored + sum(ahead.times[side.side] for side in suite.sides)
    examples = (
        suite.count if not suite.own.without else sum(each.id not in suite.own.without for each in suite.examples())
    )
    reworded = len(suite.own.reworded.ids) if suite.own.reworded is not None else 0
    of_pairs = {spec.name for spec in specs if spec.pairwise}
    scored = {each.label: examples * answers for each in suite.own.evaluators}
    scored |= {each.label: reworded * answers for each in suite.own.anew}
    return {name: times for name, times in scored.items() if name not in of_pairs and times}


def _set_aside(prepared: PreparedSuite, known: AbstractSet[str], day: str) -> Iterator[Quarantined]:
    """Yield what of the quarantine holds on a day, of the `known` examples."""
    for entry in prepared.quarantine:
        if entry.id in known and day <= entry.expires:
            yield Quarantined(
                example_id=entry.id,
                check=entry.check,
                owner=entry.owner,
                reason=entry.reason,
                expires=entry.expires,
                active=True,
            )


def _confirmation(suite: PreparedSuite, seen: Seen, times: int | None) -> tuple[SidePlan, ...]:
    return () if times is None else _sides(suite, seen, dict.fromkeys(Side, times))


def _sides(suite: PreparedSuite, seen: Seen, times: Mapping[Side, int], lacking: int = 0) -> tuple[SidePlan, ...]:
    sides = []
    for side in suite.sides:
        runs = suite.count * times[side.side] + (lacking if side.side is Side.BASELINE else 0)
        if side.side is Side.BASELINE and not runs:
            continue  # its stored runs are enough
        build, seconds = seen.pace.get((suite.name, side.side), (None, None))
        sides.append(SidePlan(side=side.side, label=side.label, runs=runs, seconds_per_run=seconds, build=build))
    return tuple(sides)


def _models(known: PerRun | None, sides: Iterable[SidePlan]) -> ModelsPlan | None:
    """Return what models would take: each run as much as it took before, its evaluations included."""
    runs = sum(side.runs for side in sides)
    if known is None or not known.calls or not runs:
        return None
    usd = None if known.usd is None else runs * known.usd
    return ModelsPlan(calls=runs * known.calls, tokens=runs * known.tokens, usd=usd, build=known.build)


def _budget(suites: Sequence[SuitePlan], each: Mapping[str, PerRun | None], budget: Budget) -> Iterator[str]:
    """Yield what the budget holds of the screens and their confirmations."""
    stages = [
        Stage(
            suite=suite.name,
            first=suite.runs,
            confirmation=sum(side.runs for side in suite.confirmation),
            each=each[suite.name],
        )
        for suite in suites
    ]
    limits: dict[Limit, float | None] = {"usd": budget.usd, "tokens": budget.tokens, "calls": budget.calls}
    left = {name: most for name, most in limits.items() if most is not None}
    for found in reserves(stages, left, {}):
        yield found.told if found.raised is None else f"{found.told} A run would not begin: {found.raised}."
