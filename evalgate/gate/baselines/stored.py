"""A stored build as the baseline: found, proven comparable, and copied in, so that the journal alone decides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evalgate import __version__
from evalgate.decision import stored_words
from evalgate.decision.number_words import count
from evalgate.errors import BaselineError, ConfigurationError, JournalError, MeasurementError
from evalgate.gate.baselines.elsewhere import Fetched
from evalgate.gate.baselines.found import Scoring, apart, scored_alike, unscored
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.samples import deciding_samples, samples
from evalgate.journal.builds import BuildRow, ExperimentRow, NoteRow, ProblemRow
from evalgate.journal.store import Journal
from evalgate.journal.transfer import Drawn, copy_drawn, copy_scores
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.tasks import TaskBase


def adopt(
    journal: Journal,
    build_id: int,
    suite: PreparedSuite,
    specs: tuple[EvaluatorSpec, ...],
    known: dict[tuple[str, Side], int],
    *,
    fetched: Fetched | None = None,
) -> list[ProblemRow]:
    """Copy the stored baseline that a suite names into the build; return why not, where it cannot be compared with.

    A suite without one, or whose baseline is here already, is left alone. `known` gains the new experiment. `fetched`
    is the stored baseline where it is kept elsewhere.
    """
    ref = suite.suite.baseline_ref
    if ref is None or ref.of_commit or (suite.name, Side.BASELINE) in known:
        return []
    try:
        build, found = _find(journal, build_id, suite) if fetched is None else _alone(fetched, suite)
    except (ConfigurationError, MeasurementError) as error:
        step = None if fetched is None else error.next_step
        return [_problem(suite, f"The stored baseline cannot be read: {error.message}.", step)]
    contents = dict(journal.example_hashes(build_id, suite.name))
    if reason := _incomparable(build, found, contents):
        return [_problem(suite, reason)]
    row = replace(
        found.row,
        side=Side.BASELINE,
        label=_label(build),
        specs=specs,
        stored=True,
        commit=None,
        dataset_version=suite.dataset_version,
        evaluators=suite.evaluators.digest,
        repetitions=len(found.names),
        scorers=suite.scorers,
    )
    written = replace(row, id=journal.add_experiment(build_id, row), build=build_id)
    names = dict(zip(found.names, samples(len(found.names)), strict=True))
    drawn = Drawn(experiment=found.row.id, names=names, examples=contents)
    copy_drawn(found.path, drawn, journal.path, written.id)
    alike = {*scored_alike(found.row, Scoring.of(written))}
    copy_scores(found.path, drawn, journal.path, written.id, [spec for spec in specs if spec.name in alike])
    for note in _notes(build, written, journal, suite):
        journal.add_note(build_id, NoteRow(suite=suite.name, message=note))
    known[suite.name, Side.BASELINE] = written.id
    return []


@dataclass(frozen=True, kw_only=True, slots=True)
class _StoredSide:
    """What a stored build's candidate answered: its samples that decided, and what its examples said."""

    path: Path
    row: ExperimentRow
    names: tuple[str, ...]
    contents: Mapping[str, str]
    damaged: int


def _find(journal: Journal, build_id: int, suite: PreparedSuite) -> tuple[BuildRow, _StoredSide]:
    """Return the build that `baseline` names, and what its candidate answered."""
    kind, _, name = str(suite.suite.baseline).partition(":")
    path = (suite.placed.stored or suite.placed.root) / name if kind == "file" else journal.path
    with Journal(path, create=False) as store:
        builds = [
            build for build in store.builds(trials=name != "latest") if path != journal.path or build.id != build_id
        ]
        if kind == "build" and name != "latest":
            builds = [build for build in builds if str(build.id) == name]
        for build in builds:
            if name == "latest" and (not build.complete or build.partial):
                continue
            for row in store.experiments(build.id):
                if (row.suite, row.side) == (suite.name, Side.CANDIDATE):
                    return build, _stored(path, store, row)
    raise MeasurementError(f"{suite.suite.baseline} has no answers of the suite {suite.name}")


def _alone(fetched: Fetched, suite: PreparedSuite) -> tuple[BuildRow, _StoredSide]:
    """Return the build that was fetched, and what the one side that it has answered."""
    if fetched.error is not None or fetched.path is None:
        raise fetched.error or BaselineError(f"{suite.suite.baseline} was not fetched")
    with Journal(fetched.path, create=False) as store:
        (build,) = store.builds()
        (row,) = store.experiments(build.id)
        return build, _stored(fetched.path, store, row)


def _stored(path: Path, store: Journal, row: ExperimentRow) -> _StoredSide:
    # What its own verdict went by: a confirmation's samples where there was one.
    names = deciding_samples(row, [draw for draw in store.draws(row.build) if draw.suite == row.suite])
    _, damaged = store.whole_runs(row.id, names)
    contents = dict(store.example_hashes(row.build, row.suite))
    return _StoredSide(path=path, row=row, names=names, contents=contents, damaged=damaged)


def _incomparable(build: BuildRow, found: _StoredSide, contents: Mapping[str, str]) -> str | None:
    """Return what makes the stored side incomparable, or None. It can be run on nothing: what it lacks it lacks."""
    if not build.complete or build.partial:
        return "The stored baseline is a part of a run only."
    differs = apart(contents, found.contents)
    if differs.edited or differs.added:
        return f"The stored baseline answered another version of the dataset: {stored_words.edits(differs, 'then')}."
    if found.damaged:
        runs = count(found.damaged, "run")
        return f"The stored baseline is damaged: {runs} of it cannot be what evalgate wrote."
    return None


def _notes(build: BuildRow, row: ExperimentRow, journal: Journal, suite: PreparedSuite) -> Iterator[str]:
    if again := unscored(journal, row):
        yield stored_words.scored_again(again, row.label)
    then = {"evalgate": build.evalgate_version, **_settings(build, suite.name)}
    now = {"evalgate": __version__, **task_settings(suite.suite.task)}
    if said := stored_words.versions(then, now if len(then) > 1 else {"evalgate": __version__}):
        yield said


def _settings(build: BuildRow, suite: str) -> dict[str, str]:
    """Return how the task of a stored build was set; nothing where another version wrote it as this one cannot read."""
    try:
        return task_settings(recorded_config(build).suites[suite].task)
    except JournalError:
        return {}


def task_settings(task: TaskBase) -> dict[str, str]:
    """Return each parameter of a task that is no default, as text."""
    set_ = task.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {f"`{name}`": json.dumps(value, ensure_ascii=False) for name, value in set_.items()}


def _label(build: BuildRow) -> str:
    at = f" of {build.branch}" if build.branch else ""
    commit = f"@{build.commit[:7]}" if build.commit else ""
    return f"stored build {build.id}{at}{commit} ({build.created_at[:10]})"


def _problem(suite: PreparedSuite, message: str, next_step: str | None = None) -> ProblemRow:
    """Say why there is no comparison; what repairs it is a new build of what the baseline should be."""
    kind, _, name = str(suite.suite.baseline).partition(":")
    kept = f", then evalgate journal export --to {name}" if kind == "file" else ""
    step = f"store one: evalgate run --suite {suite.name} with what you ship today{kept}"
    return ProblemRow(suite=suite.name, kind=Unmeasurable.BASELINE, message=message, next_step=next_step or step)
