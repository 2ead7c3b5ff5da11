"""From the journal to what a report shows beside the decision: counts, errors, and the examples that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalgate.decision import decide, exit_code
from evalgate.decision.results import BuildDecision, SuiteDecision
from evalgate.decision.screen_words import Fell, fell_too
from evalgate.errors import ConfigurationError
from evalgate.gate.baselines.fell import fallen
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.gather import Source
from evalgate.gate.guard.guarded import gate_report
from evalgate.gate.mirror.links import MirrorLinks
from evalgate.gate.samples import deciding_samples
from evalgate.gate.short import falling_short
from evalgate.gate.spending import suite_spending
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import ErrorKind, Example, Side
from evalgate.report.model import (
    BuildInfo,
    BuildReport,
    ErrorTally,
    ExampleView,
    SideCounts,
    SideView,
    SuiteReport,
    TriedPrompt,
)
from evalgate.report.show import Changed
from evalgate.suite.checks import Policy
from evalgate.suite.config import Suite

_UNITS = {"latency": "s", "tokens": "tokens", "length": "characters", "cost": "$"}


def build_report(decision: BuildDecision, sources: Sequence[Source], policy: Policy, *, gated: bool) -> BuildReport:
    """Return everything that a report may say of the builds that were decided together."""
    builds = [source.journal.build(source.build) for source in sources]
    held = {
        name: (suite, source)
        for source, build in zip(sources, builds, strict=True)
        for name, suite in recorded_config(build).suites.items()
    }
    suites = [
        suite_report(decided, *held[decided.name]) if decided.name in held else _lacking(decided.name)
        for decided in decision.suites
    ]
    fell = {name: found for source in sources for name, found in fallen(source.journal, source.build).items()}
    suites = [_with_fall(suite, fell.get(suite.name, ())) for suite in suites]
    code = exit_code(decision, policy) if gated else 0
    return BuildReport(
        decision=decision,
        build=_info(builds, code, policy, gated=gated),
        suites=tuple(suites),
        gate=gate_report(sources),
    )


def _lacking(name: str) -> SuiteReport:
    """Return what is shown of a suite that was expected and that nobody recorded."""
    return SuiteReport(
        name=name,
        dataset="",
        dataset_version="",
        repetitions=1,
        candidate_label="candidate",
        baseline_label=None,
        counts={},
    )


def _with_fall(suite: SuiteReport, fell: Sequence[Fell]) -> SuiteReport:
    """Return it with what is said of a baseline that fell too."""
    return replace(suite, fell=tuple(fell), notes=(*map(fell_too, fell), *suite.notes)) if fell else suite


def _info(builds: Sequence[BuildRow], code: int, policy: Policy, *, gated: bool) -> BuildInfo:
    first = builds[0]
    info = BuildInfo(
        id=first.id,
        created_at=first.created_at,
        commit=first.commit,
        branch=first.branch,
        dirty=first.dirty,
        config_file=first.config_file,
        evalgate_version=first.evalgate_version,
        seconds=first.seconds,
        exit_code=code,
        mode=policy.mode,
        gated=gated,
        resumed=first.resumed,
        partial=first.partial,
        change=first.change,
        measurement=first.measurement,
        failed_before=first.failed,
        release=(first.purpose or {}).get("release"),
        tried=tuple(TriedPrompt(**each) for each in (first.purpose or {}).get("prompts", ())),
    )
    partial = next((build.partial for build in builds if build.partial), None)
    return replace(info, seconds=sum(build.seconds for build in builds), partial=partial)


def suite_report(decision: SuiteDecision, suite: Suite, source: Source) -> SuiteReport:
    """Return what is shown of one suite."""
    journal = source.journal
    experiments = {row.side: row for row in journal.experiments(source.build) if row.suite == decision.name}
    candidate, baseline = experiments.get(Side.CANDIDATE), experiments.get(Side.BASELINE)
    spending = suite_spending(journal, experiments.values())
    links = MirrorLinks(journal, experiments)
    return SuiteReport(
        name=decision.name,
        dataset=suite.dataset.shown,
        dataset_version=candidate.dataset_version if candidate else "",
        repetitions=suite.repetitions,
        candidate_label=candidate.label if candidate else "candidate",
        baseline_label=baseline.label if baseline else None,
        notes=tuple(note.message for note in journal.notes(source.build) if note.suite == decision.name),
        counts={side: _counts(journal, row) for side, row in experiments.items()},
        errors=tuple(tally for side, row in experiments.items() for tally in _errors(journal, side, row)),
        examples=dict(_examples(source, decision, experiments)),
        phoenix=links.view(),
        spending=spending.parts,
        dearest=spending.dearest,
        priced_examples=spending.priced_examples,
        units={each.label: _UNITS[each.kind] for each in suite.evaluators if each.kind in _UNITS}
        | {name: _UNITS[resource] for name, (resource, _) in suite.resource_checks.items()},
    )


def units_of(suite: Suite) -> dict[str, str]:
    """Return the unit of every score that has no range, by its evaluator."""
    return {each.label: _UNITS[each.kind] for each in suite.evaluators if each.kind in _UNITS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One example that `show` was asked for: its suite, both sides, and the checks in which it changed."""

    suite: SuiteReport
    view: ExampleView
    changed: tuple[Changed, ...]


