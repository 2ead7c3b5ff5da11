"""Something that is done for a run: what it calls of models goes on a tab of its own, and a tracer may hear of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from evalgate.engine.ports import Tracer
from evalgate.llm.tab import Tab, opened_tab
from evalgate.records import Step, TaskOutcome


@dataclass(kw_only=True, slots=True)
class Doing:
    """One piece of work, seen from its beginning to its end."""

    tab: Tab
    tracer: Tracer | None
    began: float = field(default_factory=time.time)
    ended: float = 0.0

    def named(self, outcome: TaskOutcome) -> TaskOutcome:
        """Return an outcome that has a trace, where somebody wants to know how it came about."""
        if self.tracer is None or outcome.trace_id is not None:
            return outcome
        return replace(outcome, trace_id=self.tracer.new_trace())

    def tell(self, outcome: TaskOutcome, *, experiment: int, evaluator: str = "") -> None:
        """Let the tracer know of it: it was the task of this run, or an evaluation of it."""
        if self.tracer is not None and outcome.trace_id is not None:
            step = Step(started=self.began, ended=self.ended, calls=tuple(self.tab.made))
            self.tracer.trace(step, trace_id=outcome.trace_id, experiment=experiment, evaluator=evaluator)


@contextmanager
def doing(example: str, tracer: Tracer | None) -> Iterator[Doing]:
    """See what is done within the block for an example."""
    with opened_tab(example, keeps=tracer is not None) as tab:
        done = Doing(tab=tab, tracer=tracer)
        yield done
        done.ended = time.time()
