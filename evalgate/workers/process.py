"""One worker process: started, asked, timed, and ended with everything that it started itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from evalgate.records import TaskOutcome
from evalgate.workers import protocol
from evalgate.workers.logs import LogTail
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

Key = tuple[str, str]
"""A run as a worker knows it: id and sample."""


class StartFailedError(Exception):
    """A worker did not come up. `reason` is the host's word for the sort of trouble; `logs` is what it printed."""

    def __init__(self, message: str, *, reason: str, logs: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.logs = logs


class DisturbedError(Exception):
    """The worker ended while it held this run, through the doing of another: the run is to be asked again, alone."""


@dataclass(kw_only=True, slots=True)
class _Held:
    """One run that the process is at. `answer` becomes a message or an outcome, or raises DisturbedError."""

    answer: asyncio.Future[dict[str, Any] | TaskOutcome]
    mark: int
    since: float
    until: float | None = None


class Worker(asyncio.SubprocessProtocol):
    """One process. `load` counts the runs promised to it; `sample` is the one sample that they are of.

    `on_retired` is called once, the moment that it can take no more runs; `ended` is done when nothing of it is left.
    """

    def __init__(self, spec: WorkerSpec, on_retired: Callable[[Worker], None]) -> None:
        self.spec = spec
        self.sample: str | None = None
        self.load = 0
        self.alive = False
        self.fault: str | None = None
        """A breach of the protocol that no held run can be blamed for."""
        self._on_retired = on_retired
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._ready: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._writable = asyncio.Event()
        self._writable.set()
        self._held: dict[Key, _Held] = {}
        self._dropped: set[Key] = set()
        self._answered = 0
        self._lines = protocol.Lines()
        self._logs = LogTail()
        self._cancellable = False
        self._killed = False
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
            raise StartFailedError(self._how_it_ended(), reason="ended", logs=self._logs.since(0))

    async def _ended_or_ready(self, seconds: float) -> None:
        watched: set[asyncio.Future[Any]] = {self.ended, self._ready}
        await asyncio.wait(watched, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    async def _load(self, target: str) -> None:
        self._write(protocol.load_line(target, per_worker=self.spec.per_worker, parameters=self.spec.parameters))
        await self._ended_or_ready(LOAD_TIMEOUT)
        if not self._ready.done():
            how = self._how_it_ended() if self.ended.done() else f"it did not load within {LOAD_TIMEOUT:g} s"
            raise StartFailedError(how, reason="ended", logs=self._logs.since(0))
        message = self._ready.result()
        if message.get("ready") is not True:
            error = message.get("error") or {}
            where = f" ({error['where']})" if error.get("where") else ""
            name = f"{error.get('type')}: " if error.get("reason") == "exception" else ""
            told = protocol.readable(f"{name}{error.get('message')}{where}")
            raise StartFailedError(told, reason=str(error.get("reason")), logs=self._logs.since(0))
        self._cancellable = self.spec.per_worker > 1 and message.get("async") is True

    async def stop(self) -> None:
        """End it: an idle one by the end of its stdin, then by SIGTERM, then by SIGKILL with its whole group."""
        try:
            self._retire()
            if not self._held and self._transport is not None:
                self._end_of_requests()
                await asyncio.wait({self.ended}, timeout=END_GRACE)
            self._disturb()
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
        self._killed = True
        if not self.ended.done():
            self._signal(_KILL)
        self._disturb()

    def _disturb(self) -> None:
        for held in self._pending():
            held.answer.set_exception(DisturbedError())

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
        stdin = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if stdin is not None:
            stdin.close()

    # --- asking

    def holds(self, key: Key) -> bool:
        """Whether it is at this run right now."""
        return key in self._held

    async def run(self, line: bytes, key: Key, timeout: float) -> TaskOutcome:  # noqa: ASYNC109 - part of the outcome
        """Send one request and return its outcome. Raises DisturbedError when another run ended the worker."""
        if not self.alive:
            raise DisturbedError
        with self._hold(key) as held:
            try:
                async with asyncio.timeout(timeout):
                    self._write(line)
                    await self._writable.wait()
                    return self._outcome(await held.answer, held)
            except TimeoutError:
                return await self._timed_out(key, held, timeout)
            except asyncio.CancelledError:
                self._give_up(key)
                raise

    async def run_once(self, line: bytes, key: Key, timeout: float) -> TaskOutcome:  # noqa: ASYNC109 - as above
        """Start the process for this one run: the request, the end of stdin, one answer, the end. Never raises."""
        with self._hold(key) as held:
            try:
                async with asyncio.timeout(timeout):
                    await self._spawn()
                    self._write(line)
                    self._end_of_requests()
                    outcome = self._outcome(await held.answer, held)
                await asyncio.wait({self.ended}, timeout=TERM_GRACE)
            except TimeoutError:
                outcome = await self._timed_out(key, held, timeout)
            except StartFailedError as error:
                outcome = protocol.failed("WorkerDied", str(error))
            finally:
                await self._end_now()
        return outcome if self.fault is None else protocol.failed("ProtocolError", f"the worker {self.fault}")

    @contextmanager
    def _hold(self, key: Key) -> Iterator[_Held]:
        held = _Held(answer=self._loop.create_future(), mark=self._logs.seen, since=self._loop.time())
        self._held[key] = held
        try:
            yield held
        finally:
            self._held.pop(key, None)
            if held.answer.done() and not held.answer.cancelled():
                held.answer.exception()  # seen, whoever ended the wait for it

    def _pending(self) -> list[_Held]:
        return [held for held in self._held.values() if not held.answer.done()]

    async def _timed_out(self, key: Key, held: _Held, timeout: float) -> TaskOutcome:  # noqa: ASYNC109 - to be told
        message = f"timed out after {timeout:g} s"
        if self.spec.target is None and not self._answered and not self.spec.per_example:
            message += "; it has answered nothing so far: it must read stdin line by line, and flush its answers"
        outcome = protocol.failed("Timeout", message, latency=timeout, logs=self._logs.since(held.mark))
        if self._cancellable and self.alive:
            held.answer = self._loop.create_future()  # the first one was cancelled by the time limit
            self._write(protocol.cancel_line(*key))
            await asyncio.wait({held.answer}, timeout=CANCEL_GRACE)
        self._held.pop(key, None)
        if not held.answer.done() or held.answer.cancelled():
            self.kill()
        return outcome

    def _give_up(self, key: Key) -> None:
        """Stop a run that nobody waits for any more."""
        self._held.pop(key, None)
        if self._cancellable and self.alive:
            self._dropped.add(key)
            self._write(protocol.cancel_line(*key))
        else:
            self.kill()

    def _outcome(self, answer: dict[str, Any] | TaskOutcome, held: _Held) -> TaskOutcome:
        if isinstance(answer, TaskOutcome):
            return answer
        latency = (held.until or self._loop.time()) - held.since
        if self.spec.target is not None and isinstance(answer.get("seconds"), float):
            latency = answer["seconds"]
        outcome = protocol.outcome_of(answer, latency=latency, logs=self._logs.since(held.mark))
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

    def pause_writing(self) -> None:
        """Its stdin is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Its stdin has room."""
        self._writable.set()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It printed something."""
        if fd == 2:
            self._logs.add(data)
            return
        answers: dict[Key, dict[str, Any] | TaskOutcome] = {}
        try:
            for line in self._lines.feed(data):
                self._read(line, answers)
        except protocol.ProtocolError as error:
            self._breach(str(error))
        for key, answer in answers.items():
            self._deliver(key, answer)

    def _read(self, line: bytes, answers: dict[Key, dict[str, Any] | TaskOutcome]) -> None:
        message = protocol.read_line(line)
        if message is None:
            self._logs.add(line + b"\n")
            return
        if "ready" in message:
            if not self._ready.done():
                self._ready.set_result(message)
            return
        key = self._key(message)
        if key in answers:
            answers[key] = protocol.failed("ProtocolError", f"the worker answered run {key[0]!r} twice")
        elif key in self._dropped:
            self._dropped.remove(key)
        elif key not in self._held or self._held[key].answer.done():
            raise protocol.ProtocolError(
                f"answered run {key[0]!r} (sample {key[1]!r}), which it was not asked or has answered already"
            )
        else:
            answers[key] = message

    def _key(self, message: dict[str, Any]) -> Key:
        """Return which run an answer is for: a process with one run in its life need not repeat what that is."""
        only = next(iter(self._held), None) if self.spec.per_example else None
        run_id = message.get("id", only and only[0])
        sample = message.get("sample", only[1] if only else self.sample)
        if not isinstance(run_id, str) or not isinstance(sample, str):
            raise protocol.ProtocolError("answered without the id and the sample of its request")
        return run_id, sample

    def _deliver(self, key: Key, answer: dict[str, Any] | TaskOutcome) -> None:
        held = self._held.get(key)
        self._answered += 1
        if held is not None and not held.answer.done():
            held.until = self._loop.time()
            held.answer.set_result(answer)

    def _breach(self, what: str) -> None:
        """End a worker that broke the protocol: the one run that it held is to blame, of several none."""
        pending = self._pending()
        if len(pending) == 1:
            self._blame(pending[0], "ProtocolError", f"the worker {what}")
        elif not pending and not self._killed:
            self.fault = what
        self.kill()

    def _blame(self, held: _Held, kind: str, message: str) -> None:
        latency, logs = self._loop.time() - held.since, self._logs.since(held.mark)
        held.answer.set_result(protocol.failed(kind, message, latency=latency, logs=logs))

    def process_exited(self) -> None:
        """It ended; whatever it started and left behind ends too."""
        self._signal(_KILL)
        self._retire()
        self._loop.call_later(DRAIN, self._close)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the event loop's signature
        """It ended and everything that it printed was read."""
        self._retire()
        self._close()
        if self._lines.rest():
            self.pipe_data_received(1, b"\n")
        pending = self._pending()
        left_by_itself = self._answered > 0 and self._code() == 0 and not self.spec.per_example
        for held in pending:
            if len(pending) > 1 or left_by_itself:
                held.answer.set_exception(DisturbedError())
            else:
                self._blame(held, "WorkerDied", self._how_it_ended(self._logs.since(held.mark)))
        if not self.ended.done():
            self.ended.set_result(None)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _code(self) -> int | None:
        return self._transport.get_returncode() if self._transport is not None else None

    def _how_it_ended(self, logs: str | None = None) -> str:
        code = self._code()
        said = protocol.last_words(self._logs.since(0) if logs is None else logs)
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
