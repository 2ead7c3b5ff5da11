"""One worker process: started, asked, timed, and ended with everything that it started itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast

from evalgate.records import TaskOutcome
from evalgate.workers import protocol
from evalgate.workers.conversation import Conversation, DisturbedError, Held, Key
from evalgate.workers.door import Door
from evalgate.workers.spec import WorkerSpec

LOAD_TIMEOUT: Final = 180.0
"""Seconds that loading the user's code may take: importing a model library from a cold disk takes a minute."""
PROBE: Final = 0.25
"""Seconds in which a command that cannot run at all (no such script, syntax error) has usually ended."""
END_GRACE: Final = 3.0
"""Seconds that an idle worker has, after its stdin ended, for exit hooks that flush traces."""
TERM_GRACE: Final = 0.5
"""Seconds between SIGTERM and SIGKILL."""
CANCEL_GRACE: Final = 0.5
"""Seconds that an async run has to give in to cancellation before its worker is killed."""
DRAIN: Final = 0.5
"""Seconds that pipes may stay open after the process ended: only a child that fled its process group holds them."""

_POSIX: Final = os.name == "posix"
_KILL: Final = signal.SIGKILL if _POSIX else signal.SIGTERM


class StartFailedError(Exception):
    """A worker did not come up. `reason` is the host's word for the sort of trouble; `logs` is what it printed."""

    def __init__(self, message: str, *, reason: str, logs: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.logs = logs


class Worker(asyncio.SubprocessProtocol):
    """One process. `load` counts the runs promised to it; `sample` is the one sample that they are of.

    `on_retired` is called once, the moment that it can take no more runs; `ended` is done when nothing of it is left.
    """

    def __init__(self, spec: WorkerSpec, on_retired: Callable[[Worker], None], door: Door | None = None) -> None:
        self.spec = spec
        self.door = door
        self.sample: str | None = None
        self.load = 0
        self.alive = False
        self._on_retired = on_retired
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._said = Conversation(single=spec.per_example, breached=self.kill)
        self._cancellable = False
        self._transport: asyncio.SubprocessTransport | None = None

    # --- from start to end

    async def start(self, *, probe: bool = False) -> None:
        """Start the process and load its target; with `probe`, see whether a command ends at once.

        Raises StartFailedError.
        """
        await self._spawn()
        try:
            if self.spec.target is not None:
                await self._load(self.spec.target)
            elif probe:
                await self._survive()
        except BaseException:
            await self._end_now()
            raise

    async def _spawn(self) -> None:
        spec = self.spec
        try:
            await self._loop.subprocess_exec(
                lambda: self, *_limited(spec), cwd=spec.cwd, env=dict(spec.environment), start_new_session=_POSIX
            )
        except (OSError, ValueError) as error:
            raise StartFailedError(f"{self.spec.argv[0]} cannot be started: {error}", reason="program") from None

    async def _survive(self) -> None:
        await self._ended_or_ready(PROBE)
        if self.ended.done():
            raise StartFailedError(self._how_it_ended(), reason="ended", logs=self._said.logs.since(0))

    async def _ended_or_ready(self, seconds: float) -> None:
        watched: set[asyncio.Future[Any]] = {self.ended, self._said.ready}
        await asyncio.wait(watched, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    async def _load(self, target: str) -> None:
        self._write(protocol.load_line(target, per_worker=self.spec.per_worker, parameters=self.spec.parameters))
        await self._ended_or_ready(LOAD_TIMEOUT)
        if not self._said.ready.done():
            how = self._how_it_ended() if self.ended.done() else f"it did not load within {LOAD_TIMEOUT:g} s"
            raise StartFailedError(how, reason="ended", logs=self._said.logs.since(0))
        message = self._said.ready.result()
        if message.get("ready") is not True:
            error = message.get("error") or {}
            where = f" ({error['where']})" if error.get("where") else ""
            name = f"{error.get('type')}: " if error.get("reason") == "exception" else ""
            told = protocol.readable(f"{name}{error.get('message')}{where}")
            raise StartFailedError(told, reason=str(error.get("reason")), logs=self._said.logs.since(0))
        self._cancellable = self.spec.per_worker > 1 and message.get("async") is True

    async def stop(self) -> None:
        """End it: an idle one by the end of its stdin, then by SIGTERM, then by SIGKILL with its whole group."""
        try:
            self._retire()
            if not self._said.pending() and self._transport is not None:
                self._end_of_requests()
                await asyncio.wait({self.ended}, timeout=END_GRACE)
            self._said.disturb()
            if not self.ended.done():
                self._signal(signal.SIGTERM)
                await asyncio.wait({self.ended}, timeout=TERM_GRACE)
        finally:
            await self._end_now()

    async def _end_now(self) -> None:
        """Kill it and see it gone, even while being cancelled: nothing may outlive the loop that watches it."""
        self.kill()
        interrupted = None
        until = self._loop.time() + END_GRACE
        while self._transport is not None and not self.ended.done() and self._loop.time() < until:
            try:
                await asyncio.wait({self.ended}, timeout=until - self._loop.time())
            except asyncio.CancelledError as error:
                interrupted = error
        self._close()
        if interrupted is not None:
            raise interrupted

    def kill(self) -> None:
        """End it and everything in its process group now. Runs that it still holds are disturbed."""
        self._retire()
        self._said.over = True
        if not self.ended.done():
            self._signal(_KILL)
        self._said.disturb()

    def _retire(self) -> None:
        if self.alive:
            self.alive = False
            self._on_retired(self)

    def _signal(self, number: signal.Signals) -> None:
        if self._transport is None:
            return
        try:
            if _POSIX:
                os.killpg(self._transport.get_pid(), number)
            else:
                self._transport.send_signal(number)
        except (ProcessLookupError, PermissionError):  # gone already; macOS says the latter of zombies
            return

    def _end_of_requests(self) -> None:
        if self.spec.target is not None:
            self._write(protocol.end_line())
        stdin = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if stdin is not None:
            stdin.close()

    @property
    def fault(self) -> str | None:
        """A breach of the protocol that no run can be blamed for."""
        return self._said.fault

    # --- asking

    def holds(self, key: Key) -> bool:
        """Whether it is at this run right now."""
        return self._said.holds(key)

    async def run(self, line: bytes, key: Key, timeout: float) -> TaskOutcome:
        """Send one request and return its outcome. Raises DisturbedError when another run ended the worker."""
        if not self.alive:
            raise DisturbedError
        with self._said.hold(key) as held:
            try:
                async with asyncio.timeout(timeout):
                    self._write(line)
                    return self._outcome(await held.answer, held)
            except TimeoutError:
                return await self._timed_out(key, held, timeout)
            except asyncio.CancelledError:
                self._give_up(key)
                raise

    async def run_once(self, line: bytes, key: Key, timeout: float) -> TaskOutcome:
        """Start the process for this one run: the request, the end of stdin, one answer, the end. Never raises."""
        with self._said.hold(key) as held:
            try:
                async with asyncio.timeout(timeout):
                    await self._spawn()
                    self._write(line)
                    self._end_of_requests()
                    outcome = self._outcome(await held.answer, held)
                await asyncio.wait({self.ended}, timeout=END_GRACE)
            except TimeoutError:
                outcome = await self._timed_out(key, held, timeout)
            except StartFailedError as error:
                outcome = protocol.failed("WorkerDied", str(error))
            finally:
                await self._end_now()
        return outcome if self.fault is None else protocol.failed("ProtocolError", f"the worker {self.fault}")

    async def _timed_out(self, key: Key, held: Held, timeout: float) -> TaskOutcome:
        message = f"timed out after {timeout:g} s"
        if self.spec.target is None and not self._said.answered and not self.spec.per_example:
            message += "; it has answered nothing so far: it must read stdin line by line, and flush its answers"
        outcome = protocol.failed("Timeout", message, latency=timeout, logs=self._said.logs.since(held.mark))
        if self._cancellable and self.alive:
            self._said.expect_again(held)
            self._write(protocol.cancel_line(*key))
            await asyncio.wait({held.answer}, timeout=CANCEL_GRACE)
        if not held.answer.done() or held.answer.cancelled():
            self.kill()
        return outcome

    def _give_up(self, key: Key) -> None:
        """Stop a run that nobody waits for any more."""
        if self._cancellable and self.alive:
            self._said.drop(key)
            self._write(protocol.cancel_line(*key))
        else:
            self.kill()

    def _outcome(self, answer: dict[str, Any] | TaskOutcome, held: Held) -> TaskOutcome:
        if isinstance(answer, TaskOutcome):
            return answer
        latency = held.until - held.since
        seconds = answer.get("seconds")
        if self.spec.target is not None and isinstance(seconds, float) and seconds >= 0:
            latency = seconds
        outcome = protocol.outcome_of(answer, latency=latency, logs=self._said.logs.since(held.mark))
        if outcome.failure is not None and outcome.failure.type == "MemoryError":
            self.kill()  # what it leaked would be the next run's error
            if self.spec.memory_mb is not None:
                told = f"the worker may have {self.spec.memory_mb} MiB (memory_mb)"
                outcome = replace(outcome, failure=replace(outcome.failure, message=told))
        return outcome

    def _write(self, line: bytes) -> None:
        stdin = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if isinstance(stdin, asyncio.WriteTransport) and not stdin.is_closing():
            stdin.write(line)

    # --- what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process runs."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.alive = True

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It printed something."""
        if fd == 2:
            self._said.logs.add(data)
        else:
            self._said.hear(data)

    def process_exited(self) -> None:
        """It ended; whatever it started and left behind ends too."""
        self._signal(_KILL)
        self._retire()
        self._loop.call_later(DRAIN, self._close)

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended and everything that it printed was read."""
        self._retire()
        self._close()
        self._said.hear_the_end()
        pending = self._said.pending()
        left_by_itself = self._said.answered > 0 and self._code() == 0 and not self.spec.per_example
        for held in pending:
            if len(pending) > 1 or left_by_itself:
                held.answer.set_exception(DisturbedError())
            else:
                self._said.blame(held, "WorkerDied", self._how_it_ended(held.mark))
        if not self.ended.done():
            self.ended.set_result(None)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _code(self) -> int | None:
        return self._transport.get_returncode() if self._transport is not None else None

    def _how_it_ended(self, mark: int = 0) -> str:
        """Say how, with the last that it printed after `mark`."""
        code = self._code()
        said = protocol.last_words(self._said.logs.since(mark))
        tail = f"; the last that it printed: {said}" if said else "; it printed nothing"
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            killer = " (out of memory, or killed from outside)" if name == "SIGKILL" else ""
            return f"the worker died: {name}{killer}{tail}"
        return f"the worker ended with exit code {code} before it answered{tail}"


def _limited(spec: WorkerSpec) -> tuple[str, ...]:
    """Return the argv that starts it within its address space: what a shell limits stays so for what it becomes.

    Where the system knows no such limit (macOS) it runs without.
    """
    if spec.memory_mb is None or not _POSIX:
        return spec.argv
    return ("/bin/sh", "-c", 'ulimit -v "$0" 2>/dev/null; exec "$@"', str(spec.memory_mb * 1024), *spec.argv)
