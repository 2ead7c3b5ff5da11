"""What stands against a recorded suite before any number is read."""

from __future__ import annotations

from collections.abc import Iterable

from evalgate.decision.evidence import Problem
from evalgate.journal.builds import BuildRow
from evalgate.journal.store import Journal
from evalgate.suite.checks import Unmeasurable

_HALTS = frozenset({Unmeasurable.BUDGET, Unmeasurable.SERVICE, Unmeasurable.REPLAY})


def recorded_problems(journal: Journal, build: BuildRow, suite: str) -> tuple[Problem, ...]:
    """Return what stands against a suite. A build that stopped by itself says why, and needs no other word for it."""
    recorded = [
        Problem(kind=Unmeasurable(row.kind), message=row.message, next_step=row.next_step)
        for row in journal.problems(build.id)
        if row.suite == suite
    ]
    if any(problem.kind in _HALTS for problem in recorded):
        return tuple(recorded)
    return (*_of_the_build(build), *recorded)


def _of_the_build(build: BuildRow) -> Iterable[Problem]:
    if not build.complete:
        yield Problem(
            kind=Unmeasurable.INCOMPLETE,
            message=f"Build {build.id} was interrupted: a part of it is no verdict.",
            next_step="evalgate run --resume",
        )
    elif build.partial:
        yield Problem(
            kind=Unmeasurable.INCOMPLETE,
            message=f"A partial run ({build.partial}) is a sample: it gives no verdict.",
            next_step="evalgate run",
            sample=True,
        )
