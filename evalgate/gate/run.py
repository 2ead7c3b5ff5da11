"""One build from a config: what must be measured is measured and recorded; the journal then decides.

Nothing is paid before everything loads. A build that was interrupted goes on where it stopped, and only if what answers
and what scores are still what they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Protocol

from evalgate import __version__
from evalgate.decision import redraws
from evalgate.engine.measure import Answered, Draw, Effects, Observer, Work, measure
from evalgate.engine.ports import EvaluatorRunner, TaskRunner
from evalgate.errors import CandidateError, ConfigurationError
from evalgate.gate.evidence import REDRAW, build_evidence, samples
from evalgate.gate.preflight import outlook
from evalgate.gate.prepare import PreparedSide, PreparedSuite
from evalgate.gate.resume import require_unchanged
from evalgate.gate.stored import adopt
from evalgate.journal.lock import writing
from evalgate.journal.store import BuildRow, ExperimentRow, Journal, ProblemRow
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Policy, Unmeasurable
from evalgate.suite.config import Config
from evalgate.suite.evaluators import Evaluator


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """Where the work tree stands; all empty outside a repository."""

    id: str | None = None
    branch: str | None = None
    dirty: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is asked for. `config` holds the selected suites only; `partial` says why this is a sample, if it is one."""

    config: Config
    config_file: str
    suites: tuple[PreparedSuite, ...]
    partial: str | None = None
    commit: Commit = Commit()


class Expect(Protocol):
    """Hears how much there is to do before it begins."""

    def __call__(self, runs: int, /, *, done: int) -> None:
        """Say how many runs there are in all, and how many of them were made before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """Every effect that a build needs, made by the composition root."""

    journal: Journal
    task_runner: Callable[[PreparedSuite, PreparedSide], TaskRunner]
    evaluator_runner: Callable[[PreparedSuite, Evaluator], EvaluatorRunner]
    observer: Observer
    expect: Expect
    say: Callable[[str], None]
    """Shows one line to whoever watches."""
    now: Callable[[], str]
    seconds: Callable[[], float]
    stop: asyncio.Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a build ended: its id, and whether everything that it needs is recorded."""

    build: int
    complete: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Loaded:
    """One suite with its runners started; a side that did not load is absent."""

    suite: PreparedSuite
    evaluators: tuple[EvaluatorRunner, ...]
    tasks: dict[Side, TaskRunner]
    problem: ProblemRow | None


async def run_build(request: Request, world: World, *, resume: int | None = None) -> Ended:
    """Run a new build, or go on with `resume`.

    Raises ConfigurationError and CandidateError before anything is paid, JournalError when a row cannot be written.
    """
    began = world.seconds()
    async with AsyncExitStack() as stack:
        loaded = await _load(request.suites, request.config.policy, world, stack)
        build_id = _begin(request, world) if resume is None else resume
        with writing(world.journal.path, build_id):
            if resume is not None:
                require_unchanged(world.journal, build_id, request.suites)
                world.journal.mark_resumed(build_id)
            experiments = _register(build_id, loaded, world)
            complete = await _measure(build_id, loaded, experiments, world)
            world.journal.add_seconds(build_id, world.seconds() - began, complete=complete)
    return Ended(build=build_id, complete=complete)


def _begin(request: Request, world: World) -> int:
    return world.journal.create_build(
        BuildRow(
            created_at=world.now(),
            config_file=request.config_file,
            config=request.config.snapshot(),
            evalgate_version=__version__,
            partial=request.partial,
            commit=request.commit.id,
            branch=request.commit.branch,
            dirty=request.commit.dirty,
        )
    )


async def _load(suites: Sequence[PreparedSuite], policy: Policy, world: World, stack: AsyncExitStack) -> list[_Loaded]:
    """Start every runner at once. A candidate or an evaluator that does not load ends it all; a baseline is said."""
    made = []
    starts: list[tuple[PreparedSuite, Side | None, TaskRunner | EvaluatorRunner]] = []
    for suite in suites:
        evaluators = tuple(world.evaluator_runner(suite, evaluator) for evaluator in suite.suite.evaluators)
        for line in outlook(suite, [evaluator.spec for evaluator in evaluators], policy):
            world.say(f"{suite.name}: {line}")
        tasks = {side.side: world.task_runner(suite, side) for side in suite.sides}
        made.append((suite, evaluators, tasks))
        starts += [(suite, None, evaluator) for evaluator in evaluators]
        starts += [(suite, side, task) for side, task in tasks.items()]
    for _, _, runner in starts:
        stack.push_async_callback(runner.close)
    results = await asyncio.gather(*(runner.start() for _, _, runner in starts), return_exceptions=True)
    problems: dict[str, ProblemRow] = {}
    for (suite, side, _), error in zip(starts, results, strict=True):
        if isinstance(error, CandidateError) and side is Side.BASELINE:
            problems[suite.name] = _baseline_does_not_load(suite.name, error)
        elif isinstance(error, BaseException):
            raise error
    return [
        _Loaded(suite=suite, evaluators=evaluators, tasks=tasks, problem=problems.get(suite.name))
        for suite, evaluators, tasks in made
    ]


def _baseline_does_not_load(suite: str, error: CandidateError) -> ProblemRow:
    return ProblemRow(
        suite=suite,
        kind=Unmeasurable.BASELINE,
        message=f"The baseline does not load: {error.message}",
        next_step=error.next_step or "mend the baseline's task, or compare with another",
    )


