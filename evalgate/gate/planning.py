"""From a config and what the journal has seen of it to the plan of a run. Nothing is started and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

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
from evalgate.decision.known_noise import Noise, noises
from evalgate.decision.planning import plan_comparisons
from evalgate.decision.plans import BuildPlan, ModelsPlan, SidePlan, SuitePlan
from evalgate.decision.ratios.noise import studied_spreads
from evalgate.decision.ratios.planning import Spread, spreads
from evalgate.decision.reserve import Limit, PerRun, Stage, reserves
from evalgate.errors import JournalError
from evalgate.gate.baselines.ahead import Ahead, draws_ahead
from evalgate.gate.evidence.evidence import build_evidence, known_noise
from evalgate.gate.evidence.grouping import grouping
from evalgate.gate.evidence.noise import study_evidence
from evalgate.gate.preflight import Known, outlook
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.spending import per_run, suite_spending
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Policy
from evalgate.suite.config import Budget


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What stored builds say: noise and spread by (suite, check), and (build, seconds per run) by (suite, side)."""

    noise: dict[tuple[str, str], Noise] = field(default_factory=dict)
    spread: dict[tuple[str, str], Spread] = field(default_factory=dict)
    pace: dict[tuple[str, Side], tuple[int, float]] = field(default_factory=dict)


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
    seen = _seen(journal, suites) if journal is not None else _Seen()
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
    plans = []
    for suite in suites:
        ahead = drawn[suite.name]
        sides = _sides(suite, seen, ahead.times, ahead.lacking)
        confirmation = _confirmation(suite, seen, ahead.confirm)
        plans.append(
            SuitePlan(
                name=suite.name,
                dataset=suite.suite.dataset.shown,
                looked_at_by=suite.suite.dataset.looked_at_by,
                examples=suite.count,
                set_aside=len({each.example_id for each in unanswered[suite.name].quarantined}),
                clusters=comparisons.clusters.get(suite.name),
                repetitions=suite.suite.repetitions,
                evaluators=sum(not spec.pairwise for spec in specs[suite.name]),
                pairwise=sum(spec.pairwise for spec in specs[suite.name]),
                again=ahead.again,
                own=_by_own(suite, specs[suite.name], ahead),
                sides=sides,
                confirmation=confirmation,
                checks=comparisons.checks.get(suite.name, ()),
                ratios=comparisons.ratios.get(suite.name, ()),
                changes=comparisons.changes.get(suite.name, ()),
                thresholds=thresholds[suite.name],
                models=_models(taken[suite.name], sides),
                confirming=_models(taken[suite.name], confirmation),
                redraws=any(check.zero_tolerance and check.gating for check in suite.suite.checks.values()),
            )
        )
    return BuildPlan(
        suites=tuple(plans),
        comparisons=comparisons.columns,
        promise=comparisons.promise,
        catch=catch,
        budget=() if budget is None else tuple(_budget(plans, taken, budget)),
    )


def noise_by_check(journal: Journal, suites: Sequence[PreparedSuite]) -> Known:
    """Return what the latest complete build of each suite shows of the noise of its comparisons."""
    return _seen(journal, suites).noise


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


def _confirmation(suite: PreparedSuite, seen: _Seen, times: int | None) -> tuple[SidePlan, ...]:
    return () if times is None else _sides(suite, seen, dict.fromkeys(Side, times))


def _sides(suite: PreparedSuite, seen: _Seen, times: Mapping[Side, int], lacking: int = 0) -> tuple[SidePlan, ...]:
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


def _studied(journal: Journal, suites: Sequence[PreparedSuite]) -> _Seen:
    seen = _Seen()
    for suite in suites:
        _add_studied(journal, suite, seen)
    return seen


def _add_studied(journal: Journal, suite: PreparedSuite, seen: _Seen) -> None:
    """Add what the latest noise study of exactly this suite found: of its baseline's task, else of its own."""
    for side in sorted(suite.sides, key=lambda side: side.side is Side.CANDIDATE):
        study = journal.study_of(
            suite=suite.name,
            task=side.fingerprint.digest,
            evaluators=suite.evaluators.digest,
            dataset_version=suite.dataset_version,
        )
        if study is not None:
            for row in journal.noise(study):
                if row.suite == suite.name:
                    known = known_noise(row)
                    noise = Noise(flip=known.flip, icc=row.icc, binary=row.is_binary, source=known.source)
                    seen.noise[row.suite, row.name] = noise
            seen.spread.update(_studied_spreads(journal, study, suite.name))
            return


def _studied_spreads(journal: Journal, study: int, suite: str) -> dict[tuple[str, str], Spread]:
    """Return what the runs of a noise study took varied by, worked out anew: they are all in the journal."""
    try:
        evidence = study_evidence(journal, study)
    except JournalError:  # recorded by a version whose config this one does not read
        return {}
    found = studied_spreads(evidence, f"the {evidence.runs} runs of noise study {study}")
    return {place: spread for place, spread in found.items() if place[0] == suite}


def _seen(journal: Journal, suites: Sequence[PreparedSuite]) -> _Seen:
    """Return what a noise study, else the latest complete build of each suite says of it.

    A build in which nothing of a suite could be compared says nothing of its noise: an earlier one may.
    """
    seen = _studied(journal, suites)
    wanted = {suite.name for suite in suites}
    compares = {suite.name for suite in suites if any(check.compares for check in suite.suite.checks.values())}
    for build in journal.builds():
        rows = [row for row in journal.experiments(build.id) if row.suite in wanted]
        if not wanted:
            break
        if not rows or not build.complete or build.partial:
            continue
        if not build.resumed:  # the time that it lay still is nobody's pace
            for row in rows:
                runs, seconds = journal.pace(row.id)
                if runs and seconds is not None and not row.stored and not _mostly_cached(journal, row):
                    seen.pace.setdefault((row.suite, row.side), (build.id, seconds / runs))
        wanted -= {row.suite for row in rows} - compares
        try:
            evidence = build_evidence(journal, build.id)
        except JournalError:  # recorded by a version whose config this one does not read
            continue
        wanted -= _compared(evidence, build.id, wanted, seen)
    return seen


def _mostly_cached(journal: Journal, row: ExperimentRow) -> bool:
    """Return whether the response cache answered most calls of a side: its pace is not that of a model then."""
    own = [part for part in suite_spending(journal, [row]).parts if part.who == row.side.value]
    return any(2 * part.cached > part.calls for part in own)


def _compared(evidence: BuildEvidence, build: int, wanted: AbstractSet[str], seen: _Seen) -> set[str]:
    """Add what one build says of the comparisons of the suites `wanted`; return the suites that it compared."""
    found, varied = noises(evidence), spreads(evidence)
    for place, noise in found.items():
        if place[0] in wanted:  # what a noise study said stands
            seen.noise.setdefault(place, replace(noise, build=build))
    for place, spread in varied.items():
        if place[0] in wanted:
            seen.spread.setdefault(place, replace(spread, build=build))
    return {suite for suite, _ in (*found, *varied)}
