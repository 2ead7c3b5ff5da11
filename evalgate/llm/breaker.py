"""The circuit breaker: an endpoint that answers nothing ends the run in seconds, with what it said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from evalgate.llm.call import Reader, Request, Sender
from evalgate.llm.failures import CallFailed, RateLimited, Stopped, TaskFault
from evalgate.llm.halt import Halt
from evalgate.suite.checks import Unmeasurable

T = TypeVar("T")

_FAILURES: Final = 5
"""Calls that fail in a row, each with its retries, before an endpoint that never answered is given up."""
_LATER_FAILURES: Final = 20
"""The same for one that did answer: it may come back."""


@dataclass(kw_only=True, slots=True)
class _Circuit:
    failed: int = 0
    answered: bool = False


class Guarded:
    """Sends through `sender` until a model of an endpoint fails every call; then the run is halted.

    A fault of the task's own (a prompt that is rejected, a filtered answer) is an answer: the endpoint works.
    """

    def __init__(self, sender: Sender, halt: Halt) -> None:
        self._sender = sender
        self._halt = halt
        self._circuits: dict[tuple[str, str], _Circuit] = {}

    async def send(self, request: Request, read: Reader[T]) -> T:
        """Send it. Raises Stopped once the run was halted, CallFailed as the sender does."""
        if self._halt.reason is not None:
            raise Stopped(self._halt.reason.message)
        circuit = self._circuits.setdefault((request.endpoint.name, request.model), _Circuit())
        try:
            value = await self._sender.send(request, read)
        except Stopped:  # it was not made, which says nothing of the endpoint
            raise
        except TaskFault:
            circuit.failed, circuit.answered = 0, True
            raise
        except CallFailed as failure:
            self._count(circuit, request, failure)
            raise
        circuit.failed, circuit.answered = 0, True
        return value

    def _count(self, circuit: _Circuit, request: Request, failure: CallFailed) -> None:
        circuit.failed += 1
        if circuit.failed < (_LATER_FAILURES if circuit.answered else _FAILURES):
            return
        name = request.endpoint.name
        what = f"{name}/{request.model}" if request.model else name
        told = failure.message.removeprefix(f"{name}: ")
        since = "any more" if circuit.answered else "at all"
        self._halt(
            Unmeasurable.SERVICE,
            f"{what} answers no call {since}: {circuit.failed} in a row failed, the last one with: {told}.",
            f"mend that, then {self._halt.goes_on}"
            if isinstance(failure, RateLimited)
            else f"mend endpoints.{name}, its key or the model's name, then {self._halt.goes_on}",
        )