def _register(build_id: int, loaded: Sequence[_Loaded], world: World) -> dict[tuple[str, Side], int]:
    """Write suites, examples and experiments, and return the experiments' ids. What is there already is kept."""
    journal = world.journal
    known = {(row.suite, row.side): row.id for row in journal.experiments(build_id)}
    for each in loaded:
        suite = each.suite
        problems = [each.problem] if each.problem else []
        if next(iter(journal.examples(build_id, suite.name)), None) is None:
            journal.add_examples(build_id, suite.name, suite.examples())
        specs = tuple(runner.spec for runner in each.evaluators)
        for side in suite.sides:
            row = _experiment_row(suite, side, specs)
            known.setdefault((suite.name, side.side), -1)
            if known[suite.name, side.side] < 0:
                known[suite.name, side.side] = journal.add_experiment(build_id, row)
        problems += adopt(journal, build_id, suite, specs, known)
        if suite.count == 0:
            problems.append(_no_examples(suite))
        for problem in problems:
            journal.add_problem(build_id, problem)
    return known


def _experiment_row(suite: PreparedSuite, side: PreparedSide, specs: tuple[EvaluatorSpec, ...]) -> ExperimentRow:
    return ExperimentRow(
        suite=suite.name,
        side=side.side,
        label=side.label,
        dataset=suite.dataset,
        dataset_version=suite.dataset_version,
        repetitions=suite.suite.repetitions,
        task=side.fingerprint.digest,
        evaluators=suite.evaluators.digest,
        specs=specs,
        watched=suite.watched(side),
    )


def _no_examples(suite: PreparedSuite) -> ProblemRow:
    return ProblemRow(
        suite=suite.name,
        kind=Unmeasurable.NOTHING,
        message=f"No example of {suite.suite.dataset.file} was selected: there is nothing to measure with.",
        next_step=f"evalgate dataset validate {suite.suite.dataset.file}",
    )


async def _measure(
    build_id: int, loaded: Sequence[_Loaded], experiments: dict[tuple[str, Side], int], world: World
) -> bool:
    """Make every stored run, then what `zero_tolerance` wants drawn once more."""
    effects = Effects(recorder=world.journal, observer=world.observer, now=world.now, stop=world.stop)
    able = [each for each in loaded if each.problem is None]
    works = [
        _work(each, side, experiments[each.suite.name, side], samples(each.suite.suite.repetitions), world.journal)
        for each in able
        for side in each.tasks
    ]
    runs = sum(each.suite.count * each.suite.suite.repetitions * len(each.tasks) for each in able)
    made = sum(sum(1 for _ in world.journal.run_facts(work.experiment)) for work in works)
    world.expect(runs, done=made)
    if not await measure(works, effects):
        return False
    again = _unsettled(build_id, able, world.journal)
    repeats = [
        _redraw(each, side, experiments[each.suite.name, side], again[each.suite.name], world.journal)
        for each in able
        if each.suite.name in again
        for side in each.tasks
    ]
    return await measure(repeats, effects) if repeats else True


def _unsettled(build_id: int, able: Sequence[_Loaded], journal: Journal) -> dict[str, list[str]]:
    """Return which examples of which suites `zero_tolerance` wants drawn once more; of a sample none.

    Every stored run is in by now. That the build has not ended yet stands against its verdict, not against this.
    """
    checks = [check for each in able for check in each.suite.suite.checks.values()]
    if journal.build(build_id).partial or all(check.zero_tolerance is None for check in checks):
        return {}
    evidence = build_evidence(journal, build_id)
    suites = tuple(
        replace(suite, problems=tuple(each for each in suite.problems if each.kind is not Unmeasurable.INCOMPLETE))
        for suite in evidence.suites
    )
    again: dict[str, list[str]] = {}
    for name, example_id in (*redraws(replace(evidence, suites=suites)), *_begun(build_id, journal)):
        again.setdefault(name, []).append(example_id)
    return again


def _begun(build_id: int, journal: Journal) -> Iterator[tuple[str, str]]:
    """Yield (suite, example id) of second draws that began: a killed build may lack the other side's, or a score."""
    for row in journal.experiments(build_id):
        if not row.stored:
            yield from ((row.suite, example) for example, sample, *_ in journal.run_facts(row.id) if sample == REDRAW)


def _work(each: _Loaded, side: Side, experiment: int, names: Iterable[str], journal: Journal) -> Work:
    names = tuple(names)

    def draws() -> Iterator[Draw]:
        for sample in names:
            for example in journal.undone(experiment, sample):
                yield Draw(example=example, sample=sample)

    def answered() -> Iterator[Answered]:
        for sample in names:
            for example, outcome in journal.unevaluated(experiment, sample):
                yield Answered(example=example, sample=sample, outcome=outcome)

    return Work(
        experiment=experiment,
        suite=each.suite.name,
        side=side,
        task=each.tasks[side],
        evaluators=each.evaluators,
        draws=draws(),
        answered=answered(),
    )


def _redraw(each: _Loaded, side: Side, experiment: int, example_ids: Sequence[str], journal: Journal) -> Work:
    wanted = set(example_ids)
    return replace(
        _work(each, side, experiment, (REDRAW,), journal),
        draws=[
            Draw(example=example, sample=REDRAW)
            for example in journal.undone(experiment, REDRAW)
            if example.id in wanted
        ],
    )


def resumable(journal: Journal) -> int:
    """Return the latest build that was not completed, or the latest of all where infrastructure failed runs of it.

    Raises ConfigurationError when there is none.
    """
    builds = journal.builds()
    for build in builds:
        if not build.complete or (build.id == builds[0].id and journal.lacks_answers(build.id)):
            return build.id
    raise ConfigurationError("no build is unfinished: there is nothing to resume", next_step="evalgate run")
