"""The runs of a build: every stored one that is not in yet, then what `zero_tolerance` wants drawn once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from evalgate.decision import redraws
from evalgate.engine.measure import Answered, Draw, Effects, Work, measure
from evalgate.gate.evidence import build_evidence
from evalgate.gate.loading import Loaded
from evalgate.gate.samples import REDRAW, samples
from evalgate.gate.world import World
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.suite.checks import Unmeasurable


async def measure_build(
    build_id: int, loaded: Sequence[Loaded], experiments: dict[tuple[str, Side], int], world: World
) -> bool:
    """Make them all. Returns False where it was stopped before the end: what was made is in the journal."""
    effects = Effects(recorder=world.journal, observer=world.observer, now=world.now, stop=world.stop)
    able = [each for each in loaded if each.problem is None]
    works = [
        work_of(each, side, experiments[each.suite.name, side], samples(each.suite.suite.repetitions), world.journal)
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


def _unsettled(build_id: int, able: Sequence[Loaded], journal: Journal) -> dict[str, list[str]]:
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


def _redraw(each: Loaded, side: Side, experiment: int, example_ids: Sequence[str], journal: Journal) -> Work:
    wanted = set(example_ids)
    return replace(
        work_of(each, side, experiment, (REDRAW,), journal),
        draws=[
            Draw(example=example, sample=REDRAW)
            for example in journal.undone(experiment, REDRAW)
            if example.id in wanted
        ],
    )
