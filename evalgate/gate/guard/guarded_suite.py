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


def guarded_suite(
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
    data = Source(
        root=_having(before.dataset.file, root, here) if before.dataset.file is not None else root, ref=before.dataset
    )
    changes = _NO_CHANGES
    unscored: tuple[str, ...] = ()
    rescoring: OwnEvaluators | None = None
    told: list[Difference] = []
    if after is not None and own is not None:
        mine = Source(root=here, ref=after.dataset)
        if not alike(data, mine):
            changes = compare_examples(data, _examples(name, data, root), mine)
        ours = Evaluators(declared=after.evaluators, root=here, endpoints=loaded.config.endpoints)
        theirs = Evaluators(declared=before.evaluators, root=root, endpoints=at.config.endpoints)
        edited = list(of_evaluators(name, theirs, ours))
        unscored = tuple(dict.fromkeys(label for label, _ in edited if label not in {each.label for each in added}))
        rescoring = _rescoring(after, here, loaded.config.endpoints, changes, unscored)
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
    if changes.first and after is not None:
        # Nothing decides at the base, so there is nothing to guard: the change's examples are the first ones.
        decides = decides.model_copy(update={"dataset": after.dataset})
        placed, changes = replace(placed, root=here, added=None), _NO_CHANGES
    second = at.baseline_tasks.get(name)
    guarded = GuardedSuite(
        placed=placed,
        own=own,
        changes=changes,
        unscored=unscored,
        rescoring=rescoring,
        new_checks=tuple(check for check in decides.checks if check not in before.checks),
        second=None
        if second is None
        else Second(task=second, root=root, config=at.path, endpoints=at.config.endpoints),
        gone=next((file for file in own_files(task) if after is None and not (here / file).is_file()), None),
    )
    return decides, guarded, told


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
