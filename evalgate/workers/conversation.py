"""What is said with one worker process: the runs that it holds, its answers to them, its logs, its breaches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from evalgate.records import TaskOutcome
from evalgate.workers import protocol
from evalgate.workers.logs import LogTail

Key = tuple[str, str]
"""A run as a worker knows it: id and sample."""


class DisturbedError(Exception):
    """The worker ended while it held this run, through the doing of another: the run is to be asked again, alone."""


@dataclass(kw_only=True, slots=True)
class Held:
    """One run that the process is at. `answer` becomes a message or an outcome, or raises DisturbedError.

    `since` and `until` are the event loop's seconds at the request and at the answer; `mark` is where its logs start.
    """

    answer: asyncio.Future[dict[str, Any] | TaskOutcome]
    mark: int
    since: float
    until: float


class Conversation:
    """Bytes of stdout and stderr in, answers to held runs out.

    With `single` the process has one run in its life and need not repeat which. `breached` is called when the process
    broke the protocol: nothing that it says is to be trusted any more, and it should be ended.
    """

    def __init__(self, *, single: bool, breached: Callable[[], None]) -> None:
        self.logs = LogTail()
        self.answered = 0
        self.fault: str | None = None
        """A breach of the protocol that no held run can be blamed for."""
        self.over = False
        """Whether it was ended from this side: what still arrives is nobody's fault."""
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._single = single
        self._breached = breached
        self._held: dict[Key, Held] = {}
        self._dropped: set[Key] = set()
        self._lines = protocol.Lines()

    # --- runs

    @contextmanager
    def hold(self, key: Key) -> Iterator[Held]:
        """Expect an answer to the run `key` for as long as the block lasts."""
        now = self._loop.time()
        held = Held(answer=self._loop.create_future(), mark=self.logs.seen, since=now, until=now)
        self._held[key] = held
        try:
            yield held
        finally:
            self._held.pop(key, None)
            if held.answer.done() and not held.answer.cancelled():
                held.answer.exception()  # seen, whoever ended the wait for it

    def expect_again(self, held: Held) -> None:
        """Wait for the answer to a held run once more: a time limit has cancelled the first wait."""
        held.answer = self._loop.create_future()

    def drop(self, key: Key) -> None:
        """Expect an answer to `key` that nobody wants any more."""
        self._held.pop(key, None)
        self._dropped.add(key)

    def holds(self, key: Key) -> bool:
        """Whether the process is at this run right now, wanted or not."""
        return key in self._held or key in self._dropped

    def pending(self) -> list[Held]:
        """Return the held runs that have no answer yet."""
        return [held for held in self._held.values() if not held.answer.done()]

    def disturb(self) -> None:
        """Tell every pending run that its worker ended through no doing of its own."""
        for held in self.pending():
            held.answer.set_exception(DisturbedError())

    def blame(self, held: Held, kind: str, message: str) -> None:
        """Make a failure the outcome of a pending run."""
        latency, logs = self._loop.time() - held.since, self.logs.since(held.mark)
        held.answer.set_result(protocol.failed(kind, message, latency=latency, logs=logs))

    # --- what the process says

    def hear(self, data: bytes) -> None:
        """Take what it wrote to stdout."""
        answers: dict[Key, dict[str, Any] | TaskOutcome] = {}
        try:
            for line in self._lines.feed(data):
                self._read(line, answers)
        except protocol.ProtocolError as error:
            self._breach(str(error))
        for key, answer in answers.items():
            held = self._held.get(key)
            self.answered += 1
            if held is not None and not held.answer.done():
                held.until = self._loop.time()
                held.answer.set_result(answer)

    def hear_the_end(self) -> None:
        """Take what it wrote after its last line's end: it will write no more."""
        if self._lines.rest():
            self.hear(b"\n")

    def _read(self, line: bytes, answers: dict[Key, dict[str, Any] | TaskOutcome]) -> None:
        message = protocol.read_line(line)
        if message is None:
            self.logs.add(line + b"\n")
        elif "ready" in message:
            if not self.ready.done():
                self.ready.set_result(message)
        else:
            self._match(message, answers)

    def _match(self, message: dict[str, Any], answers: dict[Key, dict[str, Any] | TaskOutcome]) -> None:
        """Find the run that an answer is for."""
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
        """Return which run an answer names. The sample may be left out: a worker holds runs of one at a time."""
        first = next(iter(self._held), None)
        run_id = message.get("id", first[0] if first and self._single else None)
        sample = message.get("sample", first[1] if first else "")
        if not isinstance(run_id, str) or not isinstance(sample, str):
            raise protocol.ProtocolError("answered without the id and the sample of its request")
        return run_id, sample

    def _breach(self, what: str) -> None:
        """End the conversation: the one run that is pending is to blame, of several none."""
        pending = self.pending()
        if len(pending) == 1:
            self.blame(pending[0], "ProtocolError", f"the worker {what}")
        elif not pending and not self.over:
            self.fault = what
        self._breached()
