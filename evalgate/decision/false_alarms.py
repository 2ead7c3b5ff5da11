"""How often the gate would have failed a task against itself: pairs of its runs, decided as any build is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from evalgate.decision.build import decide
from evalgate.decision.evidence import BuildEvidence, Scores, SuiteEvidence
from evalgate.decision.results import BuildDecision
from evalgate.decision.study import FalseAlarms, StudiedSuite, StudyEvidence
from evalgate.records import Direction, Verdict
from evalgate.stats.intervals import clopper_pearson
from evalgate.suite.checks import Check

_LEVEL = 0.95
_MOST_PAIRS = 45
"""All pairs of ten runs: more of the same runs say nothing new."""


def false_alarms(evidence: StudyEvidence) -> FalseAlarms | None:
    """Decide pairs of runs, the earlier as the baseline; None where no check compares, or nothing was answered.

    Runs 1 and 2, 3 and 4 … are independent of each other: the interval is from them alone.
    """
    compared = [suite for suite in map(_comparing, evidence.suites) if suite is not None]
    if not compared:
        return None
    apart = [(first, first + 1) for first in range(0, evidence.runs - 1, 2)]
    others = [pair for pair in combinations(range(evidence.runs), 2) if pair not in apart]
    others = others[: max(0, _MOST_PAIRS - len(apart))]
    failing: Counter[tuple[str, str]] = Counter()
    failed = independent_failed = comparisons = 0
    for place, pair in enumerate((*apart, *others)):
        suites = tuple(_pair(suite, *pair) for suite in compared)
        decision = decide(BuildEvidence(suites=suites, policy=evidence.policy))
        found = _failing(decision)
        failing.update(found)
        failed += bool(found)
        independent_failed += bool(found) and place < len(apart)
        comparisons = max(comparisons, decision.columns)
    ordered = sorted(failing.items(), key=lambda item: (-item[1], item[0]))
    low, high = clopper_pearson(independent_failed / len(apart), len(apart), level=_LEVEL)
    return FalseAlarms(
        pairs=len(apart) + len(others),
        failed=failed,
        independent=len(apart),
        independent_failed=independent_failed,
        low=low,
        high=high,
        level=_LEVEL,
        failing=tuple((*place, times) for place, times in ordered),
        comparisons=comparisons,
    )


def _comparing(studied: StudiedSuite) -> StudiedSuite | None:
    """Return the suite with its `no_regression` rules alone: the promise is about these."""
    checks = tuple(
        replace(check, check=Check(no_regression=check.check.no_regression), redraws={})
        for check in studied.suite.checks
        if check.check.gating
        and check.check.no_regression is not None
        and check.evaluator.direction is not Direction.NEUTRAL
    )
    resources = tuple(
        replace(each, check=Check(no_regression=each.check.no_regression))
        for each in studied.suite.resources
        if each.check.gating and each.check.no_regression is not None
    )
    if not (checks or resources) or not studied.suite.example_ids:
        return None
    return replace(studied, suite=replace(studied.suite, checks=checks, resources=resources, problems=()))


def _pair(studied: StudiedSuite, baseline: int, candidate: int) -> SuiteEvidence:
    first, second = studied.answers[:, baseline], studied.answers[:, candidate]
    checks = tuple(
        replace(check, baseline=_run(check.candidate, baseline), candidate=_run(check.candidate, candidate))
        for check in studied.suite.checks
    )
    resources = tuple(
        replace(each, baseline=_run(each.candidate, baseline), candidate=_run(each.candidate, candidate))
        for each in studied.suite.resources
    )
    same: np.ndarray[tuple[int], np.dtype[np.bool_]] = (first == second) & (first >= 0)
    label = f"run {baseline + 1}"
    return replace(studied.suite, checks=checks, resources=resources, identical=same, baseline_label=label)


def _run(runs: Scores, run: int) -> Scores:
    return Scores(values=runs.values[:, [run]], cells=runs.cells[:, [run]])


def _failing(decision: BuildDecision) -> Sequence[tuple[str, str]]:
    return [
        (suite.name, check.name) for suite in decision.suites for check in suite.checks if check.verdict is Verdict.FAIL
    ]
