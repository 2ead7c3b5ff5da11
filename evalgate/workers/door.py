"""What stands between a worker's own clients and the world, as the pool sees it: one for each process."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from evalgate.records import TaskOutcome
from evalgate.workers.conversation import Key


class Door(Protocol):
    """A process's own way out.

    `environment` is what it must see to take it, `defaults` what it sees where its own does not say otherwise. Whoever
    knows the `token` is let in.
    """

    token: str
    environment: Mapping[str, str]
    defaults: Mapping[str, str]

    def enter(self, key: Key, trace: str | None) -> None:
        """The process begins a run, which was given a W3C `traceparent`."""

    def settle(self, key: Key, outcome: TaskOutcome) -> TaskOutcome:
        """The run ended: return its outcome with what went through the door taken into account."""

    def close(self) -> None:
        """The process is gone."""


class Doors:
    """Several doors of one process as one: a run ends through each of them in their order.

    Their tokens are in nothing that comes out: many clients tell of the address at which they failed.
    """

    def __init__(self, doors: Sequence[Door]) -> None:
        self._doors = doors
        self.token = ""
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
        return _without([door.token for door in self._doors], outcome)

    def close(self) -> None:
        """The process is gone."""
        for door in self._doors:
            door.close()


_SAID: Final = ("output", "context", "messages", "tool_calls", "steps")
"""What a program says of a run."""


def _without(tokens: Sequence[str], outcome: TaskOutcome) -> TaskOutcome:
    """Return an outcome in which the program says nothing of its addresses: whoever reads it could go in there."""
    if not tokens:
        return outcome
    said = {name: json.dumps(value) for name in _SAID if (value := getattr(outcome, name)) is not None}
    hidden = {name: _hidden(tokens, text) for name, text in said.items()}
    told = {name: json.loads(text) for name, text in hidden.items() if text != said[name]}
    failure = outcome.failure
    if failure is not None:
        failure = replace(failure, message=_hidden(tokens, failure.message))
    return replace(outcome, failure=failure, logs=_hidden(tokens, outcome.logs), **told)


def _hidden(tokens: Sequence[str], text: str) -> str:
    for token in tokens:
        text = text.replace(token, "***")
    return text
