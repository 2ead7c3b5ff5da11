"""What people who know statistics look for in a suite, one line a check or slice, as plain text cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from evalgate.decision.results import CheckDecision, Comparison, SuiteDecision
from evalgate.report import formatting
from evalgate.report.rows import slice_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """What people who know statistics look for, of one check or slice."""

    name: str
    pairs: str
    """`80`, or `80 in 12 clusters`."""
    worse: int
    better: int
    change: str
    interval: str
    p: str
    p_adjusted: str
    detectable: str
    q: bool
    """Whether a q-value stands for it: it decides nothing."""


def numbers(suite: SuiteDecision) -> Iterator[Numbers]:
    """Yield the line of each check that compares, behind it those of its slices."""
    for check in suite.checks:
        if check.comparison is not None:
            yield _line(check, check.name, check.comparison)
        for part in check.slices:
            if part.comparison is not None:
                named = f"{check.name}, {slice_name(part)} ({part.examples:,})"
                yield replace(_line(check, named, part.comparison), detectable=formatting.UNKNOWN)


def _pairs(of: Comparison) -> str:
    return f"{of.pairs:,}" + (f" in {formatting.count(of.clusters, 'cluster')}" if of.clusters is not None else "")


def _line(check: CheckDecision, name: str, comparison: Comparison) -> Numbers:
    interval, ratio = comparison.interval, check.ratio
    change, between = formatting.points(comparison.delta), formatting.point_range
    caught = None if check.detectable is None else formatting.points(check.detectable, signed=False)
    if ratio is not None:
        change, between = formatting.relative_change(comparison.delta), formatting.relative_range
        caught = None if ratio.caught is None else formatting.rise(ratio.caught)
    level = f" ({formatting.percent(interval.level)}, {interval.method})" if interval else ""
    p, p_adjusted, q = (
        formatting.UNKNOWN if p is None else formatting.chance(p)
        for p in (comparison.p, comparison.p_adjusted, comparison.q)
    )
    return Numbers(
        name=name,
        pairs=_pairs(comparison),
        worse=comparison.worse,
        better=comparison.better,
        change=change,
        interval=f"{between(interval)}{level}" if interval else formatting.UNKNOWN,
        p=p,
        p_adjusted=p_adjusted if comparison.q is None else f"q {q}",
        detectable=caught or formatting.UNKNOWN,
        q=comparison.q is not None,
    )
