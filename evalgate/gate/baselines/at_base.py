"""A suite at its base commit: what that commit runs, whether anything differs, and what a first change is held to.

The base's own task decides what the baseline is. Which dataset, evaluators and checks it is measured with is settled
before, in `gate/guard.py`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evalgate.errors import ConfigurationError, EvalgateError, MeasurementError
from evalgate.gate.baselines.bases import Bases
from evalgate.gate.hub_prompts import LookUp
from evalgate.gate.prepare import Tree, libraries, prepare_side
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.git.history import Base
from evalgate.golden.reading import read_examples
from evalgate.golden.versions import dataset_version
from evalgate.journal.builds import ProblemRow
from evalgate.records import Side
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.committed import CommittedSuite, read_committed
from evalgate.suite.config import DatasetRef, Endpoint, Suite
from evalgate.suite.fingerprint import evaluators_fingerprint, judge_surroundings
from evalgate.suite.inputs import evaluator_files, hash_files
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.suite.tasks import CommandTask, HostedTask, HttpTask, PromptTask, PythonTask, TaskBase


@dataclass(frozen=True, kw_only=True, slots=True)
class AtBase:
    """What the base commit makes of a suite. `suite` is what this build measures, `problem` why it cannot be.

    `notes` are sentences for the report; `unchanged` the one for which the suite is skipped.
    """

    suite: Suite
    base: Base | None = None
    side: PreparedSide | None = None
    problem: ProblemRow | None = None
    notes: tuple[str, ...] = ()
    unchanged: str | None = None


def at_base(name: str, suite: Suite, loaded: LoadedConfig, bases: Bases, *, tree: Tree, look_up: LookUp) -> AtBase:
    """Return the suite's baseline side at its base commit, or why there is none.

    `look_up` looks up a prompt in Phoenix that the base's task names. Raises ValueError for a baseline that is no
    commit.
    """
    ref = suite.baseline_ref
    if ref is None or not ref.of_commit:
        raise ValueError(f"the baseline of {name} is no commit")
    try:
        base = bases.base(ref)
        bases.require_a_change(base, ref)
        config = bases.config(base)
        shown = f"{config.name if config else loaded.path.name} of {base.label}"
        committed = read_committed(config, name, shown=shown) if config is not None else None
        if committed is not None and config is not None:
            endpoints = _as_set(committed.endpoints, loaded)
            committed = replace(committed, endpoints=endpoints, task=look_up(committed.task, endpoints))
            side = _side(committed, base, config.parent / committed.root, config, tree)
            return AtBase(suite=suite, base=base, side=side)
        lacks = f"{base.label} has no {f'suite {name}' if config is not None else loaded.path.name}"
        defines = f"First baseline: {lacks}, so this change defines its own gate."
        root = bases.tree(base) / bases.within(loaded.root(name))
        if not _has_files(suite.task, loaded.root(name), root):
            return _alone(name, suite, base, defines)
        committed = CommittedSuite(root=".", task=suite.task, endpoints=loaded.config.endpoints)
        note = f"{defines} Its task is run from the files that {base.label} has."
        side = _side(committed, base, root, config or root / loaded.path.name, tree)
        return AtBase(suite=suite, base=base, side=side, notes=(note,))
    except EvalgateError as error:
        return AtBase(suite=suite, problem=_problem(name, error))


def _as_set(endpoints: Mapping[str, Endpoint], loaded: LoadedConfig) -> dict[str, Endpoint]:
    """Return a commit's endpoints with what the environment and flags say of them: where they are is not the change's.

    What those say of a task is about the candidate's, and does not hold here.
    """
    return {
        name: endpoint.model_copy(
            update={
                field: getattr(now, field)
                for field in Endpoint.model_fields
                if loaded.is_set_outside(("endpoints", name, field))
            }
        )
        if (now := loaded.config.endpoints.get(name)) is not None
        else endpoint
        for name, endpoint in endpoints.items()
    }


def with_nothing_changed(
    at: AtBase, prepared: PreparedSuite, bases: Bases, servers: PhoenixSettings | None = None
) -> AtBase:
    """Say so where nothing that the suite runs has changed since the base, for certain: there is nothing to compare.

    `servers` are those that datasets in Phoenix come from.

    Absolute rules are about the candidate alone, so a suite that has some is measured by those.
    """
    candidate = next((side for side in prepared.sides if side.side is Side.CANDIDATE), None)
    if at.base is None or at.side is None or candidate is None or prepared.selection.words is not None or bases.every:
        return at
    if bases.is_checked_out(at.base):
        return _without_a_change(
            at,
            f"What is checked out is {at.base.label} itself, the base that this suite is compared with, and nothing of"
            " it is changed.",
        )
    prints = (candidate.fingerprint, at.side.fingerprint, prepared.evaluators)
    same = candidate.fingerprint.digest == at.side.fingerprint.digest
    if not same or not _scored_alike(at, prepared, bases, servers):
        return at
    if unwatched := dict.fromkeys(name for each in prints for name in each.unwatched):
        said = (
            f"Nothing that is known of this suite has changed since {at.base.label}. It is measured all the same, as"
            f" what is not watched may have: {'; '.join(unwatched)}."
        )
        return replace(at, notes=(*at.notes, said))
    return _without_a_change(
        at,
        f"Nothing that this suite runs has changed since {at.base.label}: its task ({_files(candidate)}), its dataset"
        f" ({prepared.count:,} examples) and its evaluators are the same. Not watched: {_not_watched(prepared)}.",
    )


def _without_a_change(at: AtBase, said: str) -> AtBase:
    """Skip the suite, or hold it to its rules about the candidate alone where it has some."""
    alone = _without_comparisons(at.suite)
    if alone is None:
        return AtBase(suite=at.suite, base=at.base, unchanged=said)
    return AtBase(suite=alone, base=at.base, notes=(*at.notes, f"{said} Only the rules about the candidate alone ran."))


def _not_watched(prepared: PreparedSuite) -> str:
    """Return what of a suite is in no fingerprint: only `--all` measures what that may have changed."""
    parts = []
    if isinstance(prepared.suite.task, HostedTask):
        parts.append("installed packages")
    if isinstance(prepared.suite.task, PromptTask) or any(each.models for each in prepared.suite.evaluators):
        parts.append("what providers serve under a model's name")
    return " and ".join(parts)


def _files(side: PreparedSide) -> str:
    names = sorted(side.files)
    return f"{len(names):,} files" if len(names) > 3 else ", ".join(names)


def _scored_alike(at: AtBase, prepared: PreparedSuite, bases: Bases, servers: PhoenixSettings | None) -> bool:
    """Return whether the base commit's own dataset and evaluators are the same as those of the work tree."""
    try:
        if at.base is None or at.side is None or (config := bases.config(at.base)) is None:
            return False
        committed = read_committed(config, prepared.name, shown=config.name)
        if committed is None or (whole := committed.whole) is None:
            return False
        root = config.parent / whole.root
        files = hash_files(root, [name for each in whole.evaluators for name in evaluator_files(each)])
        around = judge_surroundings(whole.evaluators, at.side.endpoints, libraries(whole.evaluators))
        ref = whole.dataset
        if ref.file is None:
            same = _same_version(committed, prepared.suite.dataset, servers or PhoenixSettings())
        else:
            examples = read_examples(ref.path(root), fields=ref.fields, split=ref.split)
            taken = (each for each in examples if ref.split is None or each.split == ref.split)
            same = dataset_version(taken) == prepared.dataset_version
    except EvalgateError:
        return False
    alike = evaluators_fingerprint(whole.evaluators, files, around).digest == prepared.evaluators.digest
    return alike and same


