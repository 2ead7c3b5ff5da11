"""A judge that is held to labels, made ready outside of any build."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalgate.cli.compose import running
from evalgate.cli.models import CacheChoice, Models
from evalgate.engine.ports import EvaluatorRunner, PairRunner
from evalgate.gate.prepared import PreparedSuite
from evalgate.suite.config import Config
from evalgate.suite.evaluators import Evaluator

if TYPE_CHECKING:
    from evalgate.gate.judging import ChosenJudge


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeRunners:
    """A judge to be held to labels: what is known of it before it is asked, and how it is made ready."""

    chosen: ChosenJudge
    started: Callable[[Callable[[], None]], AbstractAsyncContextManager[list[EvaluatorRunner | PairRunner]]]
    """Takes what stops the asking; gives the judge, and the same one told of its labels in reverse, where it is told of
    labels: a judge of pairs is asked in both orders anyway."""


def judge_runners(
    suite: PreparedSuite,
    evaluator: Evaluator,
    config: Config,
    environ: Mapping[str, str],
    *,
    cache: CacheChoice,
    following: str,
    log: Callable[[str], None],
) -> JudgeRunners:
    """Return the judge of a suite; `following` is the command that it is asked by.

    Raises ConfigurationError where its file or its config is in error.
    """
    from evalgate.evaluators.models import Models as JudgeModels
    from evalgate.evaluators.registry import judge, preference

    root = suite.placed.of(evaluator)

    def made(asked: JudgeModels) -> list[EvaluatorRunner | PairRunner]:
        one = preference(evaluator, root=root, environ=environ, models=asked)
        if one is not None:
            return [one]
        return [
            judge(evaluator, root=root, environ=environ, models=asked, reverse=reverse)[1] for reverse in (False, True)
        ]

    @asynccontextmanager
    async def started(stop: Callable[[], None]) -> AsyncIterator[list[EvaluatorRunner | PairRunner]]:
        models = Models(config, choice=cache, stop=stop, log=log, goes_on=following)
        both = made(JudgeModels(endpoints=models.endpoints(config.endpoints), sender=models.sender))
        async with running(both, models):
            yield both

    return JudgeRunners(chosen=_chosen(suite, evaluator, environ), started=started)


def _chosen(suite: PreparedSuite, evaluator: Evaluator, environ: Mapping[str, str]) -> ChosenJudge:
    """Return what is known of a judge before it is asked."""
    from evalgate.evaluators.models import Models as JudgeModels
    from evalgate.evaluators.registry import judge, preference
    from evalgate.gate.judging import ChosenJudge
    from evalgate.suite.judges import PREFERENCES

    root = suite.placed.of(evaluator)
    pairs = preference(evaluator, root=root, environ=environ, models=JudgeModels())
    if pairs is not None:
        return ChosenJudge(
            suite=suite,
            evaluator=evaluator,
            scores=dict(PREFERENCES),
            direction=pairs.spec.direction,
            ordered=True,
            pairwise=True,
        )
    looked_at, runner = judge(evaluator, root=root, environ=environ, models=JudgeModels())
    return ChosenJudge(
        suite=suite,
        evaluator=evaluator,
        scores=dict(looked_at.scores),
        direction=runner.spec.direction,
        ordered=looked_at.steps,
    )
