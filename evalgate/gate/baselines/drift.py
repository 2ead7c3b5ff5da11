"""The history of baselines, and whether they have drifted down together: each step passes, all of them do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalgate.decision import decide
from evalgate.decision.evidence import BuildEvidence, CheckEvidence, SuiteEvidence
from evalgate.decision.screen_words import Drift
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.grouping import grouping
from evalgate.gate.evidence.sides import read_side
from evalgate.gate.samples import deciding_samples
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.changes import BaselineRow
from evalgate.journal.store import Journal
from evalgate.records import Direction, Verdict
from evalgate.suite.checks import Check
from evalgate.suite.config import Suite

SINCE = 20
"""So many baselines are looked back on."""
_ENOUGH = 10
"""Fewer examples in common say nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A baseline that was set, with the runs of it."""

    row: BaselineRow
    build: BuildRow
    experiments: Mapping[str, ExperimentRow]
    """By suite."""

    @property
    def label(self) -> str:
        """What people call it: `main@1a2b3c4`."""
        commit = (self.build.commit or "")[:7]
        return f"{self.build.branch}@{commit}" if self.build.branch else commit

    @property
    def day(self) -> str:
        """The day on which it was set."""
        return self.build.created_at[:10]


def entries(journal: Journal) -> list[Entry]:
    """Return every baseline that was set, the latest first."""
    return [
        Entry(
            row=row,
            build=journal.build(row.build),
            experiments={each.suite: each for each in journal.experiments(row.build)},
        )
        for row in journal.baselines()
    ]


def means(journal: Journal, entry: Entry, suite: str) -> dict[str, float]:
    """Return the mean score of each evaluator in a baseline's runs, by its name."""
    row = entry.experiments[suite]
    index = {example_id: place for place, (example_id, _) in enumerate(journal.example_hashes(row.build, suite))}
    scores = read_side(journal, row, index, _names(journal, row)).scores
    return {name: float(np.nanmean(found.values)) for name, found in scores.items() if not np.isnan(found.values).all()}


def _names(journal: Journal, row: ExperimentRow) -> tuple[str, ...]:
    return deciding_samples(row, [draw for draw in journal.draws(row.build) if draw.suite == row.suite])


def drift(journal: Journal, names: Sequence[str] | None = None) -> list[Drift]:
    """Return where the latest baseline of a suite fails against the first of the last ones, asked as one change.

    They are compared on the examples that both have, word for word, by the evaluators that scored both, under the
    latest one's checks; all suites (or those `names`) share the false-alarm promise.
    """
    pairs = {name: pair for name, pair in _pairs(entries(journal)[:SINCE]).items() if names is None or name in names}
    if not pairs:
        return []
    latest = next(iter(pairs.values()))[0]
    config = recorded_config(latest.build)
    suites = [
        evidence
        for name, (last, first, _) in pairs.items()
        if (declared := recorded_config(last.build).suites.get(name)) is not None
        and (evidence := _evidence(journal, name, declared, last, first)) is not None
    ]
    if not suites:
        return []
    decision = decide(BuildEvidence(suites=tuple(suites), policy=config.policy))
    return [
        Drift(
            suite=suite.name,
            check=check.name,
            now=pairs[suite.name][0].label,
            first=pairs[suite.name][1].label,
            day=pairs[suite.name][1].day,
            baselines=pairs[suite.name][2],
            examples=compared.pairs,
            drop=-compared.delta,
            low=-where.high,
            high=-where.low,
        )
        for suite in decision.suites
        for check in suite.checks
        if check.verdict is Verdict.FAIL
        and (compared := check.comparison) is not None
        and (where := compared.interval) is not None
    ]


def _pairs(found: Sequence[Entry]) -> dict[str, tuple[Entry, Entry, int]]:
    """Return the latest baseline of each suite, the first, and how many there are, where there are two or more."""
    pairs = {}
    for suite in dict.fromkeys(name for entry in found for name in entry.experiments):
        # Of a commit that was set again, the latest time: it is one baseline.
        of_suite = [*{entry.build.commit: entry for entry in reversed(found) if suite in entry.experiments}.values()]
        of_suite.sort(key=lambda entry: -entry.build.id)
        if len(of_suite) > 1:
            pairs[suite] = (of_suite[0], of_suite[-1], len(of_suite))
    return pairs


def _evidence(journal: Journal, name: str, suite: Suite, last: Entry, first: Entry) -> SuiteEvidence | None:
    """Return both baselines as the sides of one suite; None where they have too little in common."""
    rows = last.experiments[name], first.experiments[name]
    before = dict(journal.example_hashes(rows[1].build, name))
    shared = {each for each, digest in journal.example_hashes(rows[0].build, name) if before.get(each) == digest}
    if len(shared) < _ENOUGH:
        return None
    grouped = grouping(suite, (each for each in journal.examples(rows[0].build, name) if each.id in shared))
    index = {example_id: place for place, example_id in enumerate(grouped.example_ids)}
    sides = [read_side(journal, row, index, _names(journal, row)).scores for row in rows]
    specs = {spec.name: spec for spec in rows[0].specs}
    versions = {spec.name: spec.version for spec in rows[1].specs}
    checks = tuple(
        CheckEvidence(
            name=check_name,
            check=Check(no_regression=check.no_regression),
            evaluator=specs[check_name],
            candidate=sides[0][check_name],
            baseline=sides[1][check_name],
            redraws={},
        )
        for check_name, check in suite.scored_checks.items()
        if check.gating and check.no_regression is not None
        if specs[check_name].direction != Direction.NEUTRAL
        if _scored_alike(rows, check_name) and versions.get(check_name) == specs[check_name].version
    )
    if not checks:
        return None
    return SuiteEvidence(
        name=name,
        dataset=rows[0].dataset,
        example_ids=grouped.example_ids,
        checks=checks,
        clusters=grouped.clusters,
        slices={},
        identical=np.zeros(len(grouped.example_ids), dtype=np.bool_),
        baseline_label=first.label,
    )


def _scored_alike(rows: tuple[ExperimentRow, ExperimentRow], evaluator: str) -> bool:
    """Return whether an evaluator scored both alike, as far as its fingerprint tells."""
    if rows[0].evaluators == rows[1].evaluators:
        return True
    own = rows[0].scorers.get(evaluator)
    return own is not None and own == rows[1].scorers.get(evaluator)
