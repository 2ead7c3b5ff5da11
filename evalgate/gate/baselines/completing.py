"""Stored runs of a baseline made whole before they are compared with: scored by what scores now, drawn where they lack.

A fresh baseline needs none of it, so nothing is paid here for a suite whose both sides are drawn anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalgate.engine.measure import measure
from evalgate.engine.ports import EvaluatorRunner, TaskRunner
from evalgate.engine.work import Answered, Draw, Work
from evalgate.gate.loading import Loaded
from evalgate.gate.samples import samples
from evalgate.gate.world import World
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import Example, Side, TaskOutcome


async def complete_stored(build_id: int, able: Sequence[Loaded], world: World) -> bool:
    """Evaluate stored answers again where their scores are another evaluator's, and draw the runs that are lacking.

    Returns False where it was stopped before the end.
    """
    effects = world.effects(build_id)
    compared = [(each, row) for each in able if (row := _compared_with(build_id, each, world.journal)) is not None]
    again = [work for each, row in compared for work in _evaluations(each, row, world.journal)]
    if again and not await measure(again, effects):
        return False
    lacking = [(each, row, count) for each, row in compared if (count := _lacking(row, world.journal))]
    for *_, count in lacking:
        world.expect(count, done=0)
    return await measure([_runs(each, row, world.journal) for each, row, _ in lacking], effects) if lacking else True


def lacking_runs(build_id: int, each: Loaded, journal: Journal) -> int:
    """Return how many runs of a stored baseline are to be drawn: its task must load for them."""
    row = _compared_with(build_id, each, journal)
    return 0 if row is None else _lacking(row, journal)


def _lacking(row: ExperimentRow, journal: Journal) -> int:
    """Return how many runs a commit's stored baseline lacks: nothing answered, or an outage ended it."""
    if row.commit is None:
        return 0
    return sum(1 for sample in samples(row.repetitions) for _ in journal.undone(row.id, sample))


def _compared_with(build_id: int, each: Loaded, journal: Journal) -> ExperimentRow | None:
    """Return the stored baseline that decides, or screens; None where both sides are drawn for this build."""
    if any(draw.baseline for draw in journal.draws(build_id) if draw.suite == each.suite.name):
        return None
    place = (each.suite.name, Side.BASELINE)
    return next((row for row in journal.experiments(build_id) if (row.suite, row.side) == place and row.stored), None)


def _evaluations(each: Loaded, row: ExperimentRow, journal: Journal) -> Iterator[Work]:
    """Yield one work for each evaluator that has not scored all stored answers."""
    names = samples(row.repetitions)
    answers, scored = journal.scored_answers(row.id, names)
    for evaluator in each.evaluators:
        if scored.get(evaluator.spec.name, 0) < answers:
            yield Work(
                experiment=row.id,
                suite=each.suite.name,
                side=Side.BASELINE,
                task=each.tasks[Side.CANDIDATE],  # never asked: there is nothing to draw
                evaluators=(evaluator,),
                draws=(),
                answered=_unscored(evaluator, row, names, journal),
            )


def _unscored(
    evaluator: EvaluatorRunner, row: ExperimentRow, names: Sequence[str], journal: Journal
) -> Iterator[Answered]:
    for sample in names:
        for example, outcome in journal.unevaluated(row.id, sample, evaluator=evaluator.spec.name):
            yield Answered(example=example, sample=sample, outcome=outcome)


def _runs(each: Loaded, row: ExperimentRow, journal: Journal) -> Work:
    names = samples(row.repetitions)
    draws = (Draw(example=example, sample=sample) for sample in names for example in journal.undone(row.id, sample))
    return Work(
        experiment=row.id,
        suite=each.suite.name,
        side=Side.BASELINE,
        task=_ForStore(each.tasks[Side.BASELINE]),
        evaluators=each.evaluators,
        draws=draws,
    )


class _ForStore:
    """A task that is asked under names of its own: r1, as a candidate was answered and a cache may hold it, is another.

    What a candidate answered was looked at when it was judged, and is no baseline's.
    """

    def __init__(self, task: TaskRunner) -> None:
        self._task = task
        self.concurrency, self.queue = task.concurrency, task.queue

    async def start(self) -> None:
        await self._task.start()

    async def run(self, example: Example, sample: str) -> TaskOutcome:
        return await self._task.run(example, f"stored-{sample}")

    async def close(self) -> None:
        await self._task.close()
