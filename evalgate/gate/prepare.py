"""What a suite is made of, read and hashed before anything starts: dataset, both sides' tasks, evaluators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError
from evalgate.gate.selection import Selection
from evalgate.git.history import Base
from evalgate.golden.reading import read_examples
from evalgate.golden.versions import example_hash, version_of_hashes
from evalgate.journal.builds import ProblemRow
from evalgate.paths import MISSING, resolve
from evalgate.records import Example, Fingerprint, Side
from evalgate.suite.config import DatasetRef, Endpoint, Suite
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.fingerprint import (
    evaluator_fingerprint,
    evaluators_fingerprint,
    judge_fingerprint,
    judge_surroundings,
    task_fingerprint,
)
from evalgate.suite.inputs import evaluator_files, hash_files, task_files
from evalgate.suite.judges import PHOENIX_EVALS
from evalgate.suite.quarantine import SetAside, read_quarantine, require_known
from evalgate.suite.tasks import HostedTask, PromptTask, TaskBase, called_endpoint

_OWN: Final = "own:"
"""Before the version of a dataset that is a new suite's: its clusters part no example of the base's suites."""

Tree = Callable[[Path], Sequence[str]]
"""Lists the files of a tree, relative to it: what git tracks and what it does not ignore, or all there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSide:
    """One side: its task, what people call it, and what its answers depend on."""

    side: Side
    label: str
    task: TaskBase
    fingerprint: Fingerprint
    files: Mapping[str, str] = field(default_factory=dict)
    """Relative path → SHA-256 of each file that the fingerprint covers; of a prompt in Phoenix which version it is."""
    root: Path
    """Where its task's paths are relative to, in its side's own tree."""
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    """As its side's own config declares them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnExamples:
    """Examples as a change has them. They decide from the next change on."""

    root: Path
    ref: DatasetRef
    ids: frozenset[str]

    def examples(self) -> Iterator[Example]:
        """Yield them."""
        every = read_examples(self.ref.path(self.root), fields=self.ref.fields)
        return (example for example in every if example.id in self.ids)


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """Where the definitions of a suite are. In a pull request that is the base commit's tree.

    `root` is that of its dataset, `evaluators` that of each by its name where it is another, `stored` that of a stored
    baseline's file, `definitions` that of its quarantine. An interpreter that is not there is looked for in
    `interpreters`, after the `setup` of that tree.
    """

    root: Path
    evaluators: Mapping[str, Path] = field(default_factory=dict)
    stored: Path | None = None
    definitions: Path | None = None
    interpreters: Path | None = None
    setup: HostedTask | None = None
    setup_root: Path | None = None
    added: OwnExamples | None = None
    """Those that the change brings along: they are run."""
    endpoints: Mapping[str, Endpoint] | None = None
    """Those that its judges are asked at, where they are not the ones of the config that decides."""
    own_dataset: bool = False
    """Only the change has the suite: its examples are none of those that the base's suites run."""

    def of(self, evaluator: Evaluator) -> Path:
        """Return what an evaluator's files are relative to."""
        return self.evaluators.get(evaluator.label, self.root)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnEvaluators:
    """Evaluators of checks that gate, as a change defines them otherwise. They score all examples but those `without`.

    Of the `reworded` examples it edits the expected answer alone: the answers to their inputs are scored as it expects
    them, by those that it leaves as they are too (`anew`). `scorers` has the fingerprint of each by its name, those in
    `certain` with all that its scores depend on; `judges` has that of the judge, of those that are one.
    """

    placed: Placed
    evaluators: tuple[Evaluator, ...]
    anew: tuple[Evaluator, ...]
    reworded: OwnExamples | None
    without: frozenset[str]
    scorers: Mapping[str, str]
    certain: frozenset[str]
    judges: Mapping[str, str]


