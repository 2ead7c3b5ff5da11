"""What scores the answers of a fork here once more: evaluators that are evalgate's own and only look.

A function of the user's, SQL and judges are not among them: they run code, run what the fork answered, or cost money,
and the job that decides holds a token. What those said is taken as it was reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

from evalgate.engine.ports import EvaluatorRunner, PairRunner
from evalgate.evaluators.models import Models
from evalgate.evaluators.registry import build, judge, preference
from evalgate.gate.prepared import PreparedSuite
from evalgate.journal.store import Journal
from evalgate.records import Evaluation, Subject
from evalgate.suite.evaluator_kinds import Latency, Sql, Tokens
from evalgate.suite.evaluators import Evaluator

_NOT_HERE: Final = (Sql, Latency, Tokens)
"""Kinds that run what was answered, or look at what was measured elsewhere alone."""
_PAGE: Final = 100
"""Evaluations written at once."""


def scored_here(suite: PreparedSuite) -> frozenset[str]:
    """Return the names of a suite's evaluators that may score what a stranger answered where a token is."""
    return frozenset(
        each.label
        for each in suite.suite.evaluators
        if each.parameters is not None and not isinstance(each.parameters, _NOT_HERE)
    )


def runners_of(suite: PreparedSuite) -> list[EvaluatorRunner | PairRunner]:
    """Return a suite's evaluators, not started, with nothing of the environment.

    Raises ConfigurationError where the config contradicts a kind.
    """
    return [build(each, root=suite.placed.of(each), environ={}) for each in suite.suite.evaluators]


def labels_of(suite: PreparedSuite, evaluator: Evaluator) -> Mapping[str, float] | None:
    """Return what each label of an evaluator scores; None where it may give any."""
    if evaluator.judge is None:
        return evaluator.scores
    root, models = suite.placed.of(evaluator), Models()
    if preference(evaluator, root=root, environ={}, models=models) is not None:
        return None
    return judge(evaluator, root=root, environ={}, models=models)[0].scores


async def score_again(
    journal: Journal, experiments: Sequence[tuple[int, Sequence[str]]], runners: Sequence[EvaluatorRunner]
) -> None:
    """Score every answer of the named samples of experiments that an evaluator has not scored.

    Raises ConfigurationError where one does not load.
    """
    async with AsyncExitStack() as stack:
        for runner in runners:
            stack.push_async_callback(runner.close)
        await asyncio.gather(*(runner.start() for runner in runners))
        for runner in runners:
            for experiment, names in experiments:
                for sample in names:
                    for page in _pages(journal, experiment, sample, runner.spec.name):
                        said = [(subject, await runner.evaluate(subject)) for subject in page]
                        _write(journal, experiment, said)


def _pages(journal: Journal, experiment: int, sample: str, evaluator: str) -> Iterator[list[Subject]]:
    page: list[Subject] = []
    for example, outcome in journal.unevaluated(experiment, sample, evaluator=evaluator):
        page.append(Subject(example=example, sample=sample, outcome=outcome))
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


def _write(journal: Journal, experiment: int, said: Sequence[tuple[Subject, Evaluation]]) -> None:
    for subject, evaluation in said:
        journal.record_evaluations(
            experiment=experiment, example_id=subject.example.id, sample=subject.sample, evaluations=[evaluation]
        )
