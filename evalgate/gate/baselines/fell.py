"""Whether the baseline fell too: drawn anew for a build, against its own stored runs. That is nobody's change.

Stored runs are most often drawn anew where they look good beside a candidate, so that they were lucky more often than
not; it is asked strictly, therefore, and nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from evalgate.decision import decide
from evalgate.decision.evidence import BuildEvidence, CheckEvidence, SuiteEvidence
from evalgate.decision.screen_words import Fell
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.grouping import grouping
from evalgate.gate.evidence.sides import read_side
from evalgate.gate.samples import deciding_samples, is_screen, samples
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import Direction, Side, Verdict
from evalgate.suite.checks import Check, Policy
from evalgate.suite.config import Suite

_ALPHA: Final = 0.01
"""Asked only of what was drawn anew for a reason; of baselines that did not fall, at most this share is said to have,
and twice that where the reason was a lucky stored one."""


def fallen(journal: Journal, build_id: int) -> Mapping[str, tuple[Fell, ...]]:
    """Return the checks in which a build's baseline, drawn anew, scores lower than as it was stored, by suite.

    A suite whose baseline was not drawn anew, or of which nothing was stored, is left out.
    """
    config = recorded_config(journal.build(build_id))
    rows = {row.suite: row for row in journal.experiments(build_id) if row.side is Side.BASELINE}
    suites = [
        evidence
        for name, suite in config.suites.items()
        if name in rows and (evidence := _evidence(journal, name, suite, rows[name])) is not None
    ]
    if not suites:
        return {}
    policy = Policy().model_copy(update={"alpha": _ALPHA})
    return {
        suite.name: tuple(
            Fell(
                check=check.name,
                of=rows[suite.name].label,
                day=rows[suite.name].drawn_on or "",
                examples=compared.pairs,
                drop=-compared.delta,
                low=-where.high,
                high=-where.low,
            )
            for check in suite.checks
            if check.verdict is Verdict.FAIL
            and (compared := check.comparison) is not None
            and (where := compared.interval) is not None
        )
        for suite in decide(BuildEvidence(suites=tuple(suites), policy=policy)).suites
    }


def _evidence(journal: Journal, name: str, suite: Suite, row: ExperimentRow) -> SuiteEvidence | None:
    """Return what was drawn anew and what was stored as the sides of one suite; None where one of them is not there."""
    draws = [draw for draw in journal.draws(row.build) if draw.suite == name]
    stored, anew = samples(row.repetitions), deciding_samples(row, draws)
    if not row.stored or is_screen(row, draws) or anew == stored:
        return None
    grouped = grouping(suite, journal.examples(row.build, name))
    index = {example_id: place for place, example_id in enumerate(grouped.example_ids)}
    now, then = (read_side(journal, row, index, names).scores for names in (anew, stored))
    specs = {spec.name: spec for spec in row.specs}
    checks = tuple(
        CheckEvidence(
            name=check,
            check=Check.model_validate({"no_regression": {}}),
            evaluator=specs[check],
            candidate=now[check],
            baseline=then[check],
            redraws={},
        )
        for check, declared in suite.scored_checks.items()
        if declared.gating and check in now
        if specs[check].direction != Direction.NEUTRAL and not specs[check].pairwise
    )
    if not checks or not grouped.example_ids:
        return None
    return SuiteEvidence(
        name=name,
        dataset=row.dataset,
        example_ids=grouped.example_ids,
        checks=checks,
        clusters=grouped.clusters,
        slices={},
        identical=np.zeros(len(grouped.example_ids), dtype=np.bool_),
        baseline_label=row.label,
    )
