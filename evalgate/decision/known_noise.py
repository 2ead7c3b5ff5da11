"""How much the scores of a check differ without any change: what is known of it before a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalgate.decision.evidence import BuildEvidence, CheckEvidence, SuiteEvidence
from evalgate.decision.family import Compared, able_to_fail
from evalgate.decision.layout import lay_out
from evalgate.decision.outlook import flip_rate
from evalgate.decision.scale import Fill, read_metric
from evalgate.decision.view import comparison_obstacle, view
from evalgate.records import Direction
from evalgate.stats.power import intraclass
from evalgate.suite.checks import NoRegression

FLIPS = (0.02, 0.05, 0.10, 0.20, 0.30)
"""The flip rates to show before any is known: from a model at temperature 0 to a judge's worst."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """How much a check's scores differ without any change, as a stored build shows it.

    `flip` is of one answer each (for scores: twice the variance within an example), `icc` what the examples of a
    cluster have in common. `source` is where it was read: `the repetitions of main`, `this run's own changes`, of
    `build`; or a noise study, which is named there and is no build.
    """

    flip: float
    icc: float
    binary: bool
    source: str
    build: int = 0
    columns: int = 1
    """How many comparisons of the check could fail it there, slices among them; 0 of one without `no_regression`."""
    live: int = 1
    """How many of them had enough changes to fail at all: the others cost the rest nothing."""


def comparing(suite: SuiteEvidence) -> Iterator[CheckEvidence]:
    """Yield the suite's gating checks of scores that compare in any way."""
    for check in suite.checks:
        if check.check.compares and check.check.gating and check.evaluator.direction != Direction.NEUTRAL:
            yield check


def comparing_drops(suite: SuiteEvidence) -> Iterator[tuple[CheckEvidence, NoRegression]]:
    """Yield the suite's gating `no_regression` checks of scores."""
    for check in comparing(suite):
        if check.check.no_regression is not None:
            yield check, check.check.no_regression


def noises(evidence: BuildEvidence) -> dict[tuple[str, str], Noise]:
    """Return the noise of every gating comparison of a recorded build that was measured, by suite and check."""
    usable = [suite for suite in evidence.suites if suite.example_ids and not suite.problems]
    found = {}
    for layout in lay_out(usable)[0]:
        for check in comparing(layout.suite):
            of = view(layout, check, read_metric(check, layout.order), evidence.policy, Fill.NOTHING)
            differences = of.differences()
            if differences is None or of.pairs is None or comparison_obstacle(of) is not None:
                continue
            flip, source = flip_rate(of, differences)
            rule, columns, live = check.check.no_regression, 0, 0
            if rule is not None:
                slicings = tuple(layout.slicings(rule))
                compared = Compared(layout=layout, check=check.name, pairs=of.pairs, slicings=slicings)
                columns, live = able_to_fail(compared, evidence.policy)
            found[layout.suite.name, check.name] = Noise(
                flip=min(1.0, flip),
                icc=intraclass(differences.values, differences.units)[0],
                binary=of.metric.binary,
                source=source,
                columns=columns,
                live=live,
            )
    return found
