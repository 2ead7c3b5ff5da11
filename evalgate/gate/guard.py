"""Whose definitions decide: in a pull request the base commit's, on its examples; the change's own where it adds some.

The task that answers is the change's, always: it is what is judged. docs/pull-requests.md has the table of all keys.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from evalgate.errors import BaselineError, ConfigurationError, EvalgateError
from evalgate.gate.at_base import own_files
from evalgate.gate.bases import Bases
from evalgate.gate.differences import (
    Difference,
    Evaluators,
    ExampleChanges,
    Known,
    Source,
    compare_examples,
    known_examples,
    of_evaluators,
    of_examples,
    of_quarantine,
    of_shared,
    of_suites,
)
from evalgate.gate.prepare import Added, Placed
from evalgate.git.history import Base
from evalgate.suite.baselines import BaselineKind, BaselineRef
from evalgate.suite.checks import Check
from evalgate.suite.config import Config, Endpoint, Price, Suite
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.inputs import evaluator_files
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.quarantine import quarantine_file
from evalgate.suite.tasks import HostedTask, TaskBase

Load = Callable[[Path], LoadedConfig]
"""Reads a config of another commit, with what the environment and flags lay over every config."""


class Decides(StrEnum):
    """Whose definitions decide where the two differ."""

    BASE = "base"
    """A pull request: the base commit's."""
    ALLOWED = "allowed"
    """A pull request whose base says `policy.pr_may_change_gate: true`: its own."""
    LOCAL = "local"
    """No pull request: the work tree's own."""


