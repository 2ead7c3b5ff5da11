"""A noise study from a config: each suite's baseline run several times over, fresh draws, recorded like a build.

A study's samples are named `noise1-KEY`, `noise2-KEY` …, by a key of its own: whatever stores answers by their sample
has none of these, and a study that goes on has its own. `noise1-KEY~2` is a second evaluation of the first run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from evalgate import __version__
from evalgate.decision.noise import study
from evalgate.decision.study import Study
from evalgate.engine.measure import Effects, measure
from evalgate.engine.work import Answered, Work
from evalgate.errors import BaselineError, ConfigurationError, MeasurementError
from evalgate.gate.baselines.bases import Bases
from evalgate.gate.evidence.noise import again, noise_rows, sample_names, study_evidence
from evalgate.gate.guard.guard import unguarded
from evalgate.gate.hub_prompts import Prompts, no_prompts
from evalgate.gate.loading import Loaded, load
from evalgate.gate.measuring import work_of
from evalgate.gate.prepare import Tree
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.recording import experiment_row
from evalgate.gate.request import Commit, Request, whole_suites
from evalgate.gate.resume import require_unchanged
from evalgate.gate.world import World
from evalgate.journal.builds import BuildRow
from evalgate.journal.lock import writing
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorKind, Example, Side, TaskOutcome
from evalgate.suite.loading import LoadedConfig

RUNS = 5
SPOT_CHECKED = 50
"""Answers that an evaluator which is not a judge scores twice: it gives the same score, or it is found not to."""


def study_request(
    loaded: LoadedConfig,
    names: Sequence[str],
    *,
    commit: Commit,
    tree: Tree,
    bases: Bases | None = None,
    prompts: Prompts = no_prompts,
) -> Request:
    """Return what a study of the named suites (no names: all) runs: of each its baseline task, else its own.

    Raises ConfigurationError as `whole_suites` does, MeasurementError for a suite without examples and BaselineError
    for a base commit that cannot be run.
    """
    prepared = whole_suites(unguarded(loaded), names, tree=tree, bases=bases, prompts=prompts)
    if problem := next((suite.problem for suite in prepared if suite.problem), None):
        raise BaselineError(f"suite {problem.suite}: {problem.message}", next_step=problem.next_step)
    suites = tuple(_studied(suite) for suite in prepared)
    if empty := next((suite for suite in suites if not suite.count), None):
        raise MeasurementError(
            f"suite {empty.name}: {empty.suite.dataset.shown} has no example of it, so nothing can be measured",
            next_step=empty.suite.dataset.looked_at_by,
        )
    config = loaded.config.model_copy(update={"suites": {suite.name: suite.suite for suite in suites}})
    return Request(config=config, config_file=loaded.path.name, suites=suites, commit=commit)


def _studied(suite: PreparedSuite) -> PreparedSuite:
    """Return the suite with one side: the baseline's task where it has one, else its own."""
    sides = {side.side: side for side in suite.sides}
    return replace(suite, sides=(sides.get(Side.BASELINE) or sides[Side.CANDIDATE],))


def resumable_study(journal: Journal) -> int:
    """Return the latest study that is unfinished, or the latest of all where infrastructure failed runs of it.

    Raises ConfigurationError where there is none.
    """
    studies = journal.studies()
    for row in studies:
        if not row.complete or (row.id == studies[0].id and journal.lacks_answers(row.id)):
            return row.id
    raise ConfigurationError("no noise study is unfinished: there is nothing to resume", next_step="evalgate noise")


def finished_study(journal: Journal) -> int:
    """Return the latest study that was finished. Raises ConfigurationError where there is none."""
    for row in journal.studies():
        if row.complete:
            return row.id
    raise ConfigurationError(f"{journal.path} holds no finished noise study", next_step="evalgate noise")


@dataclass(frozen=True, kw_only=True, slots=True)
class Studied:
    """How a study ended: its id, and what it found; None where it was stopped before the end."""

    id: int
    found: Study | None


async def run_study(request: Request, world: World, *, runs: int, resume: int | None = None) -> Studied:
    """Run a new study, or go on with `resume`, and record what it found.

    Raises as `run_build` does; BaselineError where a baseline does not load.
    """
    began = world.seconds()
    journal = world.journal
    async with AsyncExitStack() as stack:
        loaded = await load(request.suites, None, world, stack)
        if problem := next((each.problem for each in loaded if each.problem), None):
            raise BaselineError(f"suite {problem.suite}: {problem.message}", next_step=problem.next_step)
        for each in loaded:
            for task in each.tasks.values():
                await task.close()  # it loads, which is all that it was started for: each run starts its own
        study_id = _begin(request, journal, runs=runs, now=world.now()) if resume is None else resume
        with writing(journal.path, study_id):
            if resume is not None:
                require_unchanged(journal, study_id, request.suites)
                journal.mark_resumed(study_id)
            complete = await _measure(study_id, loaded, _register(study_id, loaded, journal), world)
            found = study(study_evidence(journal, study_id)) if complete else None
            if found is not None:
                journal.add_noise(study_id, noise_rows(journal.build(study_id), found))
            journal.add_seconds(study_id, world.seconds() - began, complete=complete)
    return Studied(id=study_id, found=found)


