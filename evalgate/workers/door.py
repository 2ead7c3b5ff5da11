"""What stands between a worker's own clients and the world, as the pool sees it: one for each process."""

from __future__ import annotations

from collections.abc import Mapping
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
