"""A mirrored experiment into a journal, as the rows that it was: what was measured elsewhere decides as if here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from evalgate.journal.builds import BuildRow, DrawRow, ExperimentRow
from evalgate.journal.imported import ImportedExample, ImportedRun
from evalgate.journal.judges import KnownJudgeRow
from evalgate.journal.mirrors import MirrorRow
from evalgate.journal.store import Journal
from evalgate.phoenix.experiments.records import ExperimentRecord, RunRecord
from evalgate.records import JsonObject

_PAGE = 200
"""Runs written at once."""

Bodies = Callable[[str], JsonObject | None]
"""What an example says, by its hash; None where nobody knows."""


class Kept(Protocol):
    """An experiment that is kept elsewhere: a verified record, and its runs."""

    @property
    def record(self) -> ExperimentRecord:
        """What was measured."""
        ...

    @property
    def place(self) -> str:
        """The address of where it is kept."""
        ...

    async def bodies(self) -> Mapping[str, JsonObject]:
        """Return what the examples say, by their hash, as far as that place knows it."""
        ...

    def runs(self) -> AsyncIterator[RunRecord]:
        """Yield what was answered. Raises MeasurementError where it is not what was written, or cannot be had."""
        ...


async def import_alone(journal: Journal, kept: Kept, bodies: Bodies = lambda _: None) -> int:
    """Write an experiment into a journal of its own, its build under the id that it had, and return that id."""
    record = kept.record
    build = replace(_build(record), id=record.build.id)
    draws = [
        DrawRow(suite=record.suite, key=draw.key, candidate=draw.candidate, baseline=draw.baseline)
        for draw in record.draws
    ]

    def taken(run: RunRecord) -> tuple[ImportedRun, ImportedExample]:
        return _run(run), ImportedExample(id=run.example_id, content=run.content, body=bodies(run.content))

    return await _import(journal, kept, build, draws, taken)


async def import_baseline(journal: Journal, kept: Kept, bodies: Bodies) -> int:
    """Write runs of a baseline into the journal that builds look for stored ones in; return the build that holds them.

    Runs of examples that nobody here knows are left out. Of what was drawn only this side counts: the other one, which
    is not here, was not drawn by this. Copies count as drawn by it: what they are copies of is not here.
    """
    record = kept.record
    draws = [DrawRow(suite=record.suite, key=draw.key, candidate=0, baseline=draw.baseline) for draw in record.draws]

    def taken(run: RunRecord) -> tuple[ImportedRun, ImportedExample] | None:
        body = bodies(run.content)
        if body is None:
            return None
        return replace(_run(run), copied=False), ImportedExample(id=run.example_id, content=run.content, body=body)

    return await _import(journal, kept, replace(_build(record), stores=True), draws, taken)


async def _import(
    journal: Journal,
    kept: Kept,
    build: BuildRow,
    draws: Iterable[DrawRow],
    taken: Callable[[RunRecord], tuple[ImportedRun, ImportedExample] | None],
) -> int:
    record = kept.record
    build_id = journal.create_imported(build)
    try:
        experiment = journal.add_experiment(build_id, _row(record))
        journal.add_draws(build_id, draws)
        examples: dict[str, tuple[int, ImportedExample]] = {}
        page: list[ImportedRun] = []
        async for run in kept.runs():
            if (found := taken(run)) is None:
                continue
            examples[run.example_id] = (run.position, found[1])
            page.append(found[0])
            if len(page) == _PAGE:
                journal.add_imported_runs(experiment, page)
                page = []
        journal.add_imported_runs(experiment, page)
        ordered = sorted(examples.values(), key=lambda each: (each[0], each[1].id))
        journal.add_imported_examples(build_id, record.suite, [example for _, example in ordered])
        journal.add_judges(build_id, _judges(record))
        journal.set_mirror(
            MirrorRow(experiment=experiment, uid=record.uid, server=kept.place, withheld=False, ended=True)
        )
        journal.add_seconds(build_id, 0.0, complete=True)
    except BaseException:
        journal.forget_imported(build_id)
        raise
    return build_id


def _build(record: ExperimentRecord) -> BuildRow:
    names = ("created_at", "config_file", "config", "evalgate_version", "commit", "branch", "dirty")
    return BuildRow(**{name: getattr(record.build, name) for name in names})


def _row(record: ExperimentRecord) -> ExperimentRow:
    names = (
        "suite", "side", "label", "dataset", "dataset_version", "repetitions", "task", "evaluators", "specs", "watched",
        "stored", "commit", "drawn_on", "scorers",
    )  # fmt: skip
    return ExperimentRow(**{name: getattr(record, name) for name in names})


def _judges(record: ExperimentRecord) -> list[KnownJudgeRow]:
    return [
        KnownJudgeRow(suite=record.suite, name=judge.name, judge=judge.judge, summary=judge.summary)
        for judge in record.judges
    ]


def _run(run: RunRecord) -> ImportedRun:
    names = ("example_id", "sample", "started_at", "outcome", "evaluations", "copied", "drawn_as")
    return ImportedRun(**{name: getattr(run, name) for name in names})
