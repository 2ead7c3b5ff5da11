"""The ground of a comparison of several: everybody's scores of a check on one scale, and any two side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalgate.decision.contest import Compared, Contender, SuiteContest
from evalgate.decision.evidence import CheckEvidence, Scores, SuiteEvidence
from evalgate.decision.family import Compared as Paired
from evalgate.decision.layout import Layout, lay_out
from evalgate.decision.pairing import pair
from evalgate.decision.scale import Answers, Metric, Scale, read_metric
from evalgate.decision.view import View
from evalgate.records import Direction
from evalgate.suite.checks import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """One suite, laid out. `scales` are by check, `answers` by check and contender."""

    suite: SuiteContest
    layout: Layout
    scales: Mapping[str, Scale]
    answers: Mapping[tuple[str, str], Answers]
    policy: Policy

    @property
    def chosen(self) -> Contender:
        """The one that the others are compared with."""
        return self.suite.contenders[0]

    @property
    def others(self) -> tuple[Contender, ...]:
        """All but the chosen one."""
        return self.suite.contenders[1:]

    @property
    def gating(self) -> tuple[Compared, ...]:
        """The checks in which claims are made; the others are shown."""
        return tuple(
            check
            for check in self.suite.checks
            if check.check.gating and check.evaluator.direction is not Direction.NEUTRAL
        )

    def check(self, name: str) -> Compared:
        """Return a check by its name."""
        return next(check for check in self.suite.checks if check.name == name)

    def versus(self, one: Contender, other: Contender, check: Compared) -> View:
        """Return two contenders in one check, as a decision sees candidate and baseline: + is better for `one`."""
        suite = replace(self.layout.suite, name=f"{self.suite.name}\x00{one.name}", baseline_label=other.name)
        metric = Metric(
            scale=self.scales[check.name],
            candidate=self.answers[check.name, one.name],
            baseline=self.answers[check.name, other.name],
        )
        evidence = CheckEvidence(
            name=check.name,
            check=check.check,
            evaluator=check.evaluator,
            candidate=one.scores[check.name],
            baseline=other.scores[check.name],
            redraws={},
        )
        return View(
            layout=replace(self.layout, suite=suite),
            evidence=evidence,
            metric=metric,
            pairs=pair(metric),
            policy=self.policy,
        )


def grounds(suites: Sequence[SuiteContest], policy: Policy) -> tuple[tuple[Ground, ...], tuple[str, ...]]:
    """Return each suite laid out, and the names of all units: examples of two suites on one dataset flip together."""
    layouts, names = lay_out([_as_evidence(suite) for suite in suites])
    return tuple(_ground(suite, layout, policy) for suite, layout in zip(suites, layouts, strict=True)), names


def _as_evidence(suite: SuiteContest) -> SuiteEvidence:
    return SuiteEvidence(
        name=suite.name,
        dataset=suite.dataset,
        example_ids=suite.example_ids,
        checks=(),
        clusters=suite.clusters,
        slices={},
        identical=np.zeros(len(suite.example_ids), dtype=np.bool_),
    )


def _ground(suite: SuiteContest, layout: Layout, policy: Policy) -> Ground:
    scales: dict[str, Scale] = {}
    answers: dict[tuple[str, str], Answers] = {}
    for check in suite.checks:
        # One scale for all: an unbounded score is measured against the span of everybody's.
        everybody = [contender.scores[check.name] for contender in suite.contenders]
        together = Scores(
            values=np.concatenate([scores.values for scores in everybody], axis=1),
            cells=np.concatenate([scores.cells for scores in everybody], axis=1),
        )
        for contender in suite.contenders:
            metric = read_metric(
                CheckEvidence(
                    name=check.name,
                    check=check.check,
                    evaluator=check.evaluator,
                    candidate=contender.scores[check.name],
                    baseline=together,
                    redraws={},
                ),
                layout.order,
            )
            scales[check.name] = metric.scale
            answers[check.name, contender.name] = metric.candidate
    return Ground(suite=suite, layout=layout, scales=scales, answers=answers, policy=policy)


def paired(of: View, *, turned: bool = False) -> Paired:
    """Return a comparison for the joint test, which looks for a loss; `turned`, for a gain.

    Raises ValueError for a check that has no baseline.
    """
    if of.pairs is None:
        raise ValueError(f"{of.evidence.name} has no pairs")
    pairs = replace(of.pairs, differences=-of.pairs.differences) if turned else of.pairs
    return Paired(layout=of.layout, check=of.evidence.name, pairs=pairs, slicings=())