def chosen_examples(
    source: Source, names: Sequence[str], suite: str | None, *, otherwise: str = "evalgate show EXAMPLE"
) -> list[Shown]:
    """Return the named examples, of one suite or of all; without names, those that got worse, and of a suite that has
    none of these those that its failed checks fell short on.

    Raises ConfigurationError for a suite or an example that the build does not have, and where there is none of these:
    `otherwise` is what can be done then.
    """
    config = recorded_config(source.journal.build(source.build))
    if suite is not None and suite not in config.suites:
        raise ConfigurationError(
            f"build {source.build} has no suite {suite}", next_step=f"name one of {', '.join(config.suites)}"
        )
    evidence = build_evidence(source.journal, source.build)
    measured = {each.name: each for each in evidence.suites}
    found = [
        shown
        for decided in decide(evidence).suites
        if suite in {None, decided.name}
        for shown in _shown(
            source,
            decided,
            suite_report(decided, config.suites[decided.name], source),
            names or _worse(decided) or falling_short(decided, measured[decided.name]),
        )
    ]
    if missing := [name for name in names if all(shown.view.example.id != name for shown in found)]:
        raise ConfigurationError(
            f"build {source.build} has no example {' or '.join(missing)}",
            next_step="evalgate show",
        )
    if not found:
        raise ConfigurationError(
            f"no example of build {source.build} got worse, and none failed a check", next_step=otherwise
        )
    return found


def _shown(source: Source, decided: SuiteDecision, report: SuiteReport, names: Sequence[str]) -> Iterable[Shown]:
    changed: dict[str, list[Changed]] = {}
    for check in decided.checks:
        for flip in (*check.regressed, *check.improved):
            changed.setdefault(flip.example_id, []).append(Changed(check=check, flip=flip))
    sides = {row.side: row for row in source.journal.experiments(source.build) if row.suite == decided.name}
    for example_id in dict.fromkeys(names):
        example = source.journal.example(source.build, decided.name, example_id)
        if example is not None:
            view = example_view(source, example, sides)
            yield Shown(suite=report, view=view, changed=tuple(changed.get(example_id, ())))


def _worse(decided: SuiteDecision) -> list[str]:
    return [flip.example_id for check in decided.checks for flip in check.regressed]


def example_view(source: Source, example: Example, experiments: Mapping[Side, ExperimentRow]) -> ExampleView:
    """Return one example side by side, in the sample that is shown."""
    candidate, baseline = experiments.get(Side.CANDIDATE), experiments.get(Side.BASELINE)
    links = MirrorLinks(source.journal, experiments)
    return ExampleView(
        example=example,
        candidate=_side(source.journal, candidate, example.id, links) or SideView(),
        baseline=_side(source.journal, baseline, example.id, links),
        link=links.example(example.id),
    )


def _side(journal: Journal, experiment: ExperimentRow | None, example_id: str, links: MirrorLinks) -> SideView | None:
    if experiment is None:
        return None
    draws = [draw for draw in journal.draws(experiment.build) if draw.suite == experiment.suite]
    shown = deciding_samples(experiment, draws)[0]
    outcome = journal.run(experiment.id, example_id, shown)
    if outcome is None:
        return None
    return SideView(
        output=outcome.output,
        failure=outcome.failure,
        evaluations=tuple(journal.evaluations(experiment.id, example_id, shown)),
        latency=outcome.latency,
        logs=outcome.logs,
        sample=shown,
        trace=links.trace(experiment.side, outcome.trace_id),
    )


def _counts(journal: Journal, experiment: ExperimentRow) -> SideCounts:
    """Count the runs of one side; where earlier builds' runs were taken over, those alone that this build made."""
    if any(draw.suite == experiment.suite for draw in journal.draws(experiment.build)):
        failed = journal.made(experiment)
        return SideCounts(runs=len(failed), errors=sum(failed))
    kinds = [kind for *_, kind in journal.run_facts(experiment.id)]
    of_runs = (usage for *_, evaluator, usage, _ in journal.usages(experiment.id) if not evaluator)
    cached = sum(bool(usage) and all(part.from_cache for part in usage or ()) for usage in of_runs)
    return SideCounts(runs=len(kinds), cached=cached, errors=sum(kind is not None for kind in kinds))


def _errors(journal: Journal, side: Side, experiment: ExperimentRow) -> Iterable[ErrorTally]:
    for kind, message, where, count in journal.failures(experiment.id):
        yield ErrorTally(side=side, kind=ErrorKind(kind), message=message, where=where, count=count)
    for evaluator, message, where, count in journal.evaluator_failures(experiment.id):
        kind_ = ErrorKind.EVALUATOR
        yield ErrorTally(side=side, kind=kind_, message=message, where=where, count=count, evaluator=evaluator)


def _examples(
    source: Source, decision: SuiteDecision, experiments: Mapping[Side, ExperimentRow]
) -> Iterable[tuple[str, ExampleView]]:
    """Yield every example that the decision names, once."""
    named = dict.fromkeys(
        example_id
        for check in decision.checks
        for example_id in (
            *(flip.example_id for flip in (*check.regressed, *check.improved)),
            *(example_id for rule in check.rules for example_id in rule.example_ids),
        )
    )
    for example_id in named:
        example = source.journal.example(source.build, decision.name, example_id)
        if example is not None:
            yield example_id, example_view(source, example, experiments)