def own_evaluators(
    evaluators: Sequence[Evaluator],
    anew: Sequence[Evaluator],
    placed: Placed,
    *,
    reworded: OwnExamples | None,
    without: Iterable[str],
) -> OwnEvaluators | None:
    """Hash what their scores depend on; None where there are none."""
    every = (*evaluators, *anew)
    if not every:
        return None
    files: dict[str, str] = {}
    for evaluator in every:
        files |= hash_files(placed.of(evaluator), evaluator_files(evaluator))
    around = judge_surroundings(every, placed.endpoints or {}, libraries(every))
    prints = {each.label: evaluator_fingerprint(each, files, around) for each in every}
    return OwnEvaluators(
        placed=placed,
        evaluators=tuple(evaluators),
        anew=tuple(anew),
        reworded=reworded,
        without=frozenset(without),
        scorers={name: each.digest for name, each in prints.items()},
        certain=frozenset(name for name, each in prints.items() if each.complete),
        judges={each.label: judge_fingerprint(each, files, around) for each in every if each.judge is not None},
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSuite:
    """One suite, ready to be run. `dataset` is the version of its whole file, `dataset_version` of what it takes."""

    name: str
    suite: Suite
    placed: Placed
    selection: Selection
    dataset: str
    dataset_version: str
    count: int
    decides: int
    """How many of the `count` examples decide."""
    evaluators: Fingerprint
    evaluator_files: Mapping[str, str]
    sides: tuple[PreparedSide, ...]
    base: Base | None = None
    """The commit that it is compared with, where its baseline is one."""
    problem: ProblemRow | None = None
    """Why it cannot be measured, known before anything is started."""
    one_version: ProblemRow | None = None
    """Why its sides cannot be compared, though each can be run: both are what a tag in Phoenix is now."""
    notes: tuple[str, ...] = ()
    """What a report says of it."""
    unchanged: str | None = None
    """Why there is nothing to measure: the suite is skipped for it."""
    quarantine: tuple[SetAside, ...] = ()
    """What is set aside of it, of all its dataset."""
    own: OwnEvaluators | None = None
    """Evaluators that score its answers too, and decide nothing."""
    judges: Mapping[str, str] = field(default_factory=dict)
    """The fingerprint of each evaluator that is a judge, by its name."""
    scorers: Mapping[str, str] = field(default_factory=dict)
    """The fingerprint of each evaluator of which everything is known that its scores depend on, by its name."""
    since: str | None = None
    """Of a release: what was recorded before (ISO 8601, UTC) is measured anew, and what the candidate's commit has
    among stored runs is taken for it."""

    def examples(self) -> Iterator[Example]:
        """Yield the selected examples, read anew: they may be longer than memory."""
        ref = self.suite.dataset
        declared = read_examples(ref.path(self.placed.root), fields=ref.fields, split=ref.split)
        added = self.placed.added.examples() if self.placed.added is not None else iter(())
        return self.selection.of(chain(declared, added))

    def deciding(self, aside: AbstractSet[str] = frozenset()) -> Iterator[Example]:
        """Yield those of them that decide, without what is set `aside`."""
        added = self.placed.added.ids if self.placed.added is not None else frozenset()
        return (example for example in self.examples() if example.id not in added and example.id not in aside)

    def aside(self, check: str, day: str) -> frozenset[str]:
        """Return what is set aside of a check on a day (ISO 8601), of all its dataset."""
        return frozenset(entry.id for entry in self.quarantine if day <= entry.expires and entry.check in (None, check))

    def watched(self, side: PreparedSide) -> dict[str, str]:
        """Return what a side's answers and scores depend on, to name what changed."""
        return {**self.evaluator_files, **side.files}


def prepare_side(
    side: Side,
    label: str,
    task: TaskBase,
    *,
    root: Path,
    tree: Tree,
    endpoints: Mapping[str, Endpoint],
    config: Path,
    quarantine: str | None = None,
) -> PreparedSide:
    """Hash what one side's answers depend on. Raises ConfigurationError for inputs that match nothing.

    Where the whole tree counts, the config's own file does not: what it says of the task is hashed by itself, and an
    interrupted build may go on with a larger budget. Nor does the quarantine file: to set an example aside is no
    reason to ask for all answers anew.
    """
    whole = task.inputs is None and not isinstance(task, PromptTask)
    files = hash_files(root, task_files(task, root, tree(root) if whole else []))
    if whole:
        beside = {config.resolve(), *([(root / quarantine).resolve()] if quarantine is not None else [])}
        files = {name: digest for name, digest in files.items() if (root / name).resolve() not in beside}
    fingerprint = task_fingerprint(task, files, endpoint=endpoints.get(called_endpoint(task) or ""))
    if isinstance(task, PromptTask) and task.ref is not None:
        files = {**files, task.ref.key: task.ref.hub.record}
    return PreparedSide(
        side=side, label=label, task=task, fingerprint=fingerprint, files=files, root=root, endpoints=endpoints
    )


def prepare_suite(
    name: str,
    suite: Suite,
    *,
    placed: Placed,
    selection: Selection,
    sides: tuple[PreparedSide, ...],
    endpoints: Mapping[str, Endpoint],
) -> PreparedSuite:
    """Read the dataset once to know its version, and hash what scores it.

    Raises DatasetError and ErrorGroup as `read_examples` does, and ConfigurationError for a slice or a cluster path
    at which no example has anything: a filter that matches nothing must not look like one that found nothing.
    So does a quarantine file in error.
    """
    ref = suite.dataset
    everything: list[bytes] = []
    unseen = _grouping_paths(suite)
    added = placed.added.ids if placed.added is not None else frozenset()
    quarantine = read_quarantine(suite, placed.definitions or placed.root)
    absent = {entry.id for entry in quarantine.value.examples} if quarantine is not None else set()
    hashed = _hashed(_met(read_examples(ref.path(placed.root), fields=ref.fields), absent), everything)
    beside = placed.added.examples() if placed.added is not None else iter(())
    taken, decides = [], 0
    for example in selection.of(chain(_looked_at(_of_split(hashed, ref.split), unseen), beside)):
        taken.append(bytes.fromhex(example_hash(example)))
        decides += example.id not in added
    # A sample may stop before the example that has it; an empty dataset is said elsewhere.
    if unseen and everything and taken and selection.words is None:
        _refuse_unseen(name, suite, next(iter(unseen)))
    if quarantine is not None and selection.words is None:
        require_known(quarantine, absent, ref.shown)
    files: dict[str, str] = {}
    for evaluator in suite.evaluators:
        files |= hash_files(placed.of(evaluator), evaluator_files(evaluator))
    around = judge_surroundings(suite.evaluators, endpoints, libraries(suite.evaluators))
    return PreparedSuite(
        name=name,
        suite=suite,
        placed=placed,
        selection=selection,
        dataset=f"{_OWN if placed.own_dataset else ''}{version_of_hashes(everything)}",
        dataset_version=version_of_hashes(taken),
        count=len(taken),
        decides=decides,
        evaluators=evaluators_fingerprint(suite.evaluators, files, around),
        evaluator_files={**files, **around},
        sides=sides,
        quarantine=() if quarantine is None else quarantine.value.examples,
        judges={
            evaluator.label: judge_fingerprint(evaluator, files, around)
            for evaluator in suite.evaluators
            if evaluator.judge is not None
        },
        scorers={
            evaluator.label: known.digest
            for evaluator in suite.evaluators
            if (known := evaluator_fingerprint(evaluator, files, around)).complete
        },
    )


def libraries(evaluators: Iterable[Evaluator]) -> dict[str, str]:
    """Return the versions of the libraries that judges among `evaluators` take their prompts from."""
    if all(evaluator.judge is None for evaluator in evaluators):
        return {}
    from importlib.metadata import version

    return {PHOENIX_EVALS: version(PHOENIX_EVALS)}


def _grouping_paths(suite: Suite) -> dict[str, str]:
    """Return the paths that part a suite's examples, each with the key that names it."""
    paths = {} if suite.cluster is None else {suite.cluster: "cluster"}
    rules = [check.no_regression for check in suite.checks.values() if check.no_regression is not None]
    return {part.path: "slices" for rule in rules for part in rule.slices} | paths


def _looked_at(examples: Iterator[Example], unseen: dict[str, str]) -> Iterator[Example]:
    """Yield the examples, taking out of `unseen` every path at which one of them has a value."""
    for example in examples:
        for path in [*unseen]:
            found = resolve(path, {"input": example.input, "output": example.output, "metadata": example.metadata})
            if found is not MISSING and found is not None:
                del unseen[path]
        yield example


def _refuse_unseen(name: str, suite: Suite, path: str) -> None:
    key = _grouping_paths(suite)[path]
    raise ConfigurationError(
        f"suite {name}: no example of {suite.dataset.shown} has anything at {path}, which `{key}` names",
        next_step=f"correct the path under `{key}`, or leave it out",
    )


def _hashed(examples: Iterator[Example], hashes: list[bytes]) -> Iterator[Example]:
    """Yield the examples, leaving each one's hash behind."""
    for example in examples:
        hashes.append(bytes.fromhex(example_hash(example)))
        yield example


def _met(examples: Iterable[Example], absent: set[str]) -> Iterator[Example]:
    """Yield the examples, taking the id of each out of `absent`."""
    for example in examples:
        absent.discard(example.id)
        yield example


def _of_split(examples: Iterator[Example], split: str | None) -> Iterator[Example]:
    return (example for example in examples if split is None or example.split == split)
