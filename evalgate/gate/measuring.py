"""The runs of a build: every stored one that is not in yet, then what `zero_tolerance` wants drawn once more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from evalgate.decision import redraws
from evalgate.engine.measure import measure
from evalgate.engine.pairs import prefer
from evalgate.engine.work import Answered, Draw, Work
from evalgate.gate.baselines.completing import complete_stored, lacking_runs
from evalgate.gate.baselines.replayed import replay, tell_measured_before
from evalgate.gate.course import first_draws, next_draws, settled_evidence
from evalgate.gate.loading import Loaded, start_baseline
from evalgate.gate.pairs import preference_works
from evalgate.gate.samples import drawn_samples, redraw_sample, samples
from evalgate.gate.world import World
from evalgate.journal.builds import DrawRow
from evalgate.journal.lock import held
from evalgate.journal.store import Journal
from evalgate.records import Side

_LOOK_AGAIN_S: Final = 0.2


async def measure_build(
    build_id: int,
    loaded: Sequence[Loaded],
    experiments: dict[tuple[str, Side], int],
    world: World,
    *,
    taken: Mapping[str, int] | None = None,
) -> bool:
    """Make them all. Returns False where it was stopped before the end: what was made is in the journal.

    `taken` is how many stored runs the candidate of a suite has from the beginning.
    """
    able = [each for each in loaded if each.problem is None and each.suite.unchanged is None]
    if not first_draws(build_id, able, world, taken=taken or {}) or not await _twins_ended(build_id, world):
        return False
    expected = 0
    while True:
        able = [each for each in able if not await _baseline_fails(build_id, each, world)]
        if not await complete_stored(build_id, able, world):
            return False
        wanted = _wanted_runs(build_id, able, world.journal)
        _replay(build_id, able, wanted, world.journal)
        works = _works(able, wanted, experiments, world.journal)
        runs = sum(each.suite.count * len(names) for each in able for names in _of(each, wanted))
        made = sum(_made(world.journal, work.experiment, wanted[work.suite, work.side]) for work in works)
        world.expect(runs - expected, done=made - expected)
        expected = runs
        if not await _measure_drawn(build_id, able, works, experiments, world):
            return False
        if not next_draws(build_id, able, world.journal):
            tell_measured_before(build_id, able, world.journal)
            return True


async def _twins_ended(build_id: int, world: World) -> bool:
    """Wait for builds that measure the very same thing now: what they draw is taken over, and is no second throw.

    Returns False where this one was stopped meanwhile.
    """
    journal = world.journal
    told: set[int] = set()
    while waiting := [twin for twin in journal.twins(build_id) if held(journal.path, twin)]:
        for twin in {*waiting} - told:
            world.say(f"build {twin} measures the same change now: this one waits, and takes over what it draws")
        told.update(waiting)
        with suppress(TimeoutError):
            await asyncio.wait_for(world.stop.wait(), _LOOK_AGAIN_S)
        if world.stop.is_set():
            return False
    return True


async def _baseline_fails(build_id: int, each: Loaded, world: World) -> bool:
    """Load the task of a base commit where it is to be drawn. Returns whether it does not load, which is written."""
    if each.suite.base is None or Side.BASELINE not in each.tasks:
        return False
    drawn = drawn_samples(Side.BASELINE, _draws(build_id, each, world.journal))
    if not drawn and not lacking_runs(build_id, each, world.journal):
        return False
    problem = await start_baseline(each)
    if problem is not None:
        world.journal.add_problem(build_id, problem)
    return problem is not None


_Wanted = Mapping[tuple[str, Side], tuple[str, ...]]
"""The samples that each side of each suite is to have."""


def _wanted_runs(build_id: int, able: Sequence[Loaded], journal: Journal) -> _Wanted:
    found = {
        (each.suite.name, side): _wanted(each, side, _draws(build_id, each, journal))
        for each in able
        for side in each.tasks
    }
    return {place: names for place, names in found.items() if names}


def _of(each: Loaded, wanted: _Wanted) -> Iterator[tuple[str, ...]]:
    yield from (wanted.get((each.suite.name, side), ()) for side in each.tasks)


def _works(
    able: Sequence[Loaded], wanted: _Wanted, experiments: dict[tuple[str, Side], int], journal: Journal
) -> list[Work]:
    return [
        work_of(each, side, experiments[each.suite.name, side], wanted[each.suite.name, side], journal)
        for each in able
        for side in each.tasks
        if (each.suite.name, side) in wanted
    ]


async def _measure_drawn(
    build_id: int,
    able: Sequence[Loaded],
    works: Sequence[Work],
    experiments: dict[tuple[str, Side], int],
    world: World,
) -> bool:
    """Make the runs, then what `zero_tolerance` wants drawn once more of the sides that are drawn at all."""
    effects = world.effects(build_id)
    drawn = {(work.suite, work.side) for work in works}
    if not await measure(works, effects):
        return False
    if not await prefer(preference_works(build_id, able, world.journal), effects):
        return False
    again = _unsettled(build_id, able, world.journal)
    repeats = [
        _redraw(
            work_of(each, side, experiments[each.suite.name, side], (sample,), world.journal), again[each.suite.name]
        )
        for each in able
        if each.suite.name in again
        for sample in [redraw_sample(_draws(build_id, each, world.journal))]
        for side in each.tasks
        if (each.suite.name, side) in drawn
    ]
    return await measure(repeats, effects) if repeats else True


def _draws(build_id: int, each: Loaded, journal: Journal) -> list[DrawRow]:
    return [draw for draw in journal.draws(build_id) if draw.suite == each.suite.name]


def _wanted(each: Loaded, side: Side, draws: Sequence[DrawRow]) -> tuple[str, ...]:
    """Return the samples that one side is to have: those of its draws; where nothing is written, r1, r2 …"""
    return drawn_samples(side, draws) if draws else samples(each.suite.suite.repetitions)


def _made(journal: Journal, experiment: int, names: Sequence[str]) -> int:
    return sum(sample in names for _, sample, *_ in journal.run_facts(experiment))


def _replay(build_id: int, able: Sequence[Loaded], wanted: _Wanted, journal: Journal) -> None:
    """Take over what earlier builds drew of the same change, second draws included; of commits' baselines only."""
    rows = {(row.suite, row.side): row for row in journal.experiments(build_id)}
    for each in able:
        draws = _draws(build_id, each, journal)
        for side in each.suite.sides if draws else ():
            if names := wanted.get((each.suite.name, side.side)):
                row = rows[each.suite.name, side.side]
                replay(journal, row, side, each.suite, *names, redraw_sample(draws))


