"""Bring experiments to completion: runs and their evaluations, recorded the moment they exist.

Each experiment has its own lanes, as many as its task (or, to evaluate, the slowest of its evaluators) can hold, and
all experiments go at once: candidate and baseline calls interleave, so that whatever drifts meanwhile hits both.
Answers wait for their evaluators in a bounded queue.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from evalgate.engine.ports import EvaluatorRunner, Recorder, TaskRunner
from evalgate.llm.tab import opened_tab
from evalgate.records import ErrorKind, Evaluation, Example, Side, Subject, TaskOutcome

_ATTEMPTS: Final = 3
_FIRST_PAUSE_S: Final = 0.5
_GRACE_S: Final = 10.0  # what a run in flight may take once a stop was asked for: its call is paid already


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """One run that is to be made."""

    example: Example
    sample: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One run that was made earlier and not evaluated."""

    example: Example
    sample: str
    outcome: TaskOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One experiment and what is left of it. The iterables are read lazily: they may be longer than memory."""

    experiment: int
    suite: str
    side: Side
    task: TaskRunner
    evaluators: tuple[EvaluatorRunner, ...]
    draws: Iterable[Draw]
    answered: Iterable[Answered] = ()


class Observer(Protocol):
    """Who watches the work go by."""

    def run_ended(self, side: Side, outcome: TaskOutcome) -> None:
        """One run was recorded."""

    def evaluated(self, side: Side, evaluations: list[Evaluation]) -> None:
        """The evaluations of one run were recorded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effects:
    """What the engine may do to the world. `now` gives ISO 8601; `stop` is set when nothing new may begin."""

    recorder: Recorder
    observer: Observer
    now: Callable[[], str]
    stop: asyncio.Event


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
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(_experiment(work, effects))


async def _experiment(work: Work, effects: Effects) -> None:
    """Answer and evaluate in parallel; when nothing is left to answer, each evaluating lane is told to end."""
    lanes = max(1, work.task.concurrency)
    answers: asyncio.Queue[Answered | None] = asyncio.Queue(maxsize=2 * lanes)
    draws = iter(work.draws)
    judging = max([lanes, *(evaluator.concurrency for evaluator in work.evaluators)])
    async with asyncio.TaskGroup() as group:
        for _ in range(judging):
            group.create_task(_evaluate(work, answers, effects))
        for answered in work.answered:
            await answers.put(answered)
        async with asyncio.TaskGroup() as answering:
            for _ in range(lanes):
                answering.create_task(_answer(work, draws, answers, effects))
                await asyncio.sleep(0)  # the other side's turn: whoever is first at an endpoint pays for connecting
        for _ in range(judging):
            await answers.put(None)


async def _answer(work: Work, draws: Iterator[Draw], answers: asyncio.Queue[Answered | None], effects: Effects) -> None:
    for draw in draws:
        if effects.stop.is_set():
            return
        started_at = effects.now()
        outcome = await _attempts(work, draw, effects)
        if effects.stop.is_set() and _failed_outside(outcome):
            return  # it may be the stop's doing: --resume asks again
        effects.recorder.record(
            experiment=work.experiment,
            example_id=draw.example.id,
            sample=draw.sample,
            outcome=outcome,
            started_at=started_at,
        )
        effects.observer.run_ended(work.side, outcome)
        if outcome.failure is None:
            await answers.put(Answered(example=draw.example, sample=draw.sample, outcome=outcome))


async def _attempts(work: Work, draw: Draw, effects: Effects) -> TaskOutcome:
    """Run it; again only where infrastructure failed, never for what the task itself did."""
    for attempt in range(1, _ATTEMPTS + 1):
        with opened_tab(draw.example.id) as tab:
            outcome = await work.task.run(draw.example, draw.sample)
        if outcome.usage is None and tab.calls:
            outcome = replace(outcome, usage=tab.usage())
        if not _failed_outside(outcome) or attempt == _ATTEMPTS or effects.stop.is_set():
            break
        pause = _FIRST_PAUSE_S * 2 ** (attempt - 1)
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 jitter is no secret
    return outcome


def _failed_outside(outcome: TaskOutcome) -> bool:
    return outcome.failure is not None and outcome.failure.kind is ErrorKind.INFRASTRUCTURE


async def _evaluate(work: Work, answers: asyncio.Queue[Answered | None], effects: Effects) -> None:
    while (answered := await answers.get()) is not None:
        subject = Subject(example=answered.example, sample=answered.sample, outcome=answered.outcome)
        if len(work.evaluators) == 1:
            evaluations = [await _evaluation(work.evaluators[0], subject)]
        else:
            evaluations = list(await asyncio.gather(*(_evaluation(each, subject) for each in work.evaluators)))
        if effects.stop.is_set() and any(each.failure is not None for each in evaluations):
            continue  # as above: an answer without evaluations is evaluated by --resume
        effects.recorder.record_evaluations(
            experiment=work.experiment,
            example_id=answered.example.id,
            sample=answered.sample,
            evaluations=evaluations,
        )
        effects.observer.evaluated(work.side, evaluations)


async def _evaluation(evaluator: EvaluatorRunner, subject: Subject) -> Evaluation:
    """Score one run, with what it took of models."""
    with opened_tab(subject.example.id) as tab:
        evaluation = await evaluator.evaluate(subject)
    return replace(evaluation, usage=tab.usage()) if tab.calls else evaluation


def _first(error: BaseException) -> BaseException:
    """Return the error inside nested groups: one thing went wrong, the rest was cancelled for it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
