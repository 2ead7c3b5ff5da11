"""What a suite is made of, read and hashed before anything starts: dataset, both sides' tasks, evaluators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalgate.gate.selection import Selection
from evalgate.golden import dataset_version, read_examples
from evalgate.records import Example, Fingerprint, Side
from evalgate.suite.config import Suite
from evalgate.suite.fingerprint import evaluators_fingerprint, task_fingerprint
from evalgate.suite.tasks import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSide:
    """One side: its task, what people call it, and what its answers depend on."""

    side: Side
    label: str
    task: Task
    fingerprint: Fingerprint
    files: dict[str, str] = field(default_factory=dict)
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
    evaluator_files: dict[str, str]
    sides: tuple[PreparedSide, ...]

    def examples(self) -> Iterator[Example]:
        """Yield the selected examples, read anew: they may be longer than memory."""
        ref = self.suite.dataset
        return self.selection.of(read_examples(self.root / ref.file, fields=ref.fields, split=ref.split))

    def watched(self, side: PreparedSide) -> dict[str, str]:
        """Return what a side's answers and scores depend on, to name what changed."""
        return {**self.evaluator_files, **side.files}
