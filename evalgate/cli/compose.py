"""The composition root: where every effect that a run needs is built and joined."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from evalgate.cli.elsewhere import phoenix_baselines
from evalgate.cli.models import CacheChoice, Models
from evalgate.engine.measure import Observer
from evalgate.engine.ports import EvaluatorRunner, PairRunner, TaskRunner
from evalgate.errors import MeasurementError
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.gate.spending import spent
from evalgate.gate.world import Expect, World
from evalgate.journal.store import Journal
from evalgate.suite.config import Config, Endpoint, Price
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.reads import fields_read
from evalgate.suite.tasks import CommandTask, HostedTask, HttpTask, PromptTask, PythonTask
from evalgate.traces.receiver import Receiver, TracedSide

if TYPE_CHECKING:
    from evalgate.tasks.ways_out import SpanDoorway
    from evalgate.traces.store import TraceStore


@asynccontextmanager
async def world(
    *,
    journal: Journal,
    config: Config,
    environ: Mapping[str, str],
    cache: CacheChoice,
    resume: int | None,
    observer: Observer,
    expect: Expect,
    log: Callable[[str], None],
    stop: asyncio.Event,
    prices: Mapping[str, Price] | None = None,
    file: Path = Path("evalgate.yaml"),
) -> AsyncIterator[World]:
    """Make the effects of one build, `resume` if it is gone on with; what was opened is closed on the way out.

    `prices` are for models of which neither the config nor the list of prices knows one; `file` is the config's.
    """
    models = Models(config, choice=cache, before=spent(journal, resume), stop=stop.set, log=log, prices=prices)
    kept = trace_store(journal, config, log)
    receiver = Receiver(log=log, keeper=kept)
    runners = _Runners(
        endpoints=models.endpoints(config.endpoints),
        environ=environ,
        models=models,
        log=log,
        spans=Spans(receiver, config),
    )
    try:
        models.begin()
        yield World(
            journal=journal,
            task_runner=runners.task,
            evaluator_runner=runners.evaluator,
            observer=observer,
            expect=expect,
            say=log,
            now=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=time.monotonic,
            stop=stop,
            halted=lambda: models.halt.reason,
            halt=models.halt,
            budget=models.budget,
            elsewhere=phoenix_baselines(config.phoenix, file, environ),
            tracer=kept,
        )
    finally:
        await receiver.close()
        await models.close()
        if kept is not None:
            kept.close()


def trace_store(journal: Journal, config: Config, log: Callable[[str], None]) -> TraceStore | None:
    """Return where it is kept how runs came about, beside the journal; None where nothing is published."""
    if config.phoenix is None or not config.phoenix.publish:
        return None
    from evalgate.traces.store import FILE, TraceStore

    return TraceStore(journal.path.with_name(FILE), now=time.time, log=log)


@dataclass(frozen=True, slots=True)
class Spans:
    """Where the programs of tasks send their spans."""

    receiver: Receiver
    config: Config

    def of(self, suite: PreparedSuite, task: HostedTask) -> SpanDoorway:
        """Return what makes it ready for one side's task."""
        wanted = fields_read(suite.suite, self.config.budget)

        async def ready(environment: Mapping[str, str], /, *, flushes: bool) -> TracedSide:
            return await self.receiver.side(environment, wanted=wanted, patience=task.span_wait, flushes=flushes)

        return ready


