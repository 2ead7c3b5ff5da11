"""Baselines that are set: a commit's task run as often as a comparison wants, whatever comes of comparing it.

What is stored was drawn for that, by a key of its own, and never for a comparison: answers that passed one were
selected for passing. What is stored already is taken over, not drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from evalgate import __version__
from evalgate.canonical import content_hash
from evalgate.decision import decide
from evalgate.engine.measure import measure
from evalgate.errors import BaselineError, ConfigurationError, Interrupted, MeasurementError
from evalgate.gate.baselines.elsewhere import bring_in
from evalgate.gate.baselines.found import add_found
from evalgate.gate.baselines.replayed import replay
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.loading import Loaded, load, start_baseline
from evalgate.gate.measuring import work_of
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.recording import experiment_row
from evalgate.gate.request import Request
from evalgate.gate.run import Ended, run_build
from evalgate.gate.samples import deciding_samples, samples
from evalgate.gate.world import World
from evalgate.git.history import Base
from evalgate.journal.builds import BuildRow, DrawRow
from evalgate.journal.changes import BaselineRow
from evalgate.journal.lock import writing
from evalgate.records import Side

_KEY_LENGTH = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Setter:
    """Who sets a baseline, and by what: `set` where somebody asked, `push` in a run on the default branch."""

    name: str
    how: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineBuild:
    """A baseline that was set: the build that holds its runs, by suite how many runs were made for it."""

    build: int
    made: dict[str, int]
    complete: bool


def of_commit(suites: Sequence[PreparedSuite]) -> tuple[PreparedSuite, ...]:
    """Return the suites with the side of their base commit alone.

    Raises BaselineError for one that cannot be run, and ConfigurationError where no suite is compared with a commit.
    """
    if problem := next((suite.problem for suite in suites if suite.problem), None):
        raise BaselineError(f"suite {problem.suite}: {problem.message}", next_step=problem.next_step)
    found = []
    for suite in suites:
        sides = tuple(side for side in suite.sides if side.side is Side.BASELINE)
        if suite.base is not None and sides:
            found.append(replace(suite, sides=sides))
    if not found:
        raise ConfigurationError(
            "no suite is compared with a commit, so no commit can be its baseline",
            next_step="set `baseline: merge-base` on a suite",
        )
    return tuple(found)


def as_committed(suites: Sequence[PreparedSuite], head: Base) -> tuple[PreparedSuite, ...]:
    """Return the suites with what is checked out, the commit `head` as it stands, as their only side."""
    return tuple(
        replace(
            suite,
            sides=tuple(
                replace(side, side=Side.BASELINE, label=head.label)
                for side in suite.sides
                if side.side is Side.CANDIDATE
            ),
            base=head,
            problem=None,
            unchanged=None,
            notes=(),
        )
        for suite in suites
        if (ref := suite.suite.baseline_ref) is not None and ref.is_set
    )


async def store(request: Request, world: World, setter: Setter) -> BaselineBuild:
    """Bring the only side of every suite of a request to `confirm_repetitions` stored runs.

    What was drawn before for the same, and not to its end, is taken over. Raises BaselineError where its
    task does not load, and as `run_build`.
    """
    journal, policy = world.journal, request.config.policy
    began = world.seconds()
    async with AsyncExitStack() as stack:
        loaded = await load(request.suites, None, world, stack)
        await bring_in(request.suites, world.looking(request.config))
        build_id = journal.create_build(_row(request, world.now()))
        with writing(journal.path, build_id):
            experiments = {}
            for each in loaded:
                suite, (side,) = each.suite, each.suite.sides
                journal.add_examples(build_id, suite.name, suite.examples())
                row = experiment_row(suite, side, tuple(runner.spec for runner in each.evaluators))
                row = add_found(journal, build_id, suite, replace(row, repetitions=policy.confirm_repetitions), policy)
                experiments[suite.name] = row
                if not row.stored:
                    key = content_hash(["stored", row.task, row.commit, row.dataset_version])[:_KEY_LENGTH]
                    draw = DrawRow(suite=suite.name, key=key, candidate=0, baseline=policy.confirm_repetitions)
                    journal.add_draws(build_id, [draw])
                    replay(journal, row, side, suite, *samples(policy.confirm_repetitions, key))
            world.begun(build_id)
            complete = await _measure(build_id, loaded, {name: row.id for name, row in experiments.items()}, world)
            if complete:
                journal.add_baseline(BaselineRow(build=build_id, set_by=setter.name, how=setter.how))
                world.ending(build_id)
            journal.add_seconds(build_id, world.seconds() - began, complete=complete)
    made = {name: len(journal.made(row)) for name, row in experiments.items()}
    return BaselineBuild(build=build_id, made=made, complete=complete)


def _row(request: Request, now: str) -> BuildRow:
    return BuildRow(
        created_at=now,
        config_file=request.config_file,
        config=request.config.snapshot(),
        evalgate_version=__version__,
        commit=next(suite.base.commit for suite in request.suites if suite.base is not None),
        branch=next((suite.base.name for suite in request.suites if suite.base is not None), None),
        stores=True,
    )


async def _measure(build_id: int, loaded: Sequence[Loaded], experiments: dict[str, int], world: World) -> bool:
    """Make every run that is lacking, and score what is not scored. False: stopped before the end."""
    journal = world.journal
    rows = {row.suite: row for row in journal.experiments(build_id)}
    works = []
    lacking = 0
    for each in loaded:
        draws = [draw for draw in journal.draws(build_id) if draw.suite == each.suite.name]
        names = deciding_samples(rows[each.suite.name], draws)
        missing = sum(1 for name in names for _ in journal.undone(experiments[each.suite.name], name))
        if missing and (problem := await start_baseline(each)) is not None:
            raise BaselineError(f"suite {problem.suite}: {problem.message}", next_step=problem.next_step)
        lacking += missing
        works.append(work_of(each, Side.BASELINE, experiments[each.suite.name], names, journal))
    world.expect(lacking, done=0)
    return await measure(works, world.effects(build_id))


async def run_pushed(request: Request, world: World, head: Base, who: str) -> Ended:
    """Store what is checked out, the new head of the default branch; then compare it with what was there before.

    Its runs are stored whatever the verdict: it is what is shipped now. Raises MeasurementError or Interrupted where it
    was stopped before all were.
    """
    suites = as_committed(request.suites, head)
    if not suites:
        return await run_build(request, world)
    stored = await store(replace(request, suites=suites), world, Setter(name=who, how="push"))
    if not stored.complete:
        if (halted := world.halted()) is not None:
            raise MeasurementError(halted.message, next_step="evalgate run")
        raise Interrupted(f"{head.label} was not stored as a baseline; nothing is compared", next_step="evalgate run")
    ended = await run_build(request, world, head=stored.build)
    if ended.complete:
        journal = world.journal
        decision = decide(build_evidence(journal, ended.build))
        accepted = [
            {
                "check": f"{suite.name}/{check.name}",
                "drop": None if check.comparison is None else -check.comparison.delta,
                "author": check.accepted.author,
                "reason": check.accepted.reason,
            }
            for suite in decision.suites
            for check in suite.checks
            if check.accepted is not None and check.accepted.counts
        ]
        journal.add_baseline(
            BaselineRow(
                build=stored.build,
                set_by=who,
                how="push",
                source=ended.build,
                verdict=decision.verdict,
                accepted=accepted,
            )
        )
    return ended
