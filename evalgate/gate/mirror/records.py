"""From the journal to what is mirrored of it: records for those who read it back, and words for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from evalgate.decision import decide
from evalgate.decision.number_words import count
from evalgate.decision.results import BuildDecision, SuiteDecision
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.mirrors import MirrorRow, RecordedRun
from evalgate.journal.store import Journal
from evalgate.phoenix.experiments.layout import showable
from evalgate.phoenix.experiments.records import BuildRecord, DrawRecord, ExperimentRecord, JudgeRecord, RunRecord
from evalgate.records import Json, Side

_LONGEST: Final = 120
"""Characters of an experiment's name."""


def run_record(recorded: RecordedRun) -> RunRecord:
    """Return one run as it is mirrored."""
    return RunRecord(
        example_id=recorded.example_id,
        position=recorded.position,
        content=recorded.content,
        sample=recorded.sample,
        started_at=recorded.started_at,
        outcome=recorded.outcome,
        evaluations=recorded.evaluations,
        copied=recorded.copied,
        drawn_as=recorded.drawn_as,
    )


def experiment_record(
    journal: Journal,
    row: ExperimentRow,
    mirror: MirrorRow,
    *,
    ended: SuiteDecision | None = None,
    over: bool = False,
) -> ExperimentRecord:
    """Return one side of a suite as it is mirrored. `over`: all is there; `ended` is what its suite was found to be."""
    build = journal.build(row.build)
    runs, _ = journal.sent_count(row.id)
    return ExperimentRecord(
        uid=mirror.uid,
        build=_build_record(build, ended),
        suite=row.suite,
        side=row.side,
        label=row.label,
        dataset=row.dataset,
        dataset_version=row.dataset_version,
        repetitions=row.repetitions,
        task=row.task,
        evaluators=row.evaluators,
        specs=row.specs,
        watched=row.watched,
        scorers=row.scorers,
        stored=row.stored,
        commit=row.commit,
        drawn_on=row.drawn_on,
        draws=tuple(
            DrawRecord(key=draw.key, candidate=draw.candidate, baseline=draw.baseline)
            for draw in journal.draws(row.build)
            if draw.suite == row.suite
        ),
        judges=tuple(
            JudgeRecord(name=judge.name, judge=judge.judge, summary=judge.summary)
            for judge in journal.judges(row.build)
            if judge.suite == row.suite
        ),
        samples=journal.numbered_samples(row.id, ()),
        runs=runs,
        complete=over and build.complete,
        withheld=mirror.withheld,
    )


def _build_record(build: BuildRow, ended: SuiteDecision | None) -> BuildRecord:
    return BuildRecord(
        id=build.id,
        created_at=build.created_at,
        config_file=build.config_file,
        config=build.config,
        evalgate_version=build.evalgate_version,
        commit=build.commit,
        branch=build.branch,
        dirty=build.dirty,
        change=build.change,
        verdict=None if ended is None else ended.verdict.value,
    )


def shown_metadata(journal: Journal, row: ExperimentRow, *, ended: SuiteDecision | None = None) -> Mapping[str, Json]:
    """Return what people see among an experiment's metadata."""
    build = journal.build(row.build)
    commit = row.commit if row.side is Side.BASELINE else build.commit
    found: dict[str, Json] = {
        "suite": row.suite,
        "side": row.side.value,
        "commit": f"{commit}{'+' if build.dirty and row.side is Side.CANDIDATE else ''}" if commit else None,
        "branch": build.branch,
        "change": build.change,
        "task": row.task,
        "evaluators": [spec.name for spec in row.specs],
        "evaluators_fingerprint": row.evaluators,
        "models": _models(journal, row),
        "dataset_version": row.dataset_version,
        "evalgate_version": build.evalgate_version,
        "build": build.id,
        "verdict": None if ended is None else ended.verdict.value,
    }
    return {key: value for key, value in found.items() if value is not None}


def _models(journal: Journal, row: ExperimentRow) -> list[Json]:
    named = {part.model for _, _, _, usage, _ in journal.usages(row.id, own=False) for part in usage or ()}
    return [*sorted(named)]


def experiment_name(build: BuildRow, row: ExperimentRow) -> str:
    """Return what people find an experiment by: whose side, and of what."""
    if row.side is Side.BASELINE:
        what = row.label
    else:
        at = f" @{build.commit[:7]}{'+' if build.dirty else ''}" if build.commit else ""
        what = f"{build.change or build.branch or row.label}{at}"
    name = str(showable(f"{row.suite} {row.side.value}: {what}"))
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def description(build: BuildRow, row: ExperimentRow, ended: SuiteDecision | None, runs: int) -> str:
    """Return what an experiment says of itself: the verdict, and of how much."""
    of = f"The {row.side.value} of the suite {row.suite}, evalgate build {build.id} of {build.created_at[:10]}"
    if ended is None and build.stores and build.complete:
        return str(showable(f"A stored baseline: {row.label}. {of}, {count(runs, 'run')}."))
    if ended is None:
        return f"{of}. It is being measured."
    checks = [f"{check.name} {check.verdict.value}" for check in ended.checks]
    told = f" ({', '.join(checks)})" if checks else ""
    return str(showable(f"{ended.verdict.value}{told}. {of}, {count(runs, 'run')}."))


def decided(journal: Journal, build_id: int) -> BuildDecision:
    """Return the decision on a build as it is apart from its mirror: what a lagging mirror stands for is left out."""
    evidence = build_evidence(journal, build_id)
    step = sync_step(build_id)
    suites = (
        replace(suite, problems=tuple(problem for problem in suite.problems if problem.next_step != step))
        for suite in evidence.suites
    )
    return decide(replace(evidence, suites=tuple(suites)))


def sync_step(build_id: int) -> str:
    """Return the command that makes up for what Phoenix lacks of a build."""
    return f"evalgate phoenix sync {build_id}"
