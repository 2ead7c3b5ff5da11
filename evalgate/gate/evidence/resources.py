"""From the journal to what each run took: dollars, tokens and seconds, for the checks that are about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from evalgate.decision.evidence import Cell, ResourceEvidence, Scores
from evalgate.gate.samples import samples
from evalgate.journal import rows
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import ErrorKind, Side
from evalgate.suite.config import Suite
from evalgate.suite.resources import Resource

Taken = tuple[Cell, float]
"""What is known of one amount, and the amount; NaN where there is none."""
_UNKNOWN: Taken = (Cell.UNKNOWN, np.nan)


def resource_evidence(
    journal: Journal,
    suite: Suite,
    experiments: Mapping[Side, ExperimentRow],
    index: Mapping[str, int],
    *,
    names: Mapping[Side, Sequence[str]] | None = None,
) -> tuple[ResourceEvidence, ...]:
    """Return the suite's checks of cost, tokens and latency with what every run took, read once for all of them.

    `names` are each side's samples; without them, the stored ones.
    """
    declared = suite.resource_checks
    if not declared or Side.CANDIDATE not in experiments:
        return ()
    wanted = tuple(dict.fromkeys(resource for resource, _ in declared.values()))
    sides = {
        side: _read(journal, row, index, wanted, names[side] if names is not None else samples(row.repetitions))
        for side, row in experiments.items()
    }
    return tuple(
        ResourceEvidence(
            name=name,
            check=check,
            resource=resource,
            candidate=sides[Side.CANDIDATE][resource],
            baseline=sides[Side.BASELINE][resource] if Side.BASELINE in sides else None,
        )
        for name, (resource, check) in declared.items()
    )


def _read(
    journal: Journal,
    experiment: ExperimentRow,
    index: Mapping[str, int],
    wanted: Sequence[Resource],
    names: Sequence[str],
) -> dict[Resource, Scores]:
    columns = {sample: column for column, sample in enumerate(names)}
    earlier = set(samples(experiment.repetitions)) if experiment.stored else set()
    shape = (len(index), len(columns))
    values = {resource: np.full(shape, np.nan) for resource in wanted}
    cells = {resource: np.full(shape, Cell.MISSING, dtype=np.uint8) for resource in wanted}
    for example_id, sample, seconds, usage, failed in journal.resources(experiment.id):
        if example_id not in index or sample not in columns:
            continue
        at = index[example_id], columns[sample]
        if failed is not None:
            for resource in wanted if failed == ErrorKind.TASK else ():
                cells[resource][at] = Cell.TASK_ERROR
            continue
        parts = None if usage is None else rows.from_json(usage)
        for resource in wanted:
            cells[resource][at], values[resource][at] = _taken(resource, seconds, parts, stored=sample in earlier)
    return {resource: Scores(values=values[resource], cells=cells[resource]) for resource in wanted}


def _taken(resource: Resource, seconds: float, usage: list[dict[str, Any]] | None, *, stored: bool) -> Taken:
    """Return what one answer took. A latency that another build measured is known, and is no measurement of this.

    What several runs took together is known of none of them.
    """
    own = None if any(part.get("shared") for part in usage or ()) else usage
    match resource:
        case Resource.LATENCY:
            cached = any(part.get("from_cache") for part in usage or ())
            return (Cell.EARLIER if stored or cached else Cell.SCORED), seconds
        case Resource.TOKENS:
            return _UNKNOWN if own is None else _sum(part["input_tokens"] + part["output_tokens"] for part in own)
        case Resource.COST:
            return _UNKNOWN if own is None else _sum(part.get("cost") for part in own)


def _sum(amounts: Iterable[float | None]) -> Taken:
    """Return the sum; unknown where one part of it is."""
    total = 0.0
    for amount in amounts:
        if amount is None:
            return _UNKNOWN
        total += amount
    return Cell.SCORED, total