_NO_CHANGES = ExampleChanges(base=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Second:
    """The second task that a suite is compared with, and where it is."""

    task: TaskBase
    root: Path
    config: Path
    endpoints: Mapping[str, Endpoint]


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardedSuite:
    """What one suite of a pull request is compared with and made of, beside its config."""

    placed: Placed
    second: Second | None = None
    own: str | None = None
    """What the change calls it; None where it has no such suite any more."""
    changes: ExampleChanges = _NO_CHANGES
    unscored: tuple[str, ...] = ()
    """Evaluators that the change defines otherwise: what they would say is not known."""
    new_checks: tuple[str, ...] = ()
    """The checks that only the change has."""
    gone: str | None = None
    """What the suite's task needs and the change no longer has."""

    @property
    def redefined(self) -> bool:
        """Whether the change has other examples or evaluators than those that decide."""
        return bool(self.changes) or bool(self.unscored)


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What decides in a build. `loaded` has the config that it is recorded with; its tasks are the change's.

    `suites` has those that the base commit has, where it decides. `endpoints` are those of the change's tasks, and
    `prices` those that only the change has, for models of which nobody else knows one.
    """

    loaded: LoadedConfig
    endpoints: Mapping[str, Endpoint]
    suites: Mapping[str, GuardedSuite] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    base: Base | None = None
    decides: Decides = Decides.LOCAL
    differences: tuple[Difference, ...] = ()
    own: Config | None = None
    """The change's own config, where the base's decides."""

    def named(self, suite: str) -> str:
        """Return the name by which a suite decides: the base's, where the change calls it otherwise."""
        return next((name for name, each in self.suites.items() if each.own == suite), suite)


def unguarded(loaded: LoadedConfig) -> Gate:
    """Return the gate of a config that decides by itself."""
    return Gate(loaded=loaded, endpoints=loaded.config.endpoints)


def guard(loaded: LoadedConfig, bases: Bases, load: Load, *, pull_request: bool) -> Gate:
    """Return what decides about the change that is checked out.

    Outside of a pull request that is its own config, and what a pull request would do otherwise is listed where the
    base is at hand. Raises BaselineError where a pull request's base or its gate cannot be read, ConfigurationError
    for a suite of the change that leads out of the repository.
    """
    if not pull_request:
        return _local(loaded, bases, load)
    base = bases.base(_MERGE_BASE)
    _refuse_outside(loaded, bases)
    found = _at_base(base, bases, load)
    if found is None:
        return Gate(loaded=loaded, endpoints=loaded.config.endpoints, base=base, decides=Decides.ALLOWED)
    if found.config.policy.pr_may_change_gate:
        whole = _guarded(loaded, found, base, bases)
        return replace(unguarded(loaded), base=base, decides=Decides.ALLOWED, differences=whole.differences)
    return _guarded(loaded, found, base, bases)


_MERGE_BASE = BaselineRef(kind=BaselineKind.MERGE_BASE)


def _local(loaded: LoadedConfig, bases: Bases, load: Load) -> Gate:
    """Return the work tree's own gate with what differs, where a suite is compared with the base commit anyway."""
    refs = [suite.baseline_ref for suite in loaded.config.suites.values()]
    ref = next((ref for ref in refs if ref is not None and ref.kind is BaselineKind.MERGE_BASE), None)
    if ref is None:
        return unguarded(loaded)
    try:
        base = bases.base(ref)
        found = _at_base(base, bases, load)
        if found is None or found.config.policy.pr_may_change_gate:
            return unguarded(loaded)
        differences = _guarded(loaded, found, base, bases).differences
    except EvalgateError:
        return unguarded(loaded)  # it is said where the baseline is made, or where the dataset is read
    return replace(unguarded(loaded), base=base, differences=differences)


def _at_base(base: Base, bases: Bases, load: Load) -> LoadedConfig | None:
    """Return the base commit's whole config; None where it has none, so that the change defines its own gate."""
    path = bases.config(base)
    if path is None:
        return None
    try:
        return load(path)
    except ConfigurationError as error:
        raise BaselineError(
            f"the gate of {base.label} decides about a pull request, and it cannot be read:"
            f" {str(error).replace(str(path), f'{path.name} of {base.label}')}",
            next_step=f"mend it on {base.name or 'the base'}; the pull request that does so is merged past the gate",
        ) from None


def _refuse_outside(loaded: LoadedConfig, bases: Bases) -> None:
    """Raise ConfigurationError where a root or a dataset of the change is not in its repository, links followed."""
    for name, suite in loaded.config.suites.items():
        for key, path in (("root", loaded.root(name)), ("dataset", loaded.root(name) / suite.dataset.file)):
            try:
                bases.within(path)
            except BaselineError:
                raise ConfigurationError(
                    f"suite {name}: in a pull request `{key}` has to be in the repository, and {path} leads out of it",
                    next_step=f"correct `suites.{name}.{key}` in {loaded.path}",
                ) from None


def _guarded(loaded: LoadedConfig, at: LoadedConfig, base: Base, bases: Bases) -> Gate:
    """Return the base's definitions with the change's tasks, and with what only the change has."""
    ours = loaded.config
    names = _paired(at.config, ours)
    config = {
        "suites": {},
        "endpoints": {**ours.endpoints, **at.config.endpoints},
        "prices": at.config.prices,
    }
    suites: dict[str, Suite] = {}
    guarded: dict[str, GuardedSuite] = {}
    differences: list[Difference] = []
    for name, own in names.items():
        suites[name], guarded[name], told = _suite(name, own, loaded, at, bases)
        differences += told
    for name in ours.suites:
        if name not in names.values():
            suites[name] = ours.suites[name]
            placed = Placed(root=loaded.root(name), own_dataset=True)
            guarded[name] = GuardedSuite(placed=placed, own=name, new_checks=tuple(ours.suites[name].checks))
            differences.append(Difference(suite=name, key="suites", message="the suite is added"))
    config["suites"] = suites
    seconds = {name: each.second.task for name, each in guarded.items() if each.second is not None}
    new = {name: task for name, task in loaded.baseline_tasks.items() if name in suites and name not in names}
    return Gate(
        loaded=replace(loaded, config=at.config.model_copy(update=config), baseline_tasks={**new, **seconds}),
        endpoints={**at.config.endpoints, **ours.endpoints},
        suites=guarded,
        prices={name: price for name, price in ours.prices.items() if name not in at.config.prices},
        base=base,
        decides=Decides.BASE,
        differences=(*differences, *of_shared(at.config, ours), *_of_workflows(base, bases)),
        own=ours,
    )


def _of_workflows(base: Base, bases: Bases) -> Iterator[Difference]:
    """Yield what only people can guard: the workflow says whether the gate runs at all."""
    for name in bases.edited_workflows(base):
        yield Difference(key="workflow", message=f"{name} is edited, and what runs the gate is the change's own")


def _paired(base: Config, own: Config) -> dict[str, str | None]:
    """Return, by each suite of the base, what the change calls it; None where it has none that could be it.

    One that is called otherwise is known by its task and its dataset.
    """
    names: dict[str, str | None] = {name: name if name in own.suites else None for name in base.suites}
    free = [name for name in own.suites if name not in base.suites]
    for name in [name for name, found in names.items() if found is None]:
        likeness = {each: _alike(base.suites[name], own.suites[each]) for each in free}
        best = max(free, key=likeness.__getitem__, default=None)
        if best is not None and likeness[best]:
            names[name] = best
            free.remove(best)
    return names


def _alike(one: Suite, other: Suite) -> int:
    return 2 * (one.task == other.task) + (one.dataset.file == other.dataset.file)


def _suite(
    name: str, own: str | None, loaded: LoadedConfig, at: LoadedConfig, bases: Bases
) -> tuple[Suite, GuardedSuite, list[Difference]]:
    """Return a suite of the base as it decides about the change, what it is made of, and what the change edits."""
    before, root = at.config.suites[name], at.root(name)
    here = bases.in_work_tree(root)
    after = loaded.config.suites[own] if own is not None else None
    if own is not None:
        here = loaded.root(own)
    task = before.task if after is None else after.task
    added = () if after is None else _new_evaluators(before, after)
    decides = before.model_copy(
        update={
            "root": os.path.relpath(here.resolve(), loaded.path.absolute().parent.resolve()),
            "task": task,
            "evaluators": (*before.evaluators, *added),
            "checks": {**before.checks, **({} if after is None else _new_checks(before, after))},
        }
    )
    data = Source(root=_having(before.dataset.file, root, here), ref=before.dataset)
    changes = _NO_CHANGES
    unscored: tuple[str, ...] = ()
    told: list[Difference] = []
    if after is not None and own is not None:
        changes = compare_examples(data, _examples(name, data, root), Source(root=here, ref=after.dataset))
        ours = Evaluators(declared=after.evaluators, root=here, endpoints=loaded.config.endpoints)
        theirs = Evaluators(declared=before.evaluators, root=root, endpoints=at.config.endpoints)
        edited = list(of_evaluators(name, theirs, ours))
        unscored = tuple(dict.fromkeys(label for label, _ in edited if label not in {each.label for each in added}))
        aside = of_quarantine(name, quarantine_file(before, root), quarantine_file(after, here))
        told += [*of_suites(name, before, after), *aside, *(each for _, each in edited), *of_examples(name, changes)]
        if own != name:
            told.insert(0, Difference(suite=name, key="suites", message=f"the suite is called {own} here"))
    else:
        told.append(Difference(suite=name, key="suites", message="the suite is removed"))
    placed = Placed(
        root=data.root,
        evaluators={each.label: _evaluator_root(each, root, here) for each in before.evaluators}
        | {each.label: here for each in added},
        stored=_stored_root(before, root, here),
        definitions=root,
        interpreters=here,
        setup=before.task if isinstance(before.task, HostedTask) and before.task.setup is not None else None,
        setup_root=root,
        added=_added(before, after, here, changes),
    )
    if not changes.base and after is not None:
        # Nothing decides at the base, so there is nothing to guard: the change's examples are the first ones.
        decides = decides.model_copy(update={"dataset": after.dataset})
        placed, changes = replace(placed, root=here, added=None), _NO_CHANGES
    second = at.baseline_tasks.get(name)
    guarded = GuardedSuite(
        placed=placed,
        own=own,
        changes=changes,
        unscored=unscored,
        new_checks=tuple(check for check in decides.checks if check not in before.checks),
        second=None
        if second is None
        else Second(task=second, root=root, config=at.path, endpoints=at.config.endpoints),
        gone=next((file for file in own_files(task) if after is None and not (here / file).is_file()), None),
    )
    return decides, guarded, told


def _examples(name: str, data: Source, root: Path) -> Known:
    try:
        return known_examples(data)
    except ConfigurationError as error:
        raise BaselineError(
            f"the golden dataset of suite {name} cannot be read as the base commit has it:"
            f" {str(error).replace(f'{root}{os.sep}', '')}",
            next_step="mend it on the base; the pull request that does so is merged past the gate",
        ) from None


def _having(file: str, root: Path, here: Path) -> Path:
    """Return where a file of the base is: what its commit does not hold (it is ignored, or made) is the work tree's."""
    return here if not (root / file).is_file() and (here / file).is_file() else root


def _evaluator_root(evaluator: Evaluator, root: Path, here: Path) -> Path:
    files = evaluator_files(evaluator)
    lacking = [file for file in files if not (root / file).is_file()]
    return here if lacking and all((here / file).is_file() for file in files) else root


def _stored_root(suite: Suite, root: Path, here: Path) -> Path:
    ref = suite.baseline_ref
    return _having(ref.name or "", root, here) if ref is not None and ref.kind is BaselineKind.FILE else root


def _added(before: Suite, after: Suite | None, here: Path, changes: ExampleChanges) -> Added | None:
    """Return the examples that are run beside the base's; a stored baseline has no answers to them."""
    ref = before.baseline_ref
    stored = ref is not None and not ref.of_commit
    if after is None or stored or not changes.added:
        return None
    return Added(root=here, ref=after.dataset, ids=frozenset(changes.added))


def _new_evaluators(before: Suite, after: Suite) -> tuple[Evaluator, ...]:
    """Return the evaluators that only the change has. One called like a check of the base would take its place."""
    taken = {each.label for each in before.evaluators} | set(before.checks)
    return tuple(each for each in after.evaluators if each.label not in taken)


def _new_checks(before: Suite, after: Suite) -> dict[str, Check]:
    """Return the checks that only the change has, as far as the base's baseline can decide them."""
    compared = before.baseline is not None and (before.baseline_ref is None or before.baseline_ref.of_commit)
    return {
        name: check if compared else _alone(check) for name, check in after.checks.items() if name not in before.checks
    }


def _alone(check: Check) -> Check:
    nothing: dict[str, object] = {"no_regression": None, "improves": None, "equivalent": None}
    absolute = check.at_least or check.at_most or check.zero_tolerance
    return check.model_copy(update=nothing if absolute else {**nothing, "report_only": True})
