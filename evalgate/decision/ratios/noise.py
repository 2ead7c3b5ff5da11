"""What cost, tokens and latency of one answer vary by when nothing changes: from runs of one task against itself."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import ResourceEvidence
from evalgate.decision.layout import Layout, lay_out
from evalgate.decision.number_words import count
from evalgate.decision.ratios.outlook import rise_for
from evalgate.decision.ratios.planning import Spread
from evalgate.decision.ratios.view import CLIP, RatioView, log_ratios, ratio_view
from evalgate.decision.study import REPETITIONS, SIZES, Drops, ResourceNoise, StudyEvidence
from evalgate.stats.power import Plan
from evalgate.stats.variance import cluster_correlation, components
from evalgate.suite.checks import NoRegression, Policy


def resource_noise(check: ResourceEvidence, layout: Layout, policy: Policy, comparisons: int) -> ResourceNoise:
    """Return what one check of a resource varies by; `comparisons` share the promise of a build."""
    of = ratio_view(layout, check, policy)
    answers = of.candidate.answers
    whole = np.all(answers.answered, axis=1)
    if (obstacle := _obstacle(of, whole)) is not None:
        return ResourceNoise(name=check.name, resource=check.resource, obstacle=obstacle)
    logs, units = _logs(answers.shares[whole]), layout.units[whole]
    parts = components(logs, units)
    if parts is None:
        raise ValueError(f"check {check.name!r} has fewer than two examples or runs and no obstacle")
    noise = ResourceNoise(
        name=check.name,
        resource=check.resource,
        components=parts,
        log=math.sqrt(2 * parts.answers),
        icc=cluster_correlation(logs, units),
    )
    rule = check.check.no_regression
    if rule is None or not check.check.gating:
        return noise
    return replace(noise, rises=_rises(noise, rule, layout, policy, comparisons))


def studied_spreads(evidence: StudyEvidence, source: str) -> dict[tuple[str, str], Spread]:
    """Return the spread of what runs of a study took, by suite and check, where it varied at all."""
    layouts, _ = lay_out([studied.suite for studied in evidence.suites])
    found = {}
    for layout in layouts:
        for check in layout.suite.resources:
            noise = resource_noise(check, layout, evidence.policy, comparisons=1)
            if noise.log > 0:
                found[layout.suite.name, check.name] = Spread(log=noise.log, icc=noise.icc, source=source)
    return found


def _obstacle(of: RatioView, whole: NDArray[np.bool_]) -> str | None:
    unknown = int((of.candidate.answers.missing.any(axis=1)).sum())
    if unknown > max(1.0, of.policy.max_missing * len(whole)):
        return f"nobody knows what {count(unknown, 'example')} of {len(whole):,} took"
    if int(whole.sum()) < 2:
        return "fewer than two examples were answered in every run"
    return None


def _logs(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithms of (examples, runs) of amounts, none further than the clip from its example's median.

    So one answer in a loop weighs here as much as it does in a comparison.
    """
    usual = np.median(amounts, axis=1)
    away = -log_ratios(amounts, np.broadcast_to(usual[:, None], amounts.shape))
    logs: NDArray[np.float64] = np.log(np.where(usual > 0, usual, 1.0))[:, None] + np.clip(away, -CLIP, CLIP)
    return logs


def _rises(
    noise: ResourceNoise, rule: NoRegression, layout: Layout, policy: Policy, comparisons: int
) -> tuple[Drops, ...]:
    """Return what is caught at the examples there are and at other sizes, its clusters being as large as these."""
    examples = len(layout.example_ids)
    size = examples / len(np.unique(layout.units))

    def caught(number: int, repetitions: int) -> float | None:
        plan = Plan(examples=number, flip=0.0, alpha=policy.alpha, cluster_size=size, icc=noise.icc)
        error = noise.log / math.sqrt(plan.effective * repetitions) if number > 1 else math.inf
        return rise_for(error, alpha=policy.alpha, comparisons=comparisons, allowed=rule.allow_increase)

    return tuple(
        Drops(examples=number, caught=tuple(caught(number, repetitions) for repetitions in REPETITIONS))
        for number in (examples, *(other for other in SIZES if other != examples))
    )