def _begin(request: Request, journal: Journal, *, runs: int, now: str) -> int:
    return journal.create_build(
        BuildRow(
            created_at=now,
            config_file=request.config_file,
            config=request.config.snapshot(),
            evalgate_version=__version__,
            commit=request.commit.id,
            branch=request.commit.branch,
            dirty=request.commit.dirty,
            study_runs=runs,
        )
    )


def _register(study_id: int, loaded: Sequence[Loaded], journal: Journal) -> dict[str, int]:
    """Write suites, examples and experiments, and return the experiments' ids. What is there already is kept."""
    known = {row.suite: row.id for row in journal.experiments(study_id)}
    runs = journal.build(study_id).study_runs or RUNS
    for each in loaded:
        suite = each.suite
        if next(iter(journal.examples(study_id, suite.name)), None) is None:
            journal.add_examples(study_id, suite.name, suite.examples())
        if suite.name not in known:
            specs = each.specs
            row = replace(experiment_row(suite, suite.sides[0], specs), repetitions=runs)
            known[suite.name] = journal.add_experiment(study_id, row)
    return known


async def _measure(study_id: int, loaded: Sequence[Loaded], experiments: dict[str, int], world: World) -> bool:
    """Make every run, one after the other, then score answers of the first once more. False: stopped before the end."""
    effects = world.effects(study_id)
    names = sample_names(world.journal.build(study_id))
    made = sum(sum(1 for _ in world.journal.run_facts(experiment)) for experiment in experiments.values())
    world.expect(sum(each.suite.count for each in loaded) * len(names), done=made)
    for sample in names:
        if not await _one_run(sample, loaded, experiments, world, effects):
            return False
    twice = [
        work for each in loaded for work in _second_scores(each, experiments[each.suite.name], names[0], world.journal)
    ]
    return await measure(twice, effects) if twice else True


async def _one_run(
    sample: str, loaded: Sequence[Loaded], experiments: dict[str, int], world: World, effects: Effects
) -> bool:
    """Make one run of every suite, in processes of its own, as the two sides of a build have theirs.

    What a process keeps to itself (a seed, a cache) is shared by the examples of a run, and by nothing beyond it.
    """
    async with AsyncExitStack() as stack:
        works = []
        for each in loaded:
            side, experiment = each.suite.sides[0], experiments[each.suite.name]
            work = work_of(each, side.side, experiment, (sample,), world.journal)
            if next(iter(world.journal.undone(experiment, sample)), None) is not None:
                task = world.task_runner(each.suite, side)
                stack.push_async_callback(task.close)
                await task.start()
                work = replace(work, task=task)
            works.append(work)
        return await measure(works, effects)


def _second_scores(each: Loaded, experiment: int, first: str, journal: Journal) -> Iterator[Work]:
    """Yield what scores answers of the first run once more: judges all of them, others some all over the dataset."""
    judges = tuple(one for one in each.evaluators if one.spec.kind is EvaluatorKind.LLM)
    others = tuple(one for one in each.evaluators if one.spec.kind is not EvaluatorKind.LLM)
    for evaluators, only in ((judges, None), (others, frozenset(_spread(each.suite)))):
        if evaluators:
            name = evaluators[0].spec.name
            waiting = journal.unevaluated(experiment, first, again=again(first), evaluator=name)
            yield Work(
                experiment=experiment,
                suite=each.suite.name,
                side=each.suite.sides[0].side,
                task=each.tasks[each.suite.sides[0].side],
                evaluators=evaluators,
                draws=(),
                answered=_once_more(waiting, again(first), only),
            )


def _once_more(
    waiting: Iterable[tuple[Example, TaskOutcome]], sample: str, only: frozenset[str] | None
) -> Iterator[Answered]:
    for example, outcome in waiting:
        if only is None or example.id in only:
            yield Answered(example=example, sample=sample, outcome=outcome)


def _spread(suite: PreparedSuite) -> Iterator[str]:
    """Yield the ids of some examples all over the dataset, the same ones each time."""
    step = max(1, suite.count // SPOT_CHECKED)
    taken = 0
    for place, example in enumerate(suite.examples()):
        if place % step == 0 and taken < SPOT_CHECKED:
            taken += 1
            yield example.id
