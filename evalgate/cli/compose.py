"""The composition root: where every effect that a run needs is built and joined."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evalgate.engine.measure import Observer
from evalgate.engine.ports import EvaluatorRunner, TaskRunner
from evalgate.gate.prepare import PreparedSide, PreparedSuite
from evalgate.gate.world import Expect, World
from evalgate.journal.store import Journal
from evalgate.suite.config import Endpoint
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.tasks import CommandTask, HttpTask, PromptTask, PythonTask

if TYPE_CHECKING:
    from evalgate.llm.transport import Transport


@asynccontextmanager
async def world(
    *,
    journal: Journal,
    endpoints: Mapping[str, Endpoint],
    environ: Mapping[str, str],
    observer: Observer,
    expect: Expect,
    log: Callable[[str], None],
    stop: asyncio.Event,
) -> AsyncIterator[World]:
    """Make the effects of one build; what was opened for it is closed on the way out."""
    runners = _Runners(endpoints=endpoints, environ=environ, log=log)
    try:
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
        )
    finally:
        await runners.close()


class _Runners:
    """Makes what answers and what scores. The transport exists only where a model or an endpoint is called."""

    def __init__(
        self, *, endpoints: Mapping[str, Endpoint], environ: Mapping[str, str], log: Callable[[str], None]
    ) -> None:
        self._endpoints, self._environ, self._log = endpoints, environ, log
        self._transport: Transport | None = None

    def task(self, suite: PreparedSuite, side: PreparedSide) -> TaskRunner:
        """Return what runs one side's task, by the type of its model."""
        task = side.task
        match task:
            case PythonTask():
                from evalgate.tasks.python import PythonTaskRunner

                return PythonTaskRunner(task, side.root, self._environ, log=self._log)
            case CommandTask():
                from evalgate.tasks.command import CommandTaskRunner

                return CommandTaskRunner(task, side.root, self._environ, log=self._log)
            case PromptTask():
                from evalgate.tasks.prompt import PromptTaskRunner

                return PromptTaskRunner(
                    task,
                    root=side.root,
                    endpoints=side.endpoints or self._endpoints,
                    environ=self._environ,
                    transport=self._shared_transport(),
                )
            case HttpTask():
                from evalgate.tasks.http import HttpTaskRunner
                from evalgate.workers.environment import environment

                return HttpTaskRunner(
                    task,
                    root=side.root,
                    environ=environment(task.env, self._environ),
                    transport=self._shared_transport(),
                    log=self._log,
                )
            case _:
                raise TypeError(f"no runner for {type(task).__name__}")

    def evaluator(self, suite: PreparedSuite, evaluator: Evaluator) -> EvaluatorRunner:
        """Return what scores by one evaluator of a suite."""
        from evalgate.evaluators.models import Models
        from evalgate.evaluators.registry import build

        models = Models(endpoints=self._endpoints, sender=self._shared_transport)
        return build(evaluator, root=suite.root, environ=self._environ, models=models)

    async def close(self) -> None:
        """Close the transport, where one was made."""
        if self._transport is not None:
            await self._transport.close()

    def _shared_transport(self) -> Transport:
        if self._transport is None:
            from evalgate.llm.transport import Transport

            self._transport = Transport(trust_env=True)
        return self._transport
