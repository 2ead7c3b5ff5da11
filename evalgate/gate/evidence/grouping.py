"""Which examples a suite has, which of them belong together, and into which slices they fall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evalgate.canonical import canonical_json
from evalgate.paths import MISSING, resolve
from evalgate.records import Example
from evalgate.suite.config import Suite


@dataclass(frozen=True, kw_only=True, slots=True)
class Grouping:
    """Which examples a suite has and what parts them, in their order, as `SuiteEvidence` has it."""

    example_ids: tuple[str, ...]
    clusters: tuple[str, ...] | None
    slices: Mapping[str, tuple[str | None, ...]]


def grouping(suite: Suite, examples: Iterable[Example]) -> Grouping:
    """Return the examples' ids, clusters and slice values: known before anything is answered."""
    slice_paths = _slice_paths(suite)
    ids, clusters = [], []
    slices: dict[str, list[str | None]] = {path: [] for path in slice_paths}
    for example in examples:
        ids.append(example.id)
        if suite.cluster is not None:
            clusters.append(_value(suite.cluster, example) or f"\x00{example.id}")
        for path in slice_paths:
            slices[path].append(_value(path, example))
    return Grouping(
        example_ids=tuple(ids),
        clusters=tuple(clusters) if suite.cluster is not None else None,
        slices={path: tuple(values) for path, values in slices.items()},
    )


def _slice_paths(suite: Suite) -> tuple[str, ...]:
    rules = [check.no_regression for check in suite.checks.values() if check.no_regression is not None]
    return tuple(dict.fromkeys(each.path for rule in rules for each in rule.slices))


def _value(path: str, example: Example) -> str | None:
    """Return what stands at a path of an example as text; None where there is nothing."""
    found = resolve(path, {"input": example.input, "output": example.output, "metadata": example.metadata})
    if found is MISSING or found is None:
        return None
    return found if isinstance(found, str) else canonical_json(found).decode()  # type: ignore[arg-type]  # MISSING is out
