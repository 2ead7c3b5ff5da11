"""What stands between a worker's own clients and the world, as the pool sees it: one for each process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from evalgate.records import TaskOutcome
from evalgate.workers.conversation import Key


class Door(Protocol):
    """A process's own way out.

    `environment` is what it must see to take it, `defaults` what it sees where its own does not say otherwise.
    """

    environment: Mapping[str, str]
    defaults: Mapping[str, str]

    def enter(self, key: Key, trace: str | None) -> None:
        """The process begins a run, which was given a W3C `traceparent`."""

    def settle(self, key: Key, outcome: TaskOutcome) -> TaskOutcome:
        """The run ended: return its outcome with what went through the door taken into account."""

    def close(self) -> None:
        """The process is gone."""


class Doors:
    """Several doors of one process as one: a run ends through each of them in their order."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._doors = doors
        self.environment: Mapping[str, str] = dict(pair for door in doors for pair in door.environment.items())
        self.defaults: Mapping[str, str] = dict(pair for door in doors for pair in door.defaults.items())

    def enter(self, key: Key, trace: str | None) -> None:
        """The process begins a run."""
        for door in self._doors:
            door.enter(key, trace)

    def settle(self, key: Key, outcome: TaskOutcome) -> TaskOutcome:
        """The run ended."""
        for door in self._doors:
            outcome = door.settle(key, outcome)
        return outcome

    def close(self) -> None:
        """The process is gone."""
        for door in self._doors:
            door.close()
