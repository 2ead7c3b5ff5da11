"""Bring experiments to completion: runs and their evaluations, recorded the moment they exist.

The experiments of a suite go at once and keep step: candidate and baseline calls interleave, so that whatever drifts
meanwhile hits both, and which of them asks first is drawn anew for each example. A side runs as many at once as its
task holds. Answers wait for their evaluators in a bounded queue, each experiment's in its own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from evalgate.engine.doing import Doing, doing
from evalgate.engine.ports import EvaluatorRunner, Recorder, Tracer
from evalgate.engine.turns import in_turn
from evalgate.engine.work import Answered, Draw, Work
from evalgate.records import ErrorKind, Evaluation, Side, Subject, TaskOutcome

_ATTEMPTS: Final = 3
_FIRST_PAUSE_S: Final = 0.5
_AHEAD: Final = 2
"""How many runs are taken up for each that the sides can hold: the quicker side goes on while the other is full."""
_GRACE_S: Final = 10.0  # what a run in flight may take once a stop was asked for: its call is paid already


class Observer(Protocol):
    """Who watches the work go by."""

    def run_ended(self, side: Side, outcome: TaskOutcome) -> None:
        """One run was recorded."""

    def evaluated(self, side: Side, evaluations: list[Evaluation]) -> None:
        """The evaluations of one run were recorded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effects:
    """What the engine may do to the world. `now` gives ISO 8601; `stop` is set when nothing new may begin.

    `seed` is the build's: by it lots are drawn for which side asks first.
    """

    recorder: Recorder
    observer: Observer
    now: Callable[[], str]
    stop: asyncio.Event
    seed: str
    tracer: Tracer | None = None
    """Hears how runs came about; None where nobody wants to know."""


async def measure(works: Iterable[Work], effects: Effects) -> bool:
    """Do all the work. Returns whether it was completed: False when `effects.stop` was set before the end.

    A stop lets runs in flight end within a grace, then cancels them. Errors of the journal end everything and are
    raised as they are.
    """
    return await until_stopped(_all(tuple(works), effects), effects)


