"""A suite that is ready to be run: its sides, where its definitions are, and the hashes of all that it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from evalgate.gate.selection import Selection
from evalgate.git.history import Base
from evalgate.golden.reading import read_examples
from evalgate.journal.builds import ProblemRow
from evalgate.records import Example, Fingerprint, Side
from evalgate.suite.config import DatasetRef, Endpoint, Suite
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.quarantine import SetAside
from evalgate.suite.tasks import HostedTask, TaskBase


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