def _same_version(committed: CommittedSuite, now: DatasetRef, here: PhoenixSettings) -> bool:
    """Return whether a commit names the dataset that this build reads from Phoenix: `latest` is one version in it."""
    if committed.whole is None or committed.phoenix is None:
        return False
    ref = committed.whole.dataset
    then = (ref.phoenix, ref.declared, ref.split, ref.fields, committed.phoenix.server(ref.server))
    return then == (now.phoenix, now.declared, now.split, now.fields, here.server(now.server))


def _side(committed: CommittedSuite, base: Base, root: Path, config: Path, tree: Tree) -> PreparedSide:
    task = committed.task
    if isinstance(task, HttpTask) and task.http.serve is None:
        raise ConfigurationError(
            f"the task of {base.label} asks the server at {task.http.url}, which is not of that commit",
            next_step="say under `http.serve` how to start it; from the next change on, both sides have their own",
        )
    for file in own_files(task):
        if not (root / file).is_file():
            raise ConfigurationError(
                f"{file}, which the task of {base.label} names, is not in that commit",
                next_step="commit it, or compare with another commit: `baseline: git:<ref>`",
            )
    named = (Side.BASELINE, base.label, task)
    aside = None if committed.whole is None else committed.whole.quarantine
    return prepare_side(*named, root=root, tree=tree, endpoints=committed.endpoints, config=config, quarantine=aside)


