"""What is to be done of one experiment: runs to make, and answers to evaluate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evalgate.engine.ports import EvaluatorRunner, TaskRunner
from evalgate.records import Example, Side, TaskOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """One run that is to be made."""

    example: Example
    sample: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One run that was made earlier and not evaluated."""

    example: Example
    sample: str
    outcome: TaskOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One experiment and what is left of it. The iterables are read lazily: they may be longer than memory."""

    experiment: int
    suite: str
    side: Side
    task: TaskRunner
    evaluators: tuple[EvaluatorRunner, ...]
    draws: Iterable[Draw]
    answered: Iterable[Answered] = ()
