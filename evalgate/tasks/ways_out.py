"""What leaves the processes of a task, and how what went that way is taken into account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from evalgate.records import TaskOutcome
from evalgate.traces.receiver import TracedSide
from evalgate.workers.door import Door, Doors

Doorway = Callable[[], Awaitable[Callable[[], Door]]]
"""Makes ready what lets each process call its models through evalgate. Raises CandidateError."""


class SpanDoorway(Protocol):
    """Makes ready what the processes of a task send their spans to."""

    async def __call__(self, environment: Mapping[str, str], /, *, flushes: bool) -> TracedSide:
        """Return it; `environment` is what they see of their own, and `flushes` as that of the runner."""


class WaysOut:
    """What leaves the processes of a task: calls of models, where they are made here, and spans.

    `declared` prices what a task, or its spans, say that it used.
    """

    def __init__(
        self,
        doorway: Doorway | None,
        spans: SpanDoorway | None,
        declared: Callable[[TaskOutcome], TaskOutcome],
    ) -> None:
        self._doorway, self._spans, self._declared = doorway, spans, declared
        self._side: TracedSide | None = None

    @property
    def any(self) -> bool:
        """Whether there is one: a run then has a trace that it is known by."""
        return self._doorway is not None or self._spans is not None

    async def ready(self, environment: Mapping[str, str], *, flushes: bool) -> Callable[[], Door]:
        """Return what gives each process its own; one that `flushes` has sent all spans of a run when it answers.

        Raises CandidateError.
        """
        models = await self._doorway() if self._doorway is not None else None
        if self._spans is not None:
            self._side = await self._spans(environment, flushes=flushes)

        def opened() -> Doors:
            doors = [] if models is None else [models()]
            if self._side is not None:
                doors.append(self._side.open([door.token for door in doors]))
            return Doors(doors)

        return opened

    async def completed(self, trace: str | None, outcome: TaskOutcome) -> TaskOutcome:
        """Return the outcome of a run with what its spans say, its usage priced unless that was counted at a door."""
        counted = self._doorway is not None
        if self._side is not None and trace is not None:
            outcome, by_spans = await self._side.completed(trace, outcome)
            counted = counted and not by_spans
        return outcome if counted else self._declared(outcome)
