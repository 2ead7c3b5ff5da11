"""What comparisons of cost, tokens and latency could catch, said before anything is paid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from evalgate.decision.evidence import BuildEvidence, ResourceEvidence, SuiteEvidence
from evalgate.decision.family import able_to_fail
from evalgate.decision.layout import Layout, lay_out
from evalgate.decision.ratios.checks import comparable
from evalgate.decision.ratios.obstacles import comparison_obstacle
from evalgate.decision.ratios.outlook import rise_for
from evalgate.decision.ratios.view import CLIP, ratio_view
from evalgate.suite.checks import NoRegression

SPREADS = (0.05, 0.10, 0.20, 0.50, 1.00)
"""By how much one answer may differ between two equal runs, before any build has told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How much the ratio of one example varies, as a stored build or a noise study shows it.

    `log` is the standard deviation of its log ratio where each side answers once, `icc` what the examples of a cluster
    have in common. It was read in `build`, or in the study that `source` names.
    """

    log: float
    icc: float = 0.0
    source: str = ""
    build: int = 0
    columns: int = 1
    """How many comparisons of the check that build made, slices among them."""
    live: int = 1
    """How many of them had enough changes to fail at all: the others cost the rest nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RiseOutlook:
    """At one spread (a share: 0.2 is a fifth up or down), the rise caught 8 times in 10; None where none is."""

    spread: float
    rise: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RatioPlan:
    """One gating comparison of a resource: one outlook where its spread is known, else one for each of `SPREADS`."""

    name: str
    spread: Spread | None
    outlooks: tuple[RiseOutlook, ...]
    slices: int


def comparing_in_any_way(suite: SuiteEvidence) -> Iterator[ResourceEvidence]:
    """Yield the suite's gating checks of what runs take that compare."""
    yield from (check for check in suite.resources if check.check.gating and check.check.compares)


def comparing_resources(suite: SuiteEvidence) -> Iterator[tuple[ResourceEvidence, NoRegression]]:
    """Yield the suite's gating comparisons of what runs take."""
    for check in comparing_in_any_way(suite):
        if check.check.no_regression is not None:
            yield check, check.check.no_regression


def spreads(evidence: BuildEvidence) -> dict[tuple[str, str], Spread]:
    """Return the spread of every such comparison of a recorded build that was measured, by suite and check."""
    usable = [suite for suite in evidence.suites if suite.example_ids and not suite.problems]
    found = {}
    for layout in lay_out(usable)[0]:
        for check in comparing_in_any_way(layout.suite):
            of = ratio_view(layout, check, evidence.policy)
            differences = of.differences()
            if differences is None or of.pairs is None or comparison_obstacle(of) is not None:
                continue
            repetitions = float(of.pairs.repetitions[of.pairs.paired].mean())
            log = differences.standard_error * CLIP * math.sqrt(len(differences.values) * repetitions)
            if not math.isfinite(log):
                continue
            rule, columns, live = check.check.no_regression, 0, 0
            compared = None if rule is None else comparable(of, tuple(layout.slicings(rule)))
            if compared is not None:
                columns, live = able_to_fail(compared, evidence.policy)
            found[layout.suite.name, check.name] = Spread(log=log, columns=columns, live=live)
    return found


def independent(layout: Layout, spread: Spread | None) -> float:
    """Return how many independent ratios the suite's are worth: clusters, until it is known what they share."""
    units = len(np.unique(layout.units))
    if spread is None:
        return units
    examples = len(layout.example_ids)
    return examples / (1 + (examples / units - 1) * spread.icc)


def plan_ratios(
    layout: Layout,
    *,
    repetitions: int,
    comparisons: int,
    alpha: float,
    known: Mapping[tuple[str, str], Spread],
) -> tuple[RatioPlan, ...]:
    """Return what the suite's comparisons of resources could catch; `comparisons` share the promise."""
    plans = []
    for check, rule in comparing_resources(layout.suite):
        spread = known.get((layout.suite.name, check.name))
        spread = spread if spread is not None and spread.log > 0 else None  # no change at all tells no spread
        logs = [math.log1p(share) for share in SPREADS] if spread is None else [spread.log]
        units = independent(layout, spread)
        plans.append(
            RatioPlan(
                name=check.name,
                spread=spread,
                outlooks=tuple(
                    RiseOutlook(
                        spread=math.expm1(log),
                        rise=rise_for(
                            log / math.sqrt(units * repetitions) if units > 1 else math.inf,
                            alpha=alpha,
                            comparisons=comparisons,
                            allowed=rule.allow_increase,
                        ),
                    )
                    for log in logs
                ),
                slices=sum(part.tested for part in layout.slicings(rule)),
            )
        )
    return tuple(plans)
