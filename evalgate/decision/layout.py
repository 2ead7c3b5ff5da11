"""The examples of a build in one order, and the units in which their signs flip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import SuiteEvidence
from evalgate.errors import ConfigurationError
from evalgate.stats.units import connected
from evalgate.suite.checks import Check, NoRegression

TESTED_FROM = 10
"""A slice with fewer examples is shown, not tested."""
MOST_COLUMNS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Slicing:
    """One value of one slice path: which examples (of the sorted suite) it holds."""

    path: str
    value: str
    required: bool
    members: NDArray[np.bool_]

    @property
    def examples(self) -> int:
        """How many examples it holds."""
        return int(self.members.sum())

    @property
    def tested(self) -> bool:
        """Whether it is large enough to be tested; known before any score is read."""
        return self.examples >= TESTED_FROM


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """One suite with its examples sorted by id. `order` gives their places in the evidence.

    `units` are indices into the build's units; `clustered` says that some unit holds several of these examples.
    """

    suite: SuiteEvidence
    order: NDArray[np.intp]
    example_ids: tuple[str, ...]
    units: NDArray[np.intp]
    clustered: bool

    @property
    def clusters(self) -> int | None:
        """How many units its examples are in; None where each is one of its own."""
        return len(np.unique(self.units)) if self.clustered else None

    def slicings(self, rule: NoRegression) -> Iterator[Slicing]:
        """Yield every value of the rule's slice paths, sorted by path and value."""
        for part in sorted(rule.slices, key=lambda part: part.path):
            values = self.suite.slices.get(part.path, ())
            present = np.array([values[index] for index in self.order] if values else [], dtype=object)
            for value in sorted({value for value in values if value is not None}):
                yield Slicing(path=part.path, value=value, required=part.required, members=present == value)


def lay_out(suites: Sequence[SuiteEvidence]) -> tuple[tuple[Layout, ...], tuple[str, ...]]:
    """Return each suite's layout and the names of the build's units.

    A unit is (dataset, example id). Where a suite clusters a dataset, its clusters are units, in every suite on that
    dataset; where several clusterings of one dataset overlap, what they connect is one unit.
    """
    representatives = _representatives(suites)
    names: dict[tuple[str, str], int] = {}
    layouts = []
    for suite in suites:
        order = np.array(sorted(range(len(suite.example_ids)), key=suite.example_ids.__getitem__), dtype=np.intp)
        ids = tuple(suite.example_ids[index] for index in order)
        members = [(suite.dataset, example_id) for example_id in ids]
        units = [names.setdefault(representatives.get(member, member), len(names)) for member in members]
        layouts.append(
            Layout(
                suite=suite,
                order=order,
                example_ids=ids,
                units=np.array(units, dtype=np.intp),
                clustered=len(set(units)) < len(units),
            )
        )
    return tuple(layouts), tuple("\x00".join(member) for member in names)


def _representatives(suites: Sequence[SuiteEvidence]) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return the smallest member of each member's unit, where clusters make units larger than one example."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for suite in suites:
        for example_id, cluster in zip(suite.example_ids, suite.clusters or (), strict=False):
            groups.setdefault((suite.name, cluster), []).append((suite.dataset, example_id))
    return smallest_of(connected(groups.values()))


def smallest_of(roots: Mapping[tuple[str, str], tuple[str, str]]) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return each member's unit by its smallest member, whatever the order in which clusters were met."""
    smallest: dict[tuple[str, str], tuple[str, str]] = {}
    for member, root in roots.items():
        smallest[root] = min(member, smallest.get(root, member))
    return {member: smallest[root] for member, root in roots.items()}


def refuse_too_many(layouts: Sequence[Layout]) -> None:
    """Raise ConfigurationError where the gating comparisons, slice values included, are more than 2,000."""
    refuse_more_than_held(
        (layout.suite.name, check, layout.suite.slices) for layout in layouts for _, check in layout.suite.declared
    )


def refuse_more_than_held(declared: Iterable[tuple[str, Check, Mapping[str, Sequence[str | None]]]]) -> None:
    """Raise as `refuse_too_many`, for declared checks: each with its suite and the values at its slice paths."""
    total = 0
    widest: tuple[int, str, str] = (0, "", "")
    for suite, check, slices in declared:
        rule = check.no_regression
        if rule is None or not check.gating:
            continue
        total += 1
        for part in rule.slices:
            values = len({value for value in slices.get(part.path, ()) if value is not None})
            total += values
            widest = max(widest, (values, part.path, suite))
    if total > MOST_COLUMNS:
        values, path, name = widest
        raise ConfigurationError(
            f"this build makes {total:,} comparisons (checks × slice values), and {MOST_COLUMNS:,} are the most it can"
            f" hold to one false-alarm promise; the slice path {path} of suite {name} alone has {values:,} values",
            next_step=f"take {path} out of `slices`, or slice by something with fewer values",
        )