class _Runners:
    """Makes what answers and what scores."""

    def __init__(
        self,
        *,
        endpoints: Mapping[str, Endpoint],
        environ: Mapping[str, str],
        models: Models,
        log: Callable[[str], None],
        spans: Spans | None = None,
    ) -> None:
        self._endpoints, self._environ, self._models, self._log = endpoints, environ, models, log
        self._spans = spans

    def task(self, suite: PreparedSuite, side: PreparedSide) -> TaskRunner:
        """Return what runs one side's task, by the type of its model."""
        task = side.task
        match task:
            case PythonTask():
                from evalgate.tasks.python import PythonTaskRunner

                given = self._calls(suite, task, side)
                return PythonTaskRunner(task, side.root, self._environ, log=self._log, **given)
            case CommandTask():
                from evalgate.tasks.command import CommandTaskRunner

                return CommandTaskRunner(
                    task, side.root, self._environ, log=self._log, **self._calls(suite, task, side)
                )
            case PromptTask():
                from evalgate.tasks.prompt import PromptTaskRunner

                return PromptTaskRunner(
                    task,
                    root=side.root,
                    endpoints=self._models.endpoints(side.endpoints) or self._endpoints,
                    environ=self._environ,
                    transport=self._models.sender(),
                )
            case HttpTask():
                from evalgate.tasks.http import HttpTaskRunner
                from evalgate.workers.environment import environment

                return HttpTaskRunner(
                    task,
                    root=side.root,
                    environ=environment(task.env, self._environ),
                    transport=self._models.wire(),
                    log=self._log,
                    **self._calls(suite, task, side),
                )
            case _:
                raise TypeError(f"no runner for {type(task).__name__}")

    def _calls(self, suite: PreparedSuite, task: HostedTask, side: PreparedSide) -> dict[str, Any]:
        """Return how a task's own calls of models are made and counted, at its side's endpoint, and seen in traces."""
        declared = {**self._endpoints, **self._models.endpoints(side.endpoints)}
        doorway = self._models.doorway(task.endpoint, declared, self._environ)
        spans = None if self._spans is None else self._spans.of(suite, task)
        return {"doorway": doorway, "declared": self._models.declared, "spans": spans}

    def evaluator(self, suite: PreparedSuite, evaluator: Evaluator) -> EvaluatorRunner | PairRunner:
        """Return what scores by one evaluator of a suite."""
        from evalgate.evaluators.models import Models as JudgeModels
        from evalgate.evaluators.registry import build

        placed = suite.placed
        endpoints = self._endpoints if placed.endpoints is None else self._models.endpoints(placed.endpoints)
        models = JudgeModels(endpoints=endpoints, sender=self._models.sender)
        runner = build(
            evaluator,
            root=placed.of(evaluator),
            environ=self._environ,
            models=models,
            interpreters=placed.interpreters,
        )
        if evaluator.python is None or placed.setup is None or placed.of(evaluator) != placed.setup_root:
            return runner
        return _AfterSetup(cast("EvaluatorRunner", runner), self._setup(evaluator, placed.setup, placed.of(evaluator)))

    def _setup(self, evaluator: Evaluator, task: HostedTask, root: Path) -> Callable[[], Awaitable[None]]:
        """Return what makes the tree of a base commit ready, where an evaluator's interpreter is made by it."""

        async def ready() -> None:
            from evalgate.workers.environment import environment
            from evalgate.workers.setup import run_setup

            if task.setup is not None and "/" in evaluator.interpreter and not (root / evaluator.interpreter).exists():
                await run_setup(task.setup, root, environment(task.env, self._environ), self._log)

        return ready


class _AfterSetup:
    """An evaluator that starts once its tree is ready."""

    def __init__(self, runner: EvaluatorRunner, ready: Callable[[], Awaitable[None]]) -> None:
        self.spec, self.concurrency = runner.spec, runner.concurrency
        self.evaluate, self.close = runner.evaluate, runner.close
        self._runner, self._ready = runner, ready

    async def start(self) -> None:
        """Make its tree ready and load it."""
        await self._ready()
        await self._runner.start()


@asynccontextmanager
async def evaluator_runners(
    suite: PreparedSuite,
    evaluators: Sequence[Evaluator],
    config: Config,
    environ: Mapping[str, str],
    *,
    cache: CacheChoice,
    following: str,
    stop: Callable[[], None],
    log: Callable[[str], None],
) -> AsyncIterator[list[EvaluatorRunner | PairRunner]]:
    """Start evaluators of a suite outside of a build. Raises MeasurementError where their models stopped answering."""
    models = Models(config, choice=cache, stop=stop, log=log, goes_on=following)
    runners = _Runners(endpoints=models.endpoints(config.endpoints), environ=environ, models=models, log=log)
    made = [runners.evaluator(suite, evaluator) for evaluator in evaluators]
    async with running(made, models):
        yield made


@asynccontextmanager
async def running(runners: Sequence[EvaluatorRunner | PairRunner], models: Models) -> AsyncIterator[None]:
    """Start what asks `models`, and end both. Raises MeasurementError where the models stopped answering."""
    try:
        for each in runners:
            await each.start()
        yield
        if models.halt.reason is not None:
            raise MeasurementError(models.halt.reason.message, next_step=models.halt.reason.next_step)
    finally:
        for each in runners:
            await each.close()
        await models.close()
