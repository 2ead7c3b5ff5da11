"""From a config and what the command asked for to what must be run: suites selected, read and hashed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from evalgate.errors import ConfigurationError
from evalgate.gate.baselines.at_base import at_base, with_nothing_changed
from evalgate.gate.baselines.bases import Bases
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.family import recorded_family
from evalgate.gate.guard.guard import Gate
from evalgate.gate.guard.guarded import recorded_gate
from evalgate.gate.guard.guarded_suite import Second
from evalgate.gate.hub_prompts import LookUp, Prompts, looked_up, no_prompts, one_version, with_prompts_said
from evalgate.gate.prepare import Tree, prepare_side, prepare_suite
from evalgate.gate.prepared import Placed, PreparedSide, PreparedSuite
from evalgate.gate.selection import Selection
from evalgate.journal.builds import ProblemRow
from evalgate.journal.changes import AcceptanceRow
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.config import Config, Price, Suite
from evalgate.suite.tasks import CommandTask, HttpTask, PromptTask, PythonTask, TaskBase


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
    trial: str | None = None
    """What `evalgate compare` calls the task that it tries."""
    gate: Mapping[str, Any] | None = None
    """Whose definitions decide, as the journal keeps it; None where no base commit defines anything otherwise."""
    prices: Mapping[str, Price] = field(default_factory=dict)
    """Those for models of which neither the config nor the list knows one."""
    change: str | None = None
    """What people call the change that is measured: `pull request 12`, `branch tone`."""
    accepted: tuple[AcceptanceRow, ...] = ()
    """What is accepted of it, whether that counts or not."""
    purpose: Mapping[str, Any] | None = None
    """What it is for where that is no change, as the journal keeps it."""
    family: Mapping[str, Any] | None = None
    """Of which whole config the suites are, as the journal keeps it; None where no verdict is asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the command asked for. `resume` is the build to go on with."""

    suites: tuple[str, ...] = ()
    limit: int | None = None
    keyword: str | None = None
    last_failed: bool = False
    resume: int | None = None
    together: bool = False
    """It is decided elsewhere, together with other builds of the same change."""


def make_request(
    gate: Gate,
    wanted: Wanted,
    journal: Journal,
    *,
    commit: Commit,
    tree: Tree,
    bases: Bases | None = None,
    prompts: Prompts = no_prompts,
) -> Request:
    """Return everything that a run needs to know before it starts; without `bases` no commit is compared with.

    `prompts` looks up prompts in Phoenix.

    A build that is gone on with keeps the suites that it has. Raises ConfigurationError for a suite that is not there,
    DatasetError for a dataset that cannot be read.
    """
    loaded = gate.loaded
    names = tuple(map(gate.named, wanted.suites))
    if wanted.resume is not None:
        names = tuple(recorded_config(journal.build(wanted.resume)).suites)
    config = _only(loaded.config, names)
    asked = _Asked(tree=tree, bases=bases, prompts=prompts)
    suites = tuple(_comparable(_suite(gate, name, _selection(name, wanted, journal), asked)) for name in config.suites)
    config = config.model_copy(update={"suites": {suite.name: suite.suite for suite in suites}})
    partial = next((suite.selection.words for suite in suites if suite.selection.words), None)
    return Request(
        config=config,
        config_file=loaded.path.name,
        suites=suites,
        partial=partial,
        commit=commit,
        gate=recorded_gate(gate, config.suites),
        prices=gate.prices,
        family=recorded_family(loaded.config, together=wanted.together),
    )


def whole_suites(
    gate: Gate, names: Sequence[str], *, tree: Tree, bases: Bases | None = None, prompts: Prompts = no_prompts
) -> tuple[PreparedSuite, ...]:
    """Return the named suites (no names: all) with all their examples: what a run would take, without a journal.

    Raises as `make_request` does.
    """
    named = [*map(gate.named, names)]
    asked = _Asked(tree=tree, bases=bases, prompts=prompts)
    wanted = _only(gate.loaded.config, named).suites
    return tuple(_suite(gate, name, Selection(), asked) for name in wanted)


def _comparable(suite: PreparedSuite) -> PreparedSuite:
    """Say so where both sides are what a tag in Phoenix is now: a run would compare it with itself."""
    return suite if suite.one_version is None else replace(suite, problem=suite.problem or suite.one_version)


def _only(config: Config, names: Sequence[str]) -> Config:
    """Return the config with the named suites alone; no names: all of it."""
    for name in names:
        if name not in config.suites:
            near = difflib.get_close_matches(name, config.suites, n=1)
            raise ConfigurationError(
                f"there is no suite {name}" + (f"; did you mean {near[0]}?" if near else ""),
                next_step=f"name one of {', '.join(config.suites)}",
            )
    kept = {name: suite for name, suite in config.suites.items() if not names or name in names}
    return config.model_copy(update={"suites": kept})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What is asked while suites are prepared: the files of a tree, commits, prompts in Phoenix."""

    tree: Tree
    bases: Bases | None
    prompts: Prompts


def _suite(gate: Gate, name: str, selection: Selection, asked: _Asked) -> PreparedSuite:
    prepared, guarded = _deciding(gate, name, selection, asked), gate.suites.get(name)
    prepared = with_prompts_said(prepared)
    return prepared if guarded is None else replace(prepared, own=guarded.rescoring)


