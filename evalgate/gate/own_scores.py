"""The answers of a build scored by the evaluators that its change defines otherwise: shown beside, deciding nothing.

It comes last, when all that decides is in: what ends it, a spent budget or a judge that does not load, takes nothing
from the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from evalgate.engine.measure import measure
from evalgate.engine.ports import EvaluatorRunner, PairRunner
from evalgate.engine.work import Answered, Work
from evalgate.errors import EvalgateError
from evalgate.gate.loading import Loaded
from evalgate.gate.prepared import OwnEvaluators
from evalgate.gate.samples import deciding_samples, redraw_sample
from evalgate.gate.world import World
from evalgate.golden.versions import example_hash
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.own import OwnEvaluatorRow
from evalgate.journal.store import Journal
from evalgate.journal.transfer import copy_own
from evalgate.records import Evaluation, Example, TaskOutcome
from evalgate.suite.evaluators import Evaluator


async def score_by_own(build_id: int, loaded: Sequence[Loaded], world: World) -> bool:
    """Score what decides once more. Returns False where somebody stopped it: the build can be gone on with."""
    journal = world.journal
    failed = {problem.suite for problem in journal.problems(build_id)}
    able = [
        each
        for each in loaded
        if each.problem is None and each.suite.unchanged is None and each.suite.name not in failed
    ]
    if journal.build(build_id).partial:
        return True
    async with AsyncExitStack() as stack:
        scoring = [
            made
            for each in able
            if each.suite.own is not None
            for evaluator in (*each.suite.own.evaluators, *each.suite.own.anew)
            if (made := await _started(build_id, each, evaluator, world, stack)) is not None
        ]
        if not scoring:
            return True
        reworded = {of.id: each.reworded for each in scoring for of, _ in each.experiments}
        effects = replace(world.effects(build_id), recorder=_Apart(journal, reworded), tracer=None)
        if await measure([work for each in scoring for work in each.works(journal)], effects):
            return True
        halted = world.halted()
        if halted is None:
            return False
        for each in scoring:
            if each.lacks_some(journal):
                journal.begin_own(build_id, replace(each.row, problem=halted.message))
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scoring:
    """One evaluator at work, and the experiments whose answers it scores, each with its samples.

    `reworded` has the examples whose expected answer the change edits, as it has them. Only those are scored `anew` by
    an evaluator that the change leaves as it is.
    """

    of: Loaded
    runner: EvaluatorRunner
    row: OwnEvaluatorRow
    experiments: tuple[tuple[ExperimentRow, tuple[str, ...]], ...]
    without: frozenset[str]
    reworded: Mapping[str, Example]
    anew: bool

    def works(self, journal: Journal) -> Iterator[Work]:
        for experiment, names in self.experiments:
            yield Work(
                experiment=experiment.id,
                suite=experiment.suite,
                side=experiment.side,
                task=next(iter(self.of.tasks.values())),  # never asked: there is nothing to draw
                evaluators=(self.runner,),
                draws=(),
                answered=(
                    Answered(example=example, sample=sample, outcome=outcome)
                    for sample, example, outcome in self._unscored(experiment, names, journal)
                ),
            )

    def lacks_some(self, journal: Journal) -> bool:
        return any(True for each in self.experiments for _ in self._unscored(*each, journal))

    def _unscored(
        self, experiment: ExperimentRow, names: Sequence[str], journal: Journal
    ) -> Iterator[tuple[str, Example, TaskOutcome]]:
        for sample in names:
            for example, outcome in journal.unevaluated(experiment.id, sample, evaluator=self.row.name, own=True):
                own = self.reworded.get(example.id)
                if own is not None:
                    yield sample, own, outcome
                elif not self.anew and example.id not in self.without:
                    yield sample, example, outcome


async def _started(
    build_id: int, each: Loaded, evaluator: Evaluator, world: World, stack: AsyncExitStack
) -> _Scoring | None:
    """Start one evaluator and write that it scores; None where it cannot, which is written too."""
    journal, name, own = world.journal, evaluator.label, each.suite.own
    if own is None:
        return None
    anew = evaluator in own.anew
    reworded = {} if own.reworded is None else {example.id: example for example in own.reworded.examples()}
    hashes = {example.id: example_hash(example) for example in reworded.values()}
    row = OwnEvaluatorRow(suite=each.suite.name, name=name, scorer=own.scorers[name], known=_known(own, name, journal))
    try:
        runner = world.evaluator_runner(replace(each.suite, placed=own.placed), evaluator)
        if isinstance(runner, PairRunner):
            journal.begin_own(build_id, replace(row, problem="a judge of pairs, not tried beside the base's"))
            return None
        stack.push_async_callback(runner.close)
        await runner.start()
    except EvalgateError as error:
        journal.begin_own(build_id, replace(row, problem=f"it does not load: {' '.join(error.message.split())}"))
        return None
    row = replace(row, spec=runner.spec)
    journal.begin_own(build_id, row)
    draws = [draw for draw in journal.draws(build_id) if draw.suite == each.suite.name]
    found = [experiment for experiment in journal.experiments(build_id) if experiment.suite == each.suite.name]
    for one in found:
        if name in own.certain and not anew:
            copy_own(journal.path, one.id, runner.spec, row.scorer, decides=False)
        journal.forget_own(one.id, name, hashes)
    experiments = tuple((one, (*deciding_samples(one, draws), redraw_sample(draws))) for one in found)
    return _Scoring(
        of=each,
        runner=runner,
        row=row,
        experiments=experiments,
        without=own.without,
        reworded=reworded,
        anew=anew,
    )


def _known(own: OwnEvaluators, name: str, journal: Journal) -> dict[str, object] | None:
    """Return what is known of a judge today; None for what is no judge."""
    if name not in own.judges:
        return None
    validation = journal.validation_of(own.judges[name])
    return {"summary": None if validation is None else dict(validation.summary)}


class _Apart:
    """Records evaluations beside those that decide. There are no runs to record."""

    def __init__(self, journal: Journal, reworded: Mapping[int, Mapping[str, Example]]) -> None:
        self._journal = journal
        self._reworded = reworded

    def record(self, *, experiment: int, example_id: str, sample: str, outcome: TaskOutcome, started_at: str) -> None:
        raise AssertionError("no task is asked for this")

    def record_evaluations(
        self, *, experiment: int, example_id: str, sample: str, evaluations: Sequence[Evaluation]
    ) -> None:
        own = self._reworded[experiment].get(example_id)
        self._journal.record_own_evaluations(
            experiment=experiment,
            example_id=example_id,
            sample=sample,
            evaluations=evaluations,
            example_hash=None if own is None else example_hash(own),
        )
