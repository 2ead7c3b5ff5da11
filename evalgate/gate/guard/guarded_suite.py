"""One suite of the base as it decides about a change: with the change's task, and with what only the change has."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evalgate.errors import BaselineError, ConfigurationError
from evalgate.gate.baselines.at_base import own_files
from evalgate.gate.baselines.bases import Bases
from evalgate.gate.guard.differences import (
    Difference,
    Evaluators,
    ExampleChanges,
    Known,
    Source,
    alike,
    compare_examples,
    known_examples,
    of_evaluators,
    of_examples,
    of_quarantine,
    of_suites,
)
from evalgate.gate.prepare import own_evaluators
from evalgate.gate.prepared import OwnEvaluators, OwnExamples, Placed
from evalgate.suite.baselines import BaselineKind
from evalgate.suite.checks import Check
from evalgate.suite.config import Endpoint, Suite
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.inputs import evaluator_files
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.quarantine import quarantine_file
from evalgate.suite.tasks import HostedTask, TaskBase

_NO_CHANGES = ExampleChanges()


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
    """Evaluators that the change defines otherwise: what decides is not what they say."""
    rescoring: OwnEvaluators | None = None
    """Those of them that checks of the change gate on."""
    new_checks: tuple[str, ...] = ()
    """The checks that only the change has."""
    gone: str | None = None
    """What the suite's task needs and the change no longer has."""

    @property
    def reworded(self) -> frozenset[str]:
        """The examples whose expected answer alone the change edits, where its own evaluators score them."""
        of = self.rescoring.reworded if self.rescoring is not None else None
        return of.ids if of is not None else frozenset()

    @property
    def redefined(self) -> bool:
        """Whether the change has other examples or evaluators than those that decide."""
        return bool(self.changes) or bool(self.unscored)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Both:
    """One suite as the base has it and as the change does, and where either is."""

    name: str
    own: str | None
    before: Suite
    after: Suite | None
    """None where the change has no such suite any more."""
    root: Path
    here: Path

    @property
    def task(self) -> TaskBase:
        """The change's task; the base's where the change has none."""
        return self.before.task if self.after is None else self.after.task

    @property
    def data(self) -> Source:
        """The golden dataset as the base has it."""
        ref = self.before.dataset
        return Source(root=self.root if ref.file is None else _having(ref.file, self.root, self.here), ref=ref)

    @property
    def added(self) -> tuple[Evaluator, ...]:
        """The evaluators that only the change has."""
        return () if self.after is None else _new_evaluators(self.before, self.after)

    def decides(self, folder: Path) -> Suite:
        """Return the suite that decides, as it is declared in `folder`: the base's, with what only the change has."""
        checks = {} if self.after is None else _new_checks(self.before, self.after)
        return self.before.model_copy(
            update={
                "root": os.path.relpath(self.here.resolve(), folder.resolve()),
                "task": self.task,
                "evaluators": (*self.before.evaluators, *self.added),
                "checks": {**self.before.checks, **checks},
            }
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Edits:
    """What the change has otherwise than the base, and how that is told."""

    told: tuple[Difference, ...]
    changes: ExampleChanges = _NO_CHANGES
    unscored: tuple[str, ...] = ()
    rescoring: OwnEvaluators | None = None


def guarded_suite(
    name: str, own: str | None, loaded: LoadedConfig, at: LoadedConfig, bases: Bases
) -> tuple[Suite, GuardedSuite, list[Difference]]:
    """Return a suite of the base as it decides about the change, what it is made of, and what the change edits."""
    root = at.root(name)
    here = bases.in_work_tree(root)
    both = _Both(
        name=name,
        own=own,
        before=at.config.suites[name],
        after=loaded.config.suites[own] if own is not None else None,
        root=root,
        here=loaded.root(own) if own is not None else here,
    )
    decides = both.decides(loaded.path.absolute().parent)
    edits = _edits(both, loaded.config.endpoints, at.config.endpoints)
    placed, changes = _placed(both, edits.changes), edits.changes
    if changes.first and both.after is not None:
        # Nothing decides at the base, so there is nothing to guard: the change's examples are the first ones.
        decides = decides.model_copy(update={"dataset": both.after.dataset})
        placed, changes = replace(placed, root=both.here, added=None), _NO_CHANGES
    second = at.baseline_tasks.get(name)
    guarded = GuardedSuite(
        placed=placed,
        own=own,
        changes=changes,
        unscored=edits.unscored,
        rescoring=edits.rescoring,
        new_checks=tuple(check for check in decides.checks if check not in both.before.checks),
        second=None
        if second is None
        else Second(task=second, root=root, config=at.path, endpoints=at.config.endpoints),
        gone=next(
            (file for file in own_files(both.task) if both.after is None and not (both.here / file).is_file()), None
        ),
    )
    return decides, guarded, list(edits.told)


def _edits(both: _Both, endpoints: Mapping[str, Endpoint], before: Mapping[str, Endpoint]) -> _Edits:
    """Return what the change edits. `endpoints` are its own, `before` the base's."""
    name, after, data = both.name, both.after, both.data
    if after is None:
        return _Edits(told=(Difference(suite=name, key="suites", message="the suite is removed"),))
    mine = Source(root=both.here, ref=after.dataset)
    changes = _NO_CHANGES if alike(data, mine) else compare_examples(data, _examples(name, data, both.root), mine)
    ours = Evaluators(declared=after.evaluators, root=both.here, endpoints=endpoints)
    theirs = Evaluators(declared=both.before.evaluators, root=both.root, endpoints=before)
    edited = list(of_evaluators(name, theirs, ours))
    added = {each.label for each in both.added}
    unscored = tuple(dict.fromkeys(label for label, _ in edited if label not in added))
    rescoring = _rescoring(after, both.here, endpoints, changes, unscored)
    aside = of_quarantine(name, quarantine_file(both.before, both.root), quarantine_file(after, both.here))
    told = (*of_suites(name, both.before, after), *aside, *(each for _, each in edited), *of_examples(name, changes))
    if both.own != name:
        told = (Difference(suite=name, key="suites", message=f"the suite is called {both.own} here"), *told)
    return _Edits(told=told, changes=changes, unscored=unscored, rescoring=rescoring)


def _placed(both: _Both, changes: ExampleChanges) -> Placed:
    """Return where each part of the suite is: the base's definitions, and the change's own files and evaluators."""
    before, root, here = both.before, both.root, both.here
    return Placed(
        root=both.data.root,
        evaluators={each.label: _evaluator_root(each, root, here) for each in before.evaluators}
        | {each.label: here for each in both.added},
        stored=_stored_root(before, root, here),
        definitions=root,
        interpreters=here,
        setup=before.task if isinstance(before.task, HostedTask) and before.task.setup is not None else None,
        setup_root=root,
        added=_added(before, both.after, here, changes),
    )


def _rescoring(
    after: Suite,
    here: Path,
    endpoints: Mapping[str, Endpoint],
    changes: ExampleChanges,
    unscored: Collection[str],
) -> OwnEvaluators | None:
    """Return what scores the answers as the change defines it: its own evaluators, and all where it edits answers."""
    gating = [each for each in after.evaluators if _gates(each, after)]
    reworded = frozenset(name for name, parts in changes.edited.items() if parts == ("output",))
    return own_evaluators(
        [each for each in gating if each.label in unscored],
        [each for each in gating if each.label not in unscored] if reworded else [],
        Placed(root=here, endpoints=endpoints),
        reworded=OwnExamples(root=here, ref=after.dataset, ids=reworded) if reworded else None,
        without=(*(name for name in changes.edited if name not in reworded), *changes.removed),
    )


def _gates(evaluator: Evaluator, suite: Suite) -> bool:
    check = suite.checks.get(evaluator.label)
    return check is not None and check.gating


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


def _added(before: Suite, after: Suite | None, here: Path, changes: ExampleChanges) -> OwnExamples | None:
    """Return the examples that are run beside the base's; a stored baseline has no answers to them."""
    ref = before.baseline_ref
    stored = ref is not None and not ref.of_commit
    if after is None or stored or not changes.added:
        return None
    return OwnExamples(root=here, ref=after.dataset, ids=frozenset(changes.added))


def _new_evaluators(before: Suite, after: Suite) -> tuple[Evaluator, ...]:
    """Return the evaluators that only the change has. One called like a check of the base would take its place."""
    taken = {each.label for each in before.evaluators} | set(before.checks)
    return tuple(each for each in after.evaluators if each.label not in taken)


def _new_checks(before: Suite, after: Suite) -> dict[str, Check]:
    """Return the checks that only the change has, as far as the base's baseline can decide them."""
    compared = before.baseline is not None and (before.baseline_ref is None or before.baseline_ref.of_commit)
    return {
        name: check if compared else check.without_comparisons()
        for name, check in after.checks.items()
        if name not in before.checks
    }
