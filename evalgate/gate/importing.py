"""A mirrored experiment into a journal, as the rows that it was: what was measured elsewhere decides as if here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol

from evalgate.journal.builds import BuildRow, DrawRow, ExperimentRow
from evalgate.journal.imported import ImportedExample, ImportedRun
from evalgate.journal.judges import KnownJudgeRow
from evalgate.journal.store import Journal
from evalgate.phoenix.mirrored import ExperimentRecord, RunRecord

_PAGE = 200
"""Runs written at once."""

Bodies = Callable[[str], Mapping[str, Any] | None]
"""What an example says, by its hash; None where nobody knows."""


class Kept(Protocol):
    """An experiment that is kept elsewhere: a verified record, and its runs."""

    @property
    def record(self) -> ExperimentRecord:
        """What was measured."""
        ...

    def runs(self) -> AsyncIterator[RunRecord]:
        """Yield what was answered. Raises MeasurementError where it is not what was written, or cannot be had."""
        ...


async def import_alone(journal: Journal, kept: Kept, bodies: Bodies = lambda _: None) -> int:
    """Write an experiment into a journal of its own, its build under the id that it had, and return that id."""
    record = kept.record
    build = _build(record, id_=record.build.id, stores=False)
    return await _import(journal, kept, build, record.draws, lambda digest: (True, bodies(digest)))


async def import_baseline(journal: Journal, kept: Kept, bodies: Bodies) -> int:
    """Write runs of a baseline into the journal that builds look for stored ones in; return the build that holds them.

    Runs of examples that nobody here knows are left out. Of what was drawn only this side counts: the other one, which
    is not here, was not drawn by this.
    """
    record = kept.record
    draws = tuple(
        DrawRow(suite=record.suite, key=draw.key, candidate=0, baseline=draw.baseline) for draw in record.draws
    )

    def known(digest: str) -> tuple[bool, Mapping[str, Any] | None]:
        body = bodies(digest)
        return body is not None, body

    return await _import(journal, kept, _build(record, id_=0, stores=True), draws, known)


async def _import(
    journal: Journal,
    kept: Kept,
    build: BuildRow,
    draws: Any,
    known: Callable[[str], tuple[bool, Mapping[str, Any] | None]],
) -> int:
    record = kept.record
    build_id = journal.create_imported(build)
    try:
        experiment = journal.add_experiment(build_id, _row(record))
        journal.add_draws(
            build_id,
            [
                DrawRow(suite=record.suite, key=draw.key, candidate=draw.candidate, baseline=draw.baseline)
                for draw in draws
            ],
        )
        examples: dict[str, tuple[int, ImportedExample]] = {}
        page: list[ImportedRun] = []
        async for run in kept.runs():
            wanted, body = known(run.content)
            if not wanted:
                continue
            examples[run.example_id] = (
                run.position,
                ImportedExample(id=run.example_id, content=run.content, body=body),
            )
            page.append(_run(run))
            if len(page) == _PAGE:
                journal.add_imported_runs(experiment, page)
                page = []
        journal.add_imported_runs(experiment, page)
        ordered = sorted(examples.values(), key=lambda each: (each[0], each[1].id))
        journal.add_imported_examples(build_id, record.suite, [example for _, example in ordered])
        journal.add_judges(
            build_id,
            [
                KnownJudgeRow(suite=record.suite, name=judge.name, judge=judge.judge, summary=judge.summary)
                for judge in record.judges
            ],
        )
        journal.add_seconds(build_id, 0.0, complete=True)
    except BaseException:
        journal.forget_imported(build_id)
        raise
    return build_id


def _build(record: ExperimentRecord, *, id_: int, stores: bool) -> BuildRow:
    build = record.build
    return BuildRow(
        id=id_,
        created_at=build.created_at,
        config_file=build.config_file,
        config=build.config,
        evalgate_version=build.evalgate_version,
        commit=build.commit,
        branch=build.branch,
        dirty=build.dirty,
        stores=stores,
    )


def _row(record: ExperimentRecord) -> ExperimentRow:
    names = (
        "suite", "side", "label", "dataset", "dataset_version", "repetitions", "task", "evaluators", "specs", "watched",
        "stored", "commit", "drawn_on", "scorers",
    )  # fmt: skip
    return ExperimentRow(**{name: getattr(record, name) for name in names})


def _run(run: RunRecord) -> ImportedRun:
    return ImportedRun(
        example_id=run.example_id,
        sample=run.sample,
        started_at=run.started_at,
        outcome=run.outcome,
        evaluations=run.evaluations,
        copied=run.copied,
        drawn_as=run.drawn_as,
    )


