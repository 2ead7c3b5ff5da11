"""Every runner of a build started before anything is paid, and what may be said beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from evalgate.engine.ports import EvaluatorRunner, PairRunner, TaskRunner
from evalgate.errors import CandidateError
from evalgate.gate.preflight import outlook
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.seen import noise_by_check
from evalgate.gate.world import World
from evalgate.journal.builds import ProblemRow
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Policy, Unmeasurable


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """One suite with its runners started; a side that did not load is absent."""

    suite: PreparedSuite
    evaluators: tuple[EvaluatorRunner, ...]
    """Those that score a run by itself."""
    preferences: tuple[PairRunner, ...]
    """The judges that are shown an answer of each side."""
    tasks: dict[Side, TaskRunner]
    problem: ProblemRow | None

    @property
    def specs(self) -> tuple[EvaluatorSpec, ...]:
        """Return what is known of every evaluator."""
        return (*(each.spec for each in self.evaluators), *(each.spec for each in self.preferences))


async def load(
    suites: Sequence[PreparedSuite], policy: Policy | None, world: World, stack: AsyncExitStack
) -> list[Loaded]:
    """Start every runner at once. A candidate or an evaluator that does not load ends it all; a baseline is said.

    A baseline that is a commit is started by `start_baseline`, when it is to be drawn: its setup may take long. What
    there is nothing to measure of is not started at all.

    What can be said of checks beforehand is said by `policy`; nothing without one.
    """
    made = []
    day = world.now()[:10]
    strict = policy is not None and policy.on_inconclusive == "fail"
    known = noise_by_check(world.journal, suites) if strict else {}
    starts: list[tuple[PreparedSuite, Side | None, TaskRunner | EvaluatorRunner | PairRunner]] = []
    for suite in suites:
        evaluators = tuple(world.evaluator_runner(suite, evaluator) for evaluator in suite.suite.evaluators)
        specs = [evaluator.spec for evaluator in evaluators]
        for check, line in outlook(suite, specs, policy, known, day=day) if policy is not None else ():
            world.say(f"{suite.name}/{check}: {line}")
        tasks = {side.side: world.task_runner(suite, side) for side in suite.sides}
        made.append((suite, evaluators, tasks))
        for evaluator in evaluators:
            stack.push_async_callback(evaluator.close)
        for task in tasks.values():
            stack.push_async_callback(task.close)
        if suite.problem is not None or suite.unchanged is not None:
            continue
        starts += [(suite, None, evaluator) for evaluator in evaluators]
        later = Side.BASELINE if suite.base is not None else None
        starts += [(suite, side, task) for side, task in tasks.items() if side is not later]
    results = await asyncio.gather(*(runner.start() for _, _, runner in starts), return_exceptions=True)
    problems = {suite.name: suite.problem for suite in suites if suite.problem is not None}
    problems |= _problems([(suite, side) for suite, side, _ in starts], results)
    return [
        Loaded(
            suite=suite,
            evaluators=tuple(each for each in evaluators if not isinstance(each, PairRunner)),
            preferences=tuple(each for each in evaluators if isinstance(each, PairRunner)),
            tasks=tasks,
            problem=problems.get(suite.name),
        )
        for suite, evaluators, tasks in made
    ]


def _problems(
    started: Sequence[tuple[PreparedSuite, Side | None]], results: Sequence[BaseException | None]
) -> dict[str, ProblemRow]:
    """Return what is said of baselines that did not load, by suite. Raises what a candidate or an evaluator raised."""
    found = {}
    for (suite, side), error in zip(started, results, strict=True):
        if isinstance(error, CandidateError) and side is Side.BASELINE:
            found[suite.name] = _baseline_does_not_load(suite.name, error)
        elif error is not None:
            raise error
    return found


async def start_baseline(each: Loaded) -> ProblemRow | None:
    """Load the task of a base commit, in its tree; return why it does not load, where it does not."""
    try:
        await each.tasks[Side.BASELINE].start()
    except CandidateError as error:
        return _baseline_does_not_load(each.suite.name, error)
    return None


def _baseline_does_not_load(suite: str, error: CandidateError) -> ProblemRow:
    return ProblemRow(
        suite=suite,
        kind=Unmeasurable.BASELINE,
        message=f"The baseline does not load: {error.message}",
        next_step=error.next_step or "mend the baseline's task, or compare with another",
    )
