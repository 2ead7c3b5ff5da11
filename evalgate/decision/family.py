"""The family of comparisons that share one false-alarm promise, and their joint test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from evalgate.decision.comparison import could_fail
from evalgate.decision.layout import Layout, Slicing
from evalgate.decision.pairing import Pairs
from evalgate.stats.columns import Column, weigh
from evalgate.stats.corrections import benjamini_hochberg
from evalgate.stats.joint import each_alone, joint_test
from evalgate.suite.checks import Policy


class ColumnKey(NamedTuple):
    """What one column compares; `path` and `value` are empty for all examples."""

    suite: str
    check: str
    path: str = ""
    value: str = ""


Shown = Mapping[ColumnKey, tuple[float, float]]
"""(p, q) by column, of what decides nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """One comparison that can be measured: its pairs and its slices."""

    layout: Layout
    check: str
    pairs: Pairs
    slicings: tuple[Slicing, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """The joint test's outcome: (p, adjusted p) by column. `patterns` is 1 where nothing was tested."""

    tested: Mapping[ColumnKey, tuple[float, float]]
    patterns: int
    checks: int
    """How many of the columns are over all examples of a check; the others are slices."""
    shown: Shown = field(default_factory=dict)
    """(p, q) of the comparisons that decide nothing."""
    added: int = 0
    """How many of the columns are of checks that only a change has, where others are not."""
    live: int
    """How many have enough changes to fail at all: the others cost the rest nothing."""

    @property
    def columns(self) -> int:
        """How many comparisons share the promise."""
        return len(self.tested)


def tested_family(compared: Sequence[Compared], names: Sequence[str], policy: Policy) -> Family:
    """Test all columns of a build at once: each check on all its examples, and on each slice that is large enough.

    Which columns there are was settled before any score was read. `names` are the build's units.
    """
    columns = {key: column for one in compared for key, column in _columns(one)}
    keys = sorted(columns)
    joint = joint_test([columns[key] for key in keys], names, seed=policy.seed, alpha=policy.alpha, exact=policy.exact)
    return Family(
        tested=dict(zip(keys, zip(joint.raw, joint.adjusted, strict=True), strict=True)),
        patterns=joint.patterns,
        checks=len(compared),
        live=sum(_can_fail(columns[key], changed, policy) for key, changed in zip(keys, joint.changed, strict=True)),
    )


def guarded_family(compared: Sequence[Compared], names: Sequence[str], policy: Policy) -> Family:
    """Test all columns at once; those of a base commit's checks as if the change had added none to them.

    Else a change could hide a drop among comparisons that it brings along.
    """
    family = tested_family(compared, names, policy)
    guarded = [one for one in compared if one.check not in one.layout.suite.added]
    if not guarded or len(guarded) == len(compared):
        return family
    alone = tested_family(guarded, names, policy)
    added = family.columns - alone.columns
    return replace(family, tested={**family.tested, **alone.tested}, checks=alone.checks, added=added)


def shown_beside(compared: Sequence[Compared], names: Sequence[str], policy: Policy) -> Shown:
    """Return (p, q) of comparisons that decide nothing, each tested by itself: they take nothing from the family.

    q is Benjamini and Hochberg's: of findings as strong as this one, among all of these, the share that is chance.
    """
    columns = {key: column for one in compared for key, column in _columns(one)}
    keys = sorted(columns)
    p = each_alone([columns[key] for key in keys], names, seed=policy.seed, exact=policy.exact)
    return dict(zip(keys, zip(p, benjamini_hochberg(p), strict=True), strict=True))


def able_to_fail(one: Compared, policy: Policy) -> tuple[int, int]:
    """Return (how many columns a comparison has in the family, how many of them changed enough to fail at all)."""
    columns = [column for _, column in _columns(one)]
    return len(columns), sum(_can_fail(column, len(weigh(column).units), policy) for column in columns)


def _can_fail(column: Column, changed: int, policy: Policy) -> bool:
    return could_fail(changed, alpha=policy.alpha, exact=policy.exact, binary=column.mid)


def _columns(one: Compared) -> Iterator[tuple[ColumnKey, Column]]:
    key = ColumnKey(one.layout.suite.name, one.check)
    yield key, _column(one, None)
    for slicing in one.slicings:
        if slicing.tested:
            yield key._replace(path=slicing.path, value=slicing.value), _column(one, slicing)


def _column(one: Compared, slicing: Slicing | None) -> Column:
    used = one.pairs.paired if slicing is None else one.pairs.paired & slicing.members
    # Copies of what is whole anyway would be a third of the memory of a large build.
    units, differences = one.layout.units, one.pairs.differences
    if not used.all():
        units, differences = units[used], differences[used]
    single = not one.layout.clustered or len(np.unique(units)) == len(units)
    return Column(units=units, differences=differences, mid=one.pairs.binary and single)
