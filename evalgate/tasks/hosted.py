"""What tasks that run in worker processes share: setup, environment, pool, and the end of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from evalgate.errors import CandidateError
from evalgate.records import Example, Json, TaskOutcome
from evalgate.suite.tasks import CommandTask, HostedTask
from evalgate.tasks.trace import new_traceparent
from evalgate.tasks.ways_out import Doorway, SpanDoorway, WaysOut
from evalgate.workers.environment import environment
from evalgate.workers.pool import WorkerPool, WorkerSpec
from evalgate.workers.setup import MARKERS, run_setup

Declared = TypeVar("Declared", bound=HostedTask)
"""The model that declares a kind of task."""


class HostedTaskRunner(ABC, Generic[Declared]):
    """A task whose code runs in worker processes under `root`, one side's own tree.

    `environ` is where the variables that the task may see are taken from; `log` is told of slow steps, a line each.
    `doorway` is where its processes call models through evalgate; `declared` prices what they say that they used.
    `spans` is where they send what they trace.
    """

    queue = None
    flushes = False
    """Whether a process has sent what it traced by the time that it answers."""

    def __init__(
        self,
        task: Declared,
        root: Path,
        environ: Mapping[str, str],
        *,
        log: Callable[[str], None],
        doorway: Doorway | None = None,
        declared: Callable[[TaskOutcome], TaskOutcome] = lambda outcome: outcome,
        spans: SpanDoorway | None = None,
    ) -> None:
        one_each = isinstance(task, CommandTask) and task.per_example
        self.concurrency = task.workers * (1 if one_each else task.per_worker)
        self._task = task
        self._root = root
        self._environment = environment(task.env, environ)
        self._log = log
        self._doorway = doorway
        self._ways = WaysOut(doorway, spans, declared)
        self._pool: WorkerPool | None = None

    @abstractmethod
    def _spec(self) -> WorkerSpec:
        """Return what its workers are. Raises CandidateError when the program is not there."""

    @abstractmethod
    def _arguments(self, example: Example) -> Mapping[str, Json]:
        """Return what the task sees of an example: never the expected answer."""

    async def start(self) -> None:
        """Run the setup, then load the task in a first worker. Raises CandidateError when it does not load."""
        if self._pool is not None:
            return
        ran = True
        if self._task.setup is not None:
            ran = await run_setup(self._task.setup, self._root, self._environment, self._log)
        try:
            pool = WorkerPool(self._spec(), open_door=await self._ways.ready(self._environment, flushes=self.flushes))
            await pool.start()
        except CandidateError as error:
            if ran:
                raise
            again = f"{error.next_step}; or remove {self._root / MARKERS}: its setup was kept from before"
            raise CandidateError(error.message, next_step=again) from None
        self._pool = pool

    async def run(self, example: Example, sample: str) -> TaskOutcome:
        """Answer one example. Never raises for what the task did: that is the outcome's `failure`."""
        if self._pool is None:
            raise RuntimeError("start() comes before run()")
        arguments = dict(self._arguments(example))
        trace = new_traceparent() if self._ways.any else None
        if self._doorway is not None:
            arguments["traceparent"] = trace
        outcome = await self._pool.call(
            arguments, run_id=example.id, sample=sample, timeout=self._task.timeout, trace=trace
        )
        return await self._ways.completed(trace, outcome)

    async def close(self) -> None:
        """Stop the workers. May be called twice."""
        if self._pool is not None:
            await self._pool.close()
