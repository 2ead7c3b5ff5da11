"""What a suite is made of, read and hashed before anything starts: dataset, both sides' tasks, evaluators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalgate.gate.selection import Selection
from evalgate.golden.reading import read_examples
from evalgate.golden.versions import example_hash, version_of_hashes
from evalgate.records import Example, Fingerprint, Side
from evalgate.suite.config import Suite
from evalgate.suite.fingerprint import evaluators_fingerprint, task_fingerprint
from evalgate.suite.tasks import TaskBase

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
    """Relative path → SHA-256 of each file that the fingerprint covers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSuite:
    """One suite, ready to be run. `dataset` is the version of its whole file, `dataset_version` of what it takes."""

    name: str
    suite: Suite
    root: Path
    selection: Selection
    dataset: str
    dataset_version: str
    count: int
    evaluators: Fingerprint
    evaluator_files: Mapping[str, str]
    sides: tuple[PreparedSide, ...]

    def examples(self) -> Iterator[Example]:
        """Yield the selected examples, read anew: they may be longer than memory."""
        ref = self.suite.dataset
        return self.selection.of(read_examples(self.root / ref.file, fields=ref.fields, split=ref.split))

    def watched(self, side: PreparedSide) -> dict[str, str]:
        """Return what a side's answers and scores depend on, to name what changed."""
        return {**self.evaluator_files, **side.files}