async def until_stopped(work: Coroutine[Any, Any, None], effects: Effects) -> bool:
    """Do it, unless `effects.stop` comes first: what is in flight then has a grace. Returns whether it was done."""
    everything = asyncio.create_task(work)
    stopped = asyncio.create_task(effects.stop.wait())
    try:
        await asyncio.wait({everything, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not everything.done():
            await asyncio.wait({everything}, timeout=_GRACE_S)
    finally:
        stopped.cancel()
        if not everything.done():
            everything.cancel()
        await asyncio.gather(everything, stopped, return_exceptions=True)
    if not everything.cancelled() and (error := everything.exception()) is not None:
        raise _first(error)
    return not effects.stop.is_set()


async def _all(works: tuple[Work, ...], effects: Effects) -> None:
    suites: dict[str, list[_Experiment]] = {}
    rooms: dict[str, asyncio.Semaphore] = {}
    for work in works:
        room = asyncio.Semaphore(_lanes(work))
        if work.task.queue is not None:
            room = rooms.setdefault(work.task.queue, room)
        suites.setdefault(work.suite, []).append(_Experiment(work, room))
    async with asyncio.TaskGroup() as group:
        for experiments in suites.values():
            group.create_task(_suite(experiments, effects))


def _lanes(work: Work) -> int:
    return max(1, work.task.concurrency)


class _Experiment:
    """One experiment at work: the room that there is for its runs, and its answers that wait for evaluators."""

    def __init__(self, work: Work, room: asyncio.Semaphore) -> None:
        self.work = work
        self.room = room
        self.lanes = _lanes(work)
        self.judges = max([self.lanes, *(evaluator.concurrency for evaluator in work.evaluators)])
        self.answers: asyncio.Queue[Answered | None] = asyncio.Queue(maxsize=2 * self.lanes)

    async def take_up(self) -> None:
        """Queue what was answered earlier."""
        for answered in self.work.answered:
            await self.answers.put(answered)

    async def end(self) -> None:
        """Tell each who evaluates that nothing more is answered."""
        for _ in range(self.judges):
            await self.answers.put(None)


async def _suite(experiments: Sequence[_Experiment], effects: Effects) -> None:
    """Answer and evaluate in parallel. Answers of earlier are queued first: they are paid for."""
    order = in_turn([each.work for each in experiments], effects.seed)
    turns = ((experiments[place], draw) for place, draw in order)
    async with asyncio.TaskGroup() as group:
        for each in experiments:
            for _ in range(each.judges):
                group.create_task(_evaluate(each.work, each.answers, effects))
        async with asyncio.TaskGroup() as earlier:
            for each in experiments:
                earlier.create_task(each.take_up())
        async with asyncio.TaskGroup() as answering:
            for _ in range(_AHEAD * sum(each.lanes for each in experiments)):
                answering.create_task(_answer(turns, effects))
        for each in experiments:
            await each.end()


async def _answer(turns: Iterator[tuple[_Experiment, Draw]], effects: Effects) -> None:
    """Make whichever run is next, again and again. They wait for room in the order of their turns."""
    for of, draw in turns:
        async with of.room:
            if effects.stop.is_set():
                return
            started_at = effects.now()
            outcome, done = await _attempts(of.work, draw, effects)
        if effects.stop.is_set() and _failed_outside(outcome):
            return  # it may be the stop's doing: --resume asks again
        effects.recorder.record(
            experiment=of.work.experiment,
            example_id=draw.example.id,
            sample=draw.sample,
            outcome=outcome,
            started_at=started_at,
        )
        done.tell(outcome, experiment=of.work.experiment)
        effects.observer.run_ended(of.work.side, outcome)
        if outcome.failure is None:
            await of.answers.put(Answered(example=draw.example, sample=draw.sample, outcome=outcome))


async def _attempts(work: Work, draw: Draw, effects: Effects) -> tuple[TaskOutcome, Doing]:
    """Run it; again only where infrastructure failed, never for what the task itself did."""
    for attempt in range(1, _ATTEMPTS + 1):
        with doing(draw.example.id, effects.tracer) as done:
            outcome = await work.task.run(draw.example, draw.sample)
        outcome = done.named(outcome)
        if outcome.usage is None and done.tab.calls:
            outcome = replace(outcome, usage=done.tab.usage())
        if not _failed_outside(outcome) or attempt == _ATTEMPTS or effects.stop.is_set():
            break
        pause = _FIRST_PAUSE_S * 2 ** (attempt - 1)
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 jitter is no secret
    return outcome, done


def _failed_outside(outcome: TaskOutcome) -> bool:
    return outcome.failure is not None and outcome.failure.kind is ErrorKind.INFRASTRUCTURE


async def _evaluate(work: Work, answers: asyncio.Queue[Answered | None], effects: Effects) -> None:
    while (answered := await answers.get()) is not None:
        subject = Subject(example=answered.example, sample=answered.sample, outcome=answered.outcome)
        if len(work.evaluators) == 1:
            evaluations = [await _evaluation(work.evaluators[0], subject, work, effects)]
        else:
            all_ = (_evaluation(each, subject, work, effects) for each in work.evaluators)
            evaluations = list(await asyncio.gather(*all_))
        if effects.stop.is_set() and any(each.failure is not None for each in evaluations):
            continue  # as above: an answer without evaluations is evaluated by --resume
        effects.recorder.record_evaluations(
            experiment=work.experiment,
            example_id=answered.example.id,
            sample=answered.sample,
            evaluations=evaluations,
        )
        effects.observer.evaluated(work.side, evaluations)


async def _evaluation(evaluator: EvaluatorRunner, subject: Subject, work: Work, effects: Effects) -> Evaluation:
    """Score one run, with what it took of models."""
    with doing(subject.example.id, effects.tracer) as done:
        evaluation = await evaluator.evaluate(subject)
    done.tell(subject.outcome, experiment=work.experiment, evaluator=evaluation.name)
    return replace(evaluation, usage=done.tab.usage()) if done.tab.calls else evaluation


def _first(error: BaseException) -> BaseException:
    """Return the error inside nested groups: one thing went wrong, the rest was cancelled for it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
