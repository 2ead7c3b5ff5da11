"""From a build that was decided to the body of its verdict, and what of its evidence stands against a release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalgate import __version__
from evalgate.decision.evidence import KnownJudge
from evalgate.decision.judges import untrusted
from evalgate.decision.results import BuildDecision, SuiteDecision
from evalgate.errors import MeasurementError
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.gather import Source
from evalgate.gate.hub_prompts import ref_of
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.release.verdict import (
    FORMAT,
    Body,
    Decided,
    DecidedCheck,
    DecidedConfig,
    DecidedDataset,
    DecidedEvaluators,
    DecidedJournal,
    DecidedPrompt,
    DecidedSide,
    DecidedSuite,
    Format,
    Move,
)
from evalgate.gate.samples import deciding_samples
from evalgate.journal.builds import ExperimentRow, ProblemRow
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.suite.checks import Policy, Unmeasurable

_LONGEST = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What was asked for: which commit, against what, under which config, by whom, when (ISO 8601, UTC)."""

    commit: str
    branch: str | None
    tag: str
    against: str
    config: DecidedConfig
    policy: Mapping[str, Any]
    by: str
    now: str


def require_validated(suites: Sequence[PreparedSuite], journal: Journal, policy: Policy) -> None:
    """Raise MeasurementError where a check that gates goes by a judge that does not agree with people, as it is now."""
    for suite in suites:
        for name, judge in suite.judges.items():
            check = suite.suite.checks.get(name)
            if check is None or not check.gating:
                continue
            validation = journal.validation_of(judge)
            known = None if validation is None else KnownJudge(**validation.summary)
            if (reason := untrusted(name, known, suite.name, policy)) is not None:
                raise MeasurementError(
                    f"suite {suite.name}: {reason} A release goes by no such judge (`release.validated_judges`);"
                    " nothing was run",
                    next_step=f"evalgate judge validate LABELS --suite {suite.name} --judge {name}",
                )


def note_age(source: Source, since: str) -> None:
    """Write against each suite that something of it was recorded before `since`, ISO 8601: it is too old to go by."""
    for row, oldest in _oldest(source):
        if oldest < since:
            kind = Unmeasurable.BASELINE if row.side is Side.BASELINE else Unmeasurable.ERRORS
            problem = ProblemRow(
                suite=row.suite,
                kind=kind,
                message=f"The {row.side.value} ({row.label}) was recorded on {oldest[:10]}, longer ago than a release"
                " goes by (`release.max_age`).",
                next_step="name what is shipped by its commit, which is measured anew: evalgate release --against"
                " git:<tag or commit>, or raise `release.max_age`",
            )
            source.journal.add_problem(source.build, problem)


def _oldest(source: Source) -> Iterator[tuple[ExperimentRow, str]]:
    """Yield when the oldest answer was recorded that decides on each side of each suite."""
    draws = source.journal.draws(source.build)
    for row in source.journal.experiments(source.build):
        names = deciding_samples(row, [draw for draw in draws if draw.suite == row.suite])
        if (oldest := source.journal.oldest_run(row.id, names)) is not None:
            yield row, oldest


def body_of(
    source: Source,
    decision: BuildDecision,
    suites: Sequence[PreparedSuite],
    asked: Asked,
    *,
    code: int,
    moves: Sequence[Move],
) -> Body:
    """Return the body of the verdict on a build; `code` is its exit code."""
    named = {suite.name: suite for suite in suites}
    return Body(
        evalgate=Format(verdict=FORMAT, version=__version__),
        commit=asked.commit,
        branch=asked.branch,
        tag=asked.tag,
        against=asked.against[:_LONGEST],
        config=asked.config,
        policy=dict(asked.policy),
        decision=Decided(
            verdict=decision.verdict.value,
            accepted=decision.accepted,
            exit_code=code,  # type: ignore[arg-type]  # one of the four that a verdict has
            reason=decision.reason[:_LONGEST],
        ),
        suites=[_suite(source, each, named[each.name]) for each in decision.suites],
        journal=DecidedJournal(build=source.build, sha256=source.journal.build_digest(source.build)),
        decided_at=asked.now,
        by=asked.by[:_LONGEST],
        moves=[*moves],
    )


def _suite(source: Source, decided: SuiteDecision, prepared: PreparedSuite) -> DecidedSuite:
    journal = source.journal
    rows = {row.side: row for row in journal.experiments(source.build) if row.suite == decided.name}
    candidate, baseline = rows[Side.CANDIDATE], rows.get(Side.BASELINE)
    dataset = recorded_config(journal.build(source.build)).suites[decided.name].dataset
    oldest = [moment for row, moment in _oldest(source) if row.suite == decided.name]
    return DecidedSuite(
        name=decided.name,
        verdict=decided.verdict.value,
        skipped=any(note.suite == decided.name and note.unchanged for note in journal.notes(source.build)),
        dataset=DecidedDataset(
            name=dataset.shown,
            version=dataset.version,
            sha256=candidate.dataset_version,
            examples=decided.examples,
        ),
        candidate=_side(candidate, journal.build(source.build).commit),
        baseline=None if baseline is None else _side(baseline, baseline.commit),
        evaluators=DecidedEvaluators(
            sha256=candidate.evaluators, each={spec.name: candidate.scorers.get(spec.name) for spec in candidate.specs}
        ),
        prompts=[*_prompts(prepared)],
        models=_models(journal, candidate),
        checks=[
            DecidedCheck(
                name=check.name,
                verdict=check.verdict.value,
                gates=check.gating,
                rules={rule.rule: rule.verdict.value for rule in check.rules},
            )
            for check in decided.checks
        ],
        oldest=min(oldest, default=None),
    )


def _side(row: ExperimentRow, commit: str | None) -> DecidedSide:
    return DecidedSide(label=row.label[:_LONGEST], task=row.task, commit=commit)


def _prompts(suite: PreparedSuite) -> Iterator[DecidedPrompt]:
    for side in suite.sides:
        ref = ref_of(side) if side.side is Side.CANDIDATE else None
        if ref is not None:
            yield DecidedPrompt(name=ref.hub.name, number=ref.hub.number, id=ref.hub.id, sha256=ref.hub.digest)


def _models(journal: Journal, row: ExperimentRow) -> list[str]:
    """Return the models that were asked, by the task and by its judges."""
    return sorted({part.model for _, _, _, usage, _ in journal.usages(row.id) for part in usage or () if part.model})
