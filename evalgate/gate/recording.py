"""What a build is made of, written before its first run: the build, its examples, its experiments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evalgate import __version__
from evalgate.decision import screen_words
from evalgate.gate.baselines.drift import drift
from evalgate.gate.baselines.elsewhere import Fetched
from evalgate.gate.baselines.found import add_found, go_on
from evalgate.gate.baselines.stored import adopt
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.loading import Loaded
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.gate.request import Request
from evalgate.gate.samples import deciding_samples, samples
from evalgate.journal.builds import BuildRow, ExperimentRow, NoiseRow, NoteRow, ProblemRow
from evalgate.journal.changes import QuarantineRow
from evalgate.journal.judges import KnownJudgeRow
from evalgate.journal.store import Journal
from evalgate.journal.transfer import copy_samples
from evalgate.llm.halt import Halted
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Unmeasurable


def begin(request: Request, journal: Journal, *, now: str) -> int:
    """Write a new build and return its id."""
    build_id = journal.create_build(
        BuildRow(
            created_at=now,
            config_file=request.config_file,
            config=request.config.snapshot(),
            evalgate_version=__version__,
            partial=request.partial,
            trial=request.trial,
            commit=request.commit.id,
            branch=request.commit.branch,
            dirty=request.commit.dirty,
            gate=request.gate,
            change=request.change,
            purpose=request.purpose,
            family=request.family,
        )
    )
    journal.add_acceptances(build_id, request.accepted)
    return build_id


def register(
    build_id: int,
    loaded: Sequence[Loaded],
    journal: Journal,
    *,
    fetched: Mapping[str, Fetched],
    notes: Iterable[NoteRow] = (),
) -> dict[tuple[str, Side], int]:
    """Write suites, examples and experiments, and return the experiments' ids. What is there already is kept.

    `fetched` has, by suite, the stored baselines that are kept elsewhere; `notes` is what is said besides.
    """
    known = {(row.suite, row.side): row.id for row in journal.experiments(build_id)}
    begun = {suite for suite, _ in known}
    for each in loaded:
        suite = each.suite
        problems = [each.problem] if each.problem else []
        if next(iter(journal.examples(build_id, suite.name)), None) is None:
            journal.add_examples(build_id, suite.name, suite.examples())
        specs = each.specs
        known |= _experiments(build_id, suite, specs, known, journal)
        _note(build_id, suite, journal)
        problems += adopt(journal, build_id, suite, specs, known, fetched=fetched.get(suite.name))
        if suite.name not in begun:
            journal.add_noise(build_id, noise_for(journal, build_id, suite.name))
            journal.add_judges(build_id, known_judges(journal, suite))
            journal.add_quarantine(build_id, suite.name, _quarantine(suite))
        if suite.count == 0:
            problems.append(_no_examples(suite))
        for problem in problems:
            journal.add_problem(build_id, problem)
    for note in notes:
        journal.add_note(build_id, note)
    for found in drift(journal, [each.suite.name for each in loaded if each.suite.name not in begun]):
        journal.add_note(build_id, NoteRow(suite=found.suite, message=screen_words.ratchet(found)))
    return known


def take_head(journal: Journal, head: int, build_id: int) -> dict[str, int]:
    """Copy what the build `head` holds of a commit in as the candidate's stored runs; return how many, by suite."""
    taken = {}
    held = {row.suite: row for row in journal.experiments(head)}
    for row in journal.experiments(build_id):
        if row.side is Side.CANDIDATE and (source := held.get(row.suite)) is not None:
            names = deciding_samples(source, [draw for draw in journal.draws(head) if draw.suite == row.suite])
            copy_samples(journal.path, source.id, row.id, dict(zip(names, samples(len(names)), strict=True)))
            taken[row.suite] = len(names)
    return taken


def _quarantine(suite: PreparedSuite) -> list[QuarantineRow]:
    return [
        QuarantineRow(
            suite=suite.name,
            example_id=entry.id,
            name=entry.check,
            owner=entry.owner,
            reason=entry.reason,
            expires=entry.expires,
        )
        for entry in suite.quarantine
    ]


def _experiments(
    build_id: int,
    suite: PreparedSuite,
    specs: tuple[EvaluatorSpec, ...],
    known: Mapping[tuple[str, Side], int],
    journal: Journal,
) -> dict[tuple[str, Side], int]:
    """Write both sides of a suite, that of a base commit with the stored runs that there are of it."""
    policy = recorded_config(journal.build(build_id)).policy
    for row in journal.experiments(build_id):
        if row.suite == suite.name:
            go_on(journal, suite, row, policy)
    new = (
        add_found(journal, build_id, suite, experiment_row(suite, side, specs), policy)
        for side in suite.sides
        if (suite.name, side.side) not in known
    )
    return {(row.suite, row.side): row.id for row in new}


def _note(build_id: int, suite: PreparedSuite, journal: Journal) -> None:
    for note in suite.notes:
        journal.add_note(build_id, NoteRow(suite=suite.name, message=note))
    if suite.unchanged is not None:
        journal.add_note(build_id, NoteRow(suite=suite.name, message=suite.unchanged, unchanged=True))


def record_halt(build_id: int, halted: Halted, request: Request, journal: Journal) -> None:
    """Write why the build stopped by itself, against each of its suites; going on with it takes that back."""
    for suite in request.suites:
        row = ProblemRow(suite=suite.name, kind=halted.kind, message=halted.message, next_step=halted.next_step)
        journal.add_problem(build_id, row)


def experiment_row(suite: PreparedSuite, side: PreparedSide, specs: tuple[EvaluatorSpec, ...]) -> ExperimentRow:
    """Return the row of one side of a suite."""
    return ExperimentRow(
        suite=suite.name,
        side=side.side,
        label=side.label,
        dataset=suite.dataset,
        dataset_version=suite.dataset_version,
        repetitions=suite.suite.repetitions,
        task=side.fingerprint.digest,
        evaluators=suite.evaluators.digest,
        specs=specs,
        watched=suite.watched(side),
        commit=suite.base.commit if suite.base is not None and side.side is Side.BASELINE else None,
        scorers=suite.scorers,
    )


def known_judges(journal: Journal, suite: PreparedSuite) -> list[KnownJudgeRow]:
    """Return the suite's judges with what is known of each today; like noise it is copied into the build."""
    found = []
    for name, judge in suite.judges.items():
        validation = journal.validation_of(judge)
        summary = None if validation is None else validation.summary
        found.append(KnownJudgeRow(suite=suite.name, name=name, judge=judge, summary=summary))
    return found


def noise_for(journal: Journal, build_id: int, suite: str) -> list[NoiseRow]:
    """Return what the latest noise study found of a suite's baseline; else of its candidate; else nothing.

    It is copied into the build, so that the build decides the same wherever it is read, whatever is studied later.
    """
    sides = {row.side: row for row in journal.experiments(build_id) if row.suite == suite}
    for side in (Side.BASELINE, Side.CANDIDATE):
        if (row := sides.get(side)) is None:
            continue
        study = journal.study_of(
            suite=suite, task=row.task, evaluators=row.evaluators, dataset_version=row.dataset_version
        )
        if study is not None:
            return [each for each in journal.noise(study) if each.suite == suite]
    return []


def _no_examples(suite: PreparedSuite) -> ProblemRow:
    return ProblemRow(
        suite=suite.name,
        kind=Unmeasurable.NOTHING,
        message=f"No example of {suite.suite.dataset.shown} was selected: there is nothing to measure with.",
        next_step=suite.suite.dataset.looked_at_by,
    )
