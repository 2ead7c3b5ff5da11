"""Evidence written by hand: scores as lists, None where an answer is missing, ERROR where the task failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalgate.decision.evidence import (
    BuildEvidence,
    Cell,
    CheckEvidence,
    Problem,
    Redraw,
    ResourceEvidence,
    Scores,
    StoredRuns,
    SuiteEvidence,
)
from evalgate.records import EvaluatorSpec
from evalgate.suite.checks import Check, Policy
from evalgate.suite.resources import Resource

ERROR = "error"
ABSENT = "absent"
UNKNOWN = "unknown"
"""Of what a run took: nobody saw it."""


@dataclass(frozen=True)
class Earlier:
    """A latency that an earlier build measured."""

    seconds: float


def scores(values: Sequence[object]) -> Scores:
    """One side: a value for each example, or a list of them, one for each repetition."""
    lists = [list(value) if isinstance(value, list | tuple) else [value] for value in values]
    width = max((len(drawn) for drawn in lists), default=1)
    out, cells = np.full((len(lists), width), np.nan), np.full((len(lists), width), Cell.ABSENT, dtype=np.uint8)
    for line, drawn in enumerate(lists):
        for column, value in enumerate(drawn):
            if value is None:
                cells[line, column] = Cell.MISSING
            elif value == ERROR:
                cells[line, column] = Cell.TASK_ERROR
            elif value == UNKNOWN:
                cells[line, column] = Cell.UNKNOWN
            elif isinstance(value, Earlier):
                out[line, column], cells[line, column] = value.seconds, Cell.EARLIER
            elif value != ABSENT:
                out[line, column], cells[line, column] = value, Cell.SCORED
    return Scores(values=out, cells=cells)


def check(
    candidate: Sequence[object],
    baseline: Sequence[object] | None = None,
    *,
    name: str = "correctness",
    rules: Mapping[str, object] | None = None,
    redraws: Mapping[str, Redraw] | None = None,
    **spec: object,
) -> CheckEvidence:
    """One check; its rule is no_regression unless `rules` says otherwise."""
    return CheckEvidence(
        name=name,
        check=Check.model_validate({"no_regression": {}} if rules is None else rules),
        evaluator=EvaluatorSpec(name=name, **spec),
        candidate=scores(candidate),
        baseline=None if baseline is None else scores(baseline),
        redraws=redraws or {},
    )


def taken(
    candidate: Sequence[object],
    baseline: Sequence[object] | None = None,
    *,
    name: str = "cost",
    rules: Mapping[str, object] | None = None,
) -> ResourceEvidence:
    """One check of what runs take; its rule is no_regression unless `rules` says otherwise."""
    return ResourceEvidence(
        name=name,
        check=Check.model_validate({"no_regression": {}} if rules is None else rules),
        resource=Resource(name),
        candidate=scores(candidate),
        baseline=None if baseline is None else scores(baseline),
    )


def ids(number: int) -> tuple[str, ...]:
    return tuple(f"e{index:05d}" for index in range(number))


def suite(
    *checks: CheckEvidence | ResourceEvidence,
    name: str = "support",
    dataset: str = "support-golden",
    example_ids: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
    slices: Mapping[str, Sequence[str | None]] | None = None,
    identical: Sequence[bool] | bool = False,
    problems: Sequence[Problem] = (),
    label: str | None = "main",
    screen: StoredRuns | None = None,
) -> SuiteEvidence:
    number = len(checks[0].candidate.values) if checks else len(example_ids or ())
    same = np.full(number, identical) if isinstance(identical, bool) else np.array(identical, dtype=bool)
    return SuiteEvidence(
        name=name,
        dataset=dataset,
        example_ids=tuple(example_ids) if example_ids is not None else ids(number),
        checks=tuple(each for each in checks if isinstance(each, CheckEvidence)),
        resources=tuple(each for each in checks if isinstance(each, ResourceEvidence)),
        clusters=None if clusters is None else tuple(clusters),
        slices={path: tuple(values) for path, values in (slices or {}).items()},
        identical=same,
        problems=tuple(problems),
        baseline_label=label,
        screen=screen,
    )


def build(*suites: SuiteEvidence, **policy: object) -> BuildEvidence:
    return BuildEvidence(suites=tuple(suites), policy=Policy.model_validate(policy))


def flips(n: int, worse: int, better: int, *, passing: int | None = None) -> tuple[list[float], list[float]]:
    """(candidate, baseline) of n pass/fail examples of which `worse` broke and `better` were repaired."""
    stable = n - worse - better
    right = stable if passing is None else min(stable, passing)
    baseline = [1.0] * worse + [0.0] * better + [1.0] * right + [0.0] * (stable - right)
    candidate = [0.0] * worse + [1.0] * better + [1.0] * right + [0.0] * (stable - right)
    return candidate, baseline
