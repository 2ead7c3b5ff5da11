"""A pool of worker processes that host one target of the user's: calls in, outcomes out, dead workers replaced."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from evalgate.records import ErrorKind, Failure, Json, TaskOutcome
from evalgate.workers import protocol
from evalgate.workers.conversation import DisturbedError, Key
from evalgate.workers.door import Door
from evalgate.workers.loading import candidate_error
from evalgate.workers.process import StartFailedError, Worker
from evalgate.workers.spec import WorkerSpec

__all__ = ["WorkerPool", "WorkerSpec"]

GROW_AFTER: Final = 0.01
"""Seconds that a run waits for a worker before another process is started: about what starting one costs."""
START_ATTEMPTS: Final = 3
"""Failures to start in a row, once one worker had started, before a run is told so."""
START_PAUSE: Final = 0.1
"""Seconds between such attempts."""


@dataclass(kw_only=True, slots=True, eq=False)
class _Waiter:
    key: Key
    worker: asyncio.Future[Worker]
    since: float


class WorkerPool:
    """Workers of one side. A worker holds runs of one sample at a time.

    Processes start on demand. A run that ends its worker is failed; others that the worker held are asked again, each
    alone in a fresh process, so that what happens to them then is their own doing. `open_door` gives each process a
    way out of its own.
    """

    def __init__(self, spec: WorkerSpec, *, open_door: Callable[[], Door] | None = None) -> None:
        self.spec = spec
        self._open_door = open_door
        self._workers: list[Worker] = []
        self._ending: set[Worker] = set()
        self._starts: set[asyncio.Task[None]] = set()
        self._start_failures = 0
        self._waiters: deque[_Waiter] = deque()
        self._faults: deque[str] = deque()
        self._alone = asyncio.Semaphore(spec.workers)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        """Start one worker and load the target. Raises CandidateError with the user's last frame when it cannot."""
        if self.spec.per_example or self._workers:
            return
        try:
            await self._launch(probe=True)
        except StartFailedError as error:
            raise candidate_error(self.spec, error) from None

    async def call(
        self,
        arguments: Mapping[str, Json],
        *,
        run_id: str,
        sample: str,
        timeout: float,
        trace: str | None = None,
    ) -> TaskOutcome:
        """Send `arguments` to a worker and return its answer; never raises for what the user's code did.

        `timeout` is in seconds from when a worker gets the run. A run is known by `run_id` and `sample` together, and
        to its door by `trace` too, a W3C `traceparent`, which it is given in its request; a process that has this
        one run alone has it as TRACEPARENT in its environment.
        """
        key = (run_id, sample)
        try:
            hosted = self.spec.target is not None
            line = protocol.request_line(arguments, run_id=run_id, sample=sample, hosted=hosted, trace=trace)
        except (TypeError, ValueError) as error:
            return protocol.failed("ValueError", f"the arguments are not JSON: {error}")
        if self._faults:
            return protocol.failed("ProtocolError", f"the worker {self._faults.popleft()}")
        try:
            if self.spec.per_example:
                return await self._call_once(line, key, timeout, trace)
            return await self._call_shared(line, key, timeout, trace)
        except StartFailedError as error:
            told = str(candidate_error(self.spec, error).message)
            return protocol.failed("WorkerDied", told, logs=error.logs)
        except DisturbedError:
            return TaskOutcome(
                failure=Failure(kind=ErrorKind.INFRASTRUCTURE, type="Stopped", message="stopped before it answered")
            )

    async def close(self) -> None:
        """Stop every worker: politely, then by signal. Idempotent."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for waiter in self._waiters:
            if not waiter.worker.done():
                waiter.worker.set_exception(DisturbedError())
        for start in self._starts:
            start.cancel()
        stops = [worker.stop() for worker in (*self._workers, *self._ending)]
        await asyncio.gather(*stops, *self._starts, return_exceptions=True)

    # --- one run

    async def _call_once(self, line: bytes, key: Key, timeout: float, trace: str | None) -> TaskOutcome:
        async with self._alone:
            if self._closed:
                raise DisturbedError
            worker = self._made({} if trace is None else {"TRACEPARENT": trace})
            return await _through(worker.door, key, trace, worker.run_once(line, key, timeout))

    async def _call_shared(self, line: bytes, key: Key, timeout: float, trace: str | None) -> TaskOutcome:
        worker = await self._acquire(key)
        try:
            return await _through(worker.door, key, trace, worker.run(line, key, timeout))
        except DisturbedError:
            if self._closed:
                raise
        finally:
            self._release(worker)
        async with self._alone:
            worker = self._made()
            await worker.start()
            try:
                return await _through(worker.door, key, trace, worker.run(line, key, timeout))
            finally:
                await worker.stop()

    async def _acquire(self, key: Key) -> Worker:
        if self._closed:
            raise DisturbedError
        if worker := self._fitting(key):
            self._reserve(worker, key)
            return worker
        loop = asyncio.get_running_loop()
        waiter = _Waiter(key=key, worker=loop.create_future(), since=loop.time())
        self._waiters.append(waiter)
        self._want_more()
        try:
            return await waiter.worker
        except asyncio.CancelledError:
            if waiter.worker.done() and not waiter.worker.cancelled() and waiter.worker.exception() is None:
                self._release(waiter.worker.result())
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _fitting(self, key: Key) -> Worker | None:
        """Return the least busy worker that may take this run."""
        sample, room = key[1], self.spec.per_worker
        fitting = (
            worker
            for worker in self._workers
            if worker.load < room and worker.sample in (None, sample) and not worker.holds(key)
        )
        return min(fitting, key=lambda worker: worker.load, default=None)

    def _reserve(self, worker: Worker, key: Key) -> None:
        worker.load += 1
        worker.sample = key[1]

    def _release(self, worker: Worker) -> None:
        worker.load -= 1
        if worker.load == 0:
            worker.sample = None
        self._dispatch()

    def _dispatch(self) -> None:
        """Give free workers to those who wait, in their order as far as samples allow."""
        for waiter in list(self._waiters):
            if waiter.worker.done():
                continue
            if not any(worker.load < self.spec.per_worker for worker in self._workers):
                break
            if worker := self._fitting(waiter.key):
                self._reserve(worker, waiter.key)
                waiter.worker.set_result(worker)
        self._want_more()

    # --- how many workers

    def _want_more(self) -> None:
        """Start a worker when none is there; another once a run has waited for a while."""
        room = self.spec.workers - len(self._workers) - len(self._starts)
        given_up = self._start_failures >= START_ATTEMPTS and self._workers
        if self._closed or room <= 0 or given_up or not any(not waiter.worker.done() for waiter in self._waiters):
            return
        if not self._workers and not self._starts:
            self._start_one()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GROW_AFTER, self._grow)

    def _grow(self) -> None:
        self._timer = None
        late = asyncio.get_running_loop().time() - GROW_AFTER
        waiting = sum(1 for waiter in self._waiters if not waiter.worker.done() and waiter.since <= late)
        room = self.spec.workers - len(self._workers) - len(self._starts)
        wanted = math.ceil(waiting / self.spec.per_worker) - len(self._starts)
        for _ in range(min(room, wanted)):
            self._start_one()
        self._want_more()

    def _start_one(self) -> None:
        start = asyncio.get_running_loop().create_task(self._start_later())
        self._starts.add(start)
        start.add_done_callback(self._started)

    async def _start_later(self) -> None:
        if self._start_failures:
            await asyncio.sleep(START_PAUSE)
        try:
            await self._launch()
        except StartFailedError as error:
            self._start_failures += 1
            first = next((waiter for waiter in self._waiters if not waiter.worker.done()), None)
            if self._start_failures >= START_ATTEMPTS and not self._workers and first is not None:
                first.worker.set_exception(error)

    def _started(self, start: asyncio.Task[None]) -> None:
        self._starts.discard(start)
        if not start.cancelled():
            self._dispatch()

    async def _launch(self, *, probe: bool = False) -> None:
        worker = self._made()
        await worker.start(probe=probe)
        self._start_failures = 0
        if worker.alive:
            self._workers.append(worker)

    def _made(self, of_one_run: Mapping[str, str] | None = None) -> Worker:
        if self._open_door is None:
            return Worker(self.spec, self._retired)
        door = self._open_door()
        seen = {**door.defaults, **self.spec.environment, **door.environment, **(of_one_run or {})}
        worker = Worker(replace(self.spec, environment=seen), self._retired, door)
        worker.ended.add_done_callback(lambda _: door.close())
        return worker

    def _retired(self, worker: Worker) -> None:
        """Let go of a worker that takes no more runs, and see that it is waited for."""
        if worker in self._workers:
            self._workers.remove(worker)
        if worker.fault is not None:
            self._faults.append(worker.fault)
        self._ending.add(worker)
        worker.ended.add_done_callback(lambda _: self._ending.discard(worker))
        self._want_more()


async def _through(door: Door | None, key: Key, trace: str | None, run: Awaitable[TaskOutcome]) -> TaskOutcome:
    """Make a run with its process's door told of it."""
    if door is None:
        return await run
    door.enter(key, trace)
    outcome = TaskOutcome()
    try:
        outcome = await run
    finally:
        outcome = door.settle(key, outcome)
    return outcome
