"""What a mirror in Phoenix keeps of the journal's experiments and runs, as records: no more than decisions read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalgate.records import Evaluation, EvaluatorSpec, Side, TaskOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawRecord:
    """What was drawn of the suite: every example so many times on each side. The last one decides."""

    key: str | None
    candidate: int
    baseline: int


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeRecord:
    """What was known of a judge when the build began: its fingerprint, and its latest validation or None."""

    name: str
    judge: str
    summary: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildRecord:
    """The build of an experiment. `id` is the one in its own journal; `config` the resolved config as JSON."""

    id: int
    created_at: str
    config_file: str
    config: Mapping[str, Any]
    evalgate_version: str
    commit: str | None = None
    branch: str | None = None
    dirty: bool = False
    change: str | None = None
    verdict: str | None = None
    """What it was found to be when it ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentRecord:
    """One side of one suite, as the journal has it. `uid` is its own for ever, over all journals.

    `samples` has the repetition number of each sample by its name. `complete`: all `runs` of a complete build are
    there. `withheld`: contents are hashes and lengths, so that nothing can be compared with it.
    """

    uid: str
    build: BuildRecord
    suite: str
    side: Side
    label: str
    dataset: str
    dataset_version: str
    repetitions: int
    task: str
    evaluators: str
    specs: tuple[EvaluatorSpec, ...]
    watched: Mapping[str, str] = field(default_factory=dict)
    scorers: Mapping[str, str] = field(default_factory=dict)
    stored: bool = False
    commit: str | None = None
    drawn_on: str | None = None
    draws: tuple[DrawRecord, ...] = ()
    judges: tuple[JudgeRecord, ...] = ()
    samples: Mapping[str, int] = field(default_factory=dict)
    runs: int = 0
    complete: bool = False
    withheld: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """One run with what was said of it. `position` is its example's place in the suite, `content` the example's hash.

    `copied`: an earlier build drew it, as the sample `drawn_as`.
    """

    example_id: str
    position: int
    content: str
    sample: str
    started_at: str
    outcome: TaskOutcome
    evaluations: tuple[Evaluation, ...] = ()
    copied: bool = False
    drawn_as: str | None = None
