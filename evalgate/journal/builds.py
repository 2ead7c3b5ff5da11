"""A build in the journal: its own row, those of its experiments, what stands against it, and what noise is known."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from evalgate.journal import rows
from evalgate.records import EvaluatorSpec, Side, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildRow:
    """One build. `partial` is why it is a sample without a verdict; `config` the resolved config as JSON.

    A noise study is stored like a build and is none: `study_runs` is how often it runs each task. `trial` is what
    `evalgate compare` called the task that it tried: a build, but of nothing that anybody ships. `stores`: it holds
    the runs of a baseline alone. `change` is what it measures, `measurement` which one of that change, from 1, of
    which `failed` did before; `verdict` is what it was found to be when it ended.
    """

    id: int = 0
    created_at: str
    seconds: float = 0.0
    complete: bool = False
    partial: str | None = None
    resumed: int = 0
    commit: str | None = None
    branch: str | None = None
    dirty: bool = False
    config_file: str
    config: Mapping[str, Any]
    evalgate_version: str
    study_runs: int | None = None
    trial: str | None = None
    gate: Mapping[str, Any] | None = None
    """Whose definitions decided, and what of them the change had otherwise; None where no base had any."""
    stores: bool = False
    change: str | None = None
    measurement: int | None = None
    failed: int | None = None
    verdict: Verdict | None = None
    purpose: Mapping[str, Any] | None = None
    """What it is for where that is no change: {release: TAG}, or {prompts: [{name, version, tag}]} that are tried."""
    family: Mapping[str, Any] | None = None
    """Which suites of the whole config share the false-alarm promise, of which a build may hold a part alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentRow:
    """One side of one suite. `task` and `evaluators` are fingerprints; `watched` names what they cover, with hashes.

    `commit` is that of a baseline that is one, `drawn_on` the day on which stored runs were drawn. `scorers` has the
    fingerprint of each evaluator of which everything is known that its scores depend on.
    """

    id: int = 0
    build: int = 0
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
    stored: bool = False
    commit: str | None = None
    drawn_on: str | None = None
    scorers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawRow:
    """What was drawn of one suite: every example so many times on each side. The last one of a build decides."""

    suite: str
    key: str | None
    candidate: int
    baseline: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRow:
    """A sentence that a report says of a suite. `unchanged`: the suite was skipped for it."""

    suite: str
    message: str
    unchanged: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemRow:
    """Something that made a suite UNMEASURABLE before any number was read."""

    suite: str
    kind: str
    message: str
    next_step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseRow:
    """What a noise study found of one check: shares of the range. `label` is what it ran, `measured_on` the day."""

    suite: str
    name: str
    study: int
    measured_on: str
    label: str
    runs: int
    examples: int
    flip: float
    flip_low: float
    flip_high: float
    icc: float
    is_binary: bool
    shift_p: float
    shift: float


_FAMILY: Final = "family"
"""Of what is stored as a config: no key that a config can have."""

NOISE = tuple(field.name for field in fields(NoiseRow))
"""The columns of a noise row, that of its build left out."""


def config_json(build: BuildRow) -> str:
    """Return a build's config as it is stored, with its family, which it is a part of, beside its keys."""
    return rows.to_json(build.config if build.family is None else {**build.config, _FAMILY: build.family})


def build_from(row: sqlite3.Row) -> BuildRow:
    """Return the build of a row."""
    config = rows.from_json(row["config"])
    family = config.pop(_FAMILY, None)
    return BuildRow(
        id=row["id"],
        created_at=row["created_at"],
        seconds=row["seconds"],
        complete=row["status"] == "complete",
        partial=row["partial"],
        resumed=row["resumed"],
        commit=row["commit_id"],
        branch=row["branch"],
        dirty=bool(row["dirty"]),
        config_file=row["config_file"],
        config=config,
        family=family,
        evalgate_version=row["evalgate_version"],
        study_runs=row["study_runs"],
        trial=row["trial"],
        gate=None if row["gate"] is None else rows.from_json(row["gate"]),
        stores=bool(row["stores"]),
        change=row["change"],
        measurement=row["measurement"],
        failed=row["failed"],
        verdict=None if row["verdict"] is None else Verdict(row["verdict"]),
        purpose=None if row["purpose"] is None else rows.object_from(row["purpose"]),
    )


def experiment_from(row: sqlite3.Row) -> ExperimentRow:
    """Return the experiment of a row."""
    return ExperimentRow(
        id=row["id"],
        build=row["build"],
        suite=row["suite"],
        side=Side(row["side"]),
        label=row["label"],
        dataset=row["dataset"],
        dataset_version=row["dataset_version"],
        repetitions=row["repetitions"],
        task=row["task"],
        evaluators=row["evaluators"],
        specs=rows.specs_from(row["specs"]),
        watched=rows.from_json(row["watched"]),
        stored=bool(row["stored"]),
        commit=row["commit_id"],
        drawn_on=row["drawn_on"],
        scorers=rows.from_json(row["scorers"]),
    )


def noise_from(row: sqlite3.Row) -> NoiseRow:
    """Return the noise of a row."""
    values: dict[str, Any] = {name: row[name] for name in NOISE}
    return NoiseRow(**values | {"is_binary": bool(row["is_binary"])})