def _deciding(gate: Gate, name: str, selection: Selection, asked: _Asked) -> PreparedSuite:
    tree, bases = asked.tree, asked.bases
    loaded, guarded = gate.loaded, gate.suites.get(name)
    suite, root = loaded.config.suites[name], loaded.root(name)
    endpoints = loaded.config.endpoints
    if guarded is not None and guarded.gone is not None:
        prepared = prepare_suite(name, suite, placed=guarded.placed, selection=selection, sides=(), endpoints=endpoints)
        return replace(prepared, problem=_gone(name, guarded.gone))
    look_up = partial(looked_up, asked.prompts, gate.phoenix)
    suite = suite.model_copy(update={"task": look_up(suite.task, gate.endpoints)})
    sides = _sides(gate, name, suite, tree, look_up)
    placed = guarded.placed if guarded is not None else Placed(root=root)
    ref = suite.baseline_ref
    if bases is None or ref is None or not ref.of_commit:
        prepared = prepare_suite(name, suite, placed=placed, selection=selection, sides=sides, endpoints=endpoints)
        return replace(prepared, one_version=one_version(name, *sides) if len(sides) > 1 else None)
    at = at_base(name, suite, loaded, bases, tree=tree, look_up=look_up)
    prepared = prepare_suite(name, at.suite, placed=placed, selection=selection, sides=sides, endpoints=endpoints)
    alike = None if at.side is None else one_version(name, sides[0], at.side, of_commit=True)
    if alike is None and (guarded is None or not guarded.redefined):
        at = with_nothing_changed(at, prepared, bases, loaded.config.phoenix)
    return replace(
        prepared,
        suite=at.suite,
        sides=sides if at.side is None else (*sides, at.side),
        base=at.base,
        problem=at.problem,
        one_version=alike,
        notes=at.notes,
        unchanged=at.unchanged,
    )


def _sides(gate: Gate, name: str, suite: Suite, tree: Tree, look_up: LookUp) -> tuple[PreparedSide, ...]:
    """Return the candidate, and the baseline where that is a second task."""
    prepared = partial(prepare_side, tree=tree, quarantine=suite.quarantine)
    first = prepared(
        *(Side.CANDIDATE, _title(suite.task), suite.task),
        root=gate.loaded.root(name),
        endpoints=gate.endpoints,
        config=gate.loaded.path,
    )
    second = _second(gate, name)
    if second is None:
        return (first,)
    task = look_up(second.task, second.endpoints)
    other = (Side.BASELINE, _title(task), task)
    return first, prepared(*other, root=second.root, endpoints=second.endpoints, config=second.config)


def _second(gate: Gate, name: str) -> Second | None:
    """Return the second task that a suite is compared with: the base commit's in its tree, where that decides."""
    guarded, task = gate.suites.get(name), gate.loaded.baseline_tasks.get(name)
    if guarded is not None and guarded.second is not None:
        return guarded.second
    if task is None:
        return None
    loaded = gate.loaded
    return Second(task=task, root=loaded.root(name), config=loaded.path, endpoints=gate.endpoints)


def _gone(name: str, file: str) -> ProblemRow:
    """Say so where a change takes a suite away together with what it runs."""
    return ProblemRow(
        suite=name,
        kind=Unmeasurable.NOTHING,
        message=f"This change removes the suite and {file}, which its task runs: what it measured cannot be"
        " measured any more.",
        next_step="merge it past the gate where that is meant, or keep the suite until it is",
    )


def _title(task: TaskBase) -> str:
    """Return what people call a side: what its task points at."""
    match task:
        case PromptTask():
            return f"{task.prompt if isinstance(task.prompt, str) else task.prompt.shown} on {task.model}"
        case PythonTask():
            return task.python
        case CommandTask():
            return task.command if isinstance(task.command, str) else " ".join(task.command)
        case HttpTask():
            return task.http.serve.command if task.http.serve else str(task.http.url)
        case _:
            raise TypeError(f"{type(task).__name__} has no title")


def _selection(name: str, wanted: Wanted, journal: Journal) -> Selection:
    only = None
    if wanted.last_failed:
        only = _failed(name, journal)
    elif wanted.resume is not None and journal.build(wanted.resume).partial:
        # A sample goes on with the examples that it has.
        only = frozenset(example.id for example in journal.examples(wanted.resume, name))
    return Selection(limit=wanted.limit, keyword=wanted.keyword, only=only)


def _failed(name: str, journal: Journal) -> frozenset[str]:
    """Return the examples of a suite that did not get the best score everywhere in the latest complete build.

    A sample counts, so that the ones still to be mended get fewer; a build that ran no example of the suite does not.
    """
    for build in journal.builds():
        for experiment in journal.experiments(build.id):
            if build.complete and (experiment.suite, experiment.side) == (name, Side.CANDIDATE):
                runs = list(journal.run_facts(experiment.id))
                if not runs:
                    continue
                best = {spec.name: spec.best for spec in experiment.specs}
                unanswered = {example for example, _, _, kind in runs if kind is not None}
                return frozenset(unanswered).union(
                    example
                    for example, _, evaluator, score, failed in journal.scores(experiment.id)
                    if failed or (best[evaluator] is not None and score != best[evaluator])
                )
    raise ConfigurationError(f"no complete build has the suite {name}: nothing failed last", next_step="evalgate run")