def _alone(name: str, suite: Suite, base: Base, defines: str) -> AtBase:
    """Return a suite of whose task the base has nothing: held to its absolute rules alone, where it has some."""
    alone = _without_comparisons(suite)
    later = "Comparisons start with the next change"
    if alone is not None:
        return AtBase(suite=alone, notes=(f"{defines} {later}; the rules about the candidate alone decide.",))
    problem = ProblemRow(
        suite=name,
        kind=Unmeasurable.BASELINE,
        message=f"{defines} {base.label} has none of its task's files either, so there is nothing to compare with."
        f" {later}.",
        next_step="merge it with `policy: {on_unmeasurable: {baseline: warn}}`, or give a check an at_least",
    )
    return AtBase(suite=suite, problem=problem)


def _has_files(task: TaskBase, root: Path, base: Path) -> bool:
    """Return whether the base has what the task names of its own tree; what names no file is there in neither."""
    named = _named_files(task, root)
    return bool(named) and all((base / file).is_file() for file in named)


def own_files(task: TaskBase) -> list[str]:
    """Return the files that a task names in so many words."""
    if isinstance(task, PromptTask):
        return [task.file] if task.file is not None else []
    if isinstance(task, PythonTask) and (file := task.python.rpartition(":")[0]).endswith(".py"):
        return [file]
    return []


def _named_files(task: TaskBase, root: Path) -> list[str]:
    """Return the files of the work tree that a task's own words name: its file, its module, a command's arguments."""
    words: list[str] = []
    if isinstance(task, PythonTask) and not own_files(task):
        module = task.python.rpartition(":")[0].replace(".", "/")
        words = [f"{module}.py", f"{module}/__init__.py", f"src/{module}.py", f"src/{module}/__init__.py"]
    elif isinstance(task, CommandTask):
        words = shlex.split(task.command) if isinstance(task.command, str) else [*task.command]
    elif isinstance(task, HttpTask) and task.http.serve is not None:
        words = shlex.split(task.http.serve.command)
    inside = [word for word in words if not Path(word).is_absolute() and (root / word).is_file()]
    return [*own_files(task), *inside]


def _without_comparisons(suite: Suite) -> Suite | None:
    """Return the suite with its absolute rules alone; None where no gating check has one."""
    checks = {name: check.without_comparisons() for name, check in suite.checks.items()}
    if not any(check.gating for check in checks.values()):
        return None
    return suite.model_copy(update={"checks": checks, "baseline": None})


def _problem(name: str, error: EvalgateError) -> ProblemRow:
    place = f"{error.location}: " if error.location else ""
    kind = "There is no baseline" if isinstance(error, MeasurementError) else "The baseline's task cannot be read"
    return ProblemRow(
        suite=name,
        kind=Unmeasurable.BASELINE,
        message=f"{kind}: {place}{error.message}.".replace("..", "."),
        next_step=error.next_step or "mend it there, or compare with another commit: `baseline: git:<ref>`",
    )