def _unsettled(build_id: int, able: Sequence[Loaded], journal: Journal) -> dict[str, list[str]]:
    """Return which examples of which suites `zero_tolerance` wants drawn once more; of a sample none."""
    checks = [check for each in able for check in each.suite.suite.checks.values()]
    if journal.build(build_id).partial or all(check.zero_tolerance is None for check in checks):
        return {}
    again: dict[str, list[str]] = {}
    for name, example_id in (*redraws(settled_evidence(build_id, journal)), *_begun(build_id, journal)):
        again.setdefault(name, []).append(example_id)
    return again


def _begun(build_id: int, journal: Journal) -> Iterator[tuple[str, str]]:
    """Yield (suite, example id) of second draws that began: a killed build may lack the other side's, or a score."""
    for row in journal.experiments(build_id):
        again = redraw_sample([draw for draw in journal.draws(build_id) if draw.suite == row.suite])
        if not row.stored or "-" in again:  # else it is what a stored build drew again for itself
            yield from ((row.suite, example) for example, sample, *_ in journal.run_facts(row.id) if sample == again)


def work_of(each: Loaded, side: Side, experiment: int, names: Sequence[str], journal: Journal) -> Work:
    """Return what is left of the samples `names` of one side: runs to make, and answers to score."""

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


def _redraw(work: Work, example_ids: Sequence[str]) -> Work:
    """Return the part of the work that is about some examples, as second draws."""
    wanted = set(example_ids)
    return replace(work, draws=[draw for draw in work.draws if draw.example.id in wanted])
