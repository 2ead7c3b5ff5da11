"""Judge pairs of answers, once both sides have them: each verdict is recorded with the candidate's run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from evalgate.engine.doing import doing
from evalgate.engine.measure import Effects, until_stopped
from evalgate.engine.ports import PairRunner
from evalgate.records import Evaluation, Side, Subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A run of the candidate and the runs of the baseline that it is held against. `between` says which answers."""

    candidate: Subject
    baselines: tuple[Subject, ...]
    between: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PairWork:
    """The pairs that one judge of a suite has left. `experiment` is the candidate's; `pairs` are read lazily."""

    experiment: int
    judge: PairRunner
    pairs: Iterable[Pair]


BETWEEN = "between"
"""The key of an evaluation's metadata that says which answers it is about: others are not the same pair."""


async def prefer(works: Iterable[PairWork], effects: Effects) -> bool:
    """Judge all the pairs. Returns whether that was completed: False when `effects.stop` was set before the end."""
    return await until_stopped(_all(tuple(works), effects), effects)


async def _all(works: tuple[PairWork, ...], effects: Effects) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            waiting = iter(work.pairs)
            for _ in range(max(1, work.judge.concurrency)):
                group.create_task(_lane(work, waiting, effects))


async def _lane(work: PairWork, waiting: Iterator[Pair], effects: Effects) -> None:
    for pair in waiting:
        if effects.stop.is_set():
            return
        evaluation = await _preference(work, pair, effects)
        if effects.stop.is_set() and evaluation.failure is not None:
            return  # it may be the stop's doing: --resume asks again
        run = pair.candidate
        effects.recorder.record_evaluations(
            experiment=work.experiment, example_id=run.example.id, sample=run.sample, evaluations=[evaluation]
        )
        effects.observer.evaluated(Side.CANDIDATE, [evaluation])


async def _preference(work: PairWork, pair: Pair, effects: Effects) -> Evaluation:
    """Judge one pair, with what it took of models."""
    with doing(pair.candidate.example.id, effects.tracer) as done:
        evaluation = await work.judge.prefer(pair.candidate, pair.baselines)
    done.tell(pair.candidate.outcome, experiment=work.experiment, evaluator=evaluation.name)
    evaluation = replace(evaluation, metadata={**evaluation.metadata, BETWEEN: pair.between})
    return replace(evaluation, usage=done.tab.usage()) if done.tab.calls else evaluation
