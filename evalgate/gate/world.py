"""Every effect that a build needs, as one argument that the composition root makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from evalgate.decision.reserve import Limit
from evalgate.engine.measure import Effects, Observer
from evalgate.engine.ports import EvaluatorRunner, PairRunner, TaskRunner
from evalgate.gate.baselines.elsewhere import Looking, Opened
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.journal.store import Journal
from evalgate.llm.halt import Halt, Halted
from evalgate.suite.config import Config
from evalgate.suite.evaluators import Evaluator
from evalgate.traces.store import TraceStore


class Expect(Protocol):
    """Hears how much there is to do before it begins."""

    def __call__(self, runs: int, /, *, done: int) -> None:
        """Say how many runs there are in all, and how many of them were made before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """Every effect that a build needs, made by the composition root."""

    journal: Journal
    task_runner: Callable[[PreparedSuite, PreparedSide], TaskRunner]
    evaluator_runner: Callable[[PreparedSuite, Evaluator], EvaluatorRunner | PairRunner]
    observer: Observer
    expect: Expect
    say: Callable[[str], None]
    """Shows one line to whoever watches."""
    now: Callable[[], str]
    seconds: Callable[[], float]
    stop: asyncio.Event
    halted: Callable[[], Halted | None]
    """Why the run stopped by itself, if it did."""
    halt: Halt
    """Ends the run for a reason of its own."""
    budget: Callable[[], tuple[Mapping[Limit, float], Mapping[Limit, float]]]
    """What is left of each limit of the budget, and what the build took of it before; empty where nothing is paid."""
    elsewhere: Opened
    """Opens a place where baselines are kept beside the journal."""
    tracer: TraceStore | None = None
    """Keeps how runs came about, for Phoenix; None where nothing goes there."""

    begun: Callable[[int], None] = lambda _: None
    """Hears of a build whose experiments are written, before its first run."""
    ending: Callable[[int], None] = lambda _: None
    """Hears of a build that has ended, before it counts as complete."""

    def looking(self, config: Config) -> Looking:
        """Return how baselines are looked for that the journal does not have."""
        return Looking(config=config, journal=self.journal, opened=self.elsewhere, say=self.say)

    def effects(self, build_id: int) -> Effects:
        """Return what making the runs of a build, or of a study, may do."""
        seed = f"{build_id} {self.journal.build(build_id).created_at}"
        return Effects(
            recorder=self.journal,
            observer=self.observer,
            now=self.now,
            stop=self.stop,
            seed=seed,
            tracer=self.tracer,
        )
