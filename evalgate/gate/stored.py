"""A stored build as the baseline: found, proven comparable, and copied in, so that the journal alone decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.gate.prepare import PreparedSuite
from evalgate.journal.builds import BuildRow, ExperimentRow, ProblemRow
from evalgate.journal.store import Journal
from evalgate.journal.transfer import copy_experiment
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Unmeasurable


def adopt(
    journal: Journal,
    build_id: int,
    suite: PreparedSuite,
    specs: tuple[EvaluatorSpec, ...],
    known: dict[tuple[str, Side], int],
) -> list[ProblemRow]:
    """Copy the stored baseline that a suite names into the build; return why not, where it cannot be compared with.

    A suite without one, or whose baseline is here already, is left alone. `known` gains the new experiment.
    """
    ref = suite.suite.baseline_ref
    if ref is None or ref.of_commit or (suite.name, Side.BASELINE) in known:
        return []
    try:
        source, build, found = _find(journal, build_id, suite)
    except (ConfigurationError, MeasurementError) as error:
        return [_problem(suite, f"The stored baseline cannot be read: {error.message}.")]
    if reason := _incomparable(build, found, suite):
        return [_problem(suite, reason)]
    row = replace(found, side=Side.BASELINE, label=_label(build), specs=specs, stored=True)
    experiment = journal.add_experiment(build_id, row)
    copy_experiment(source, found.id, journal.path, experiment)
    known[suite.name, Side.BASELINE] = experiment
    return []


def _find(journal: Journal, build_id: int, suite: PreparedSuite) -> tuple[Path, BuildRow, ExperimentRow]:
    """Return the file, the build and the candidate's experiment that `baseline` names."""
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
                    return path, build, row
    raise MeasurementError(f"{suite.suite.baseline} has no answers of the suite {suite.name}")


def _incomparable(build: BuildRow, row: ExperimentRow, suite: PreparedSuite) -> str | None:
    """Return what makes the stored side incomparable, or None."""
    if not build.complete or build.partial:
        return "The stored baseline is a part of a run only."
    if row.dataset_version != suite.dataset_version:
        return "The stored baseline answered another version of the dataset."
    if row.evaluators != suite.evaluators.digest:
        return "The stored baseline was scored by other evaluators."
    return None


def _label(build: BuildRow) -> str:
    at = f" of {build.branch}" if build.branch else ""
    commit = f"@{build.commit[:7]}" if build.commit else ""
    return f"stored build {build.id}{at}{commit} ({build.created_at[:10]})"


def _problem(suite: PreparedSuite, message: str) -> ProblemRow:
    """Say why there is no comparison; what repairs it is a new build of what the baseline should be."""
    kind, _, name = str(suite.suite.baseline).partition(":")
    kept = f", then evalgate journal export --to {name}" if kind == "file" else ""
    step = f"store one: evalgate run --suite {suite.name} with what you ship today{kept}"
    return ProblemRow(suite=suite.name, kind=Unmeasurable.BASELINE, message=message, next_step=step)
