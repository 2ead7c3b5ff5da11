"""One check as its rules see it, and what keeps it from being measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.decision import words
from evalgate.decision.comparison import Differences, paired_differences
from evalgate.decision.evidence import CheckEvidence
from evalgate.decision.layout import Layout
from evalgate.decision.pairing import CHANGED, Pairs, missing_amount, pair
from evalgate.decision.results import RuleDecision
from evalgate.decision.scale import Fill, Metric
from evalgate.records import Direction, Verdict
from evalgate.suite.checks import Policy, Unmeasurable


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """One check with its missing answers filled in one way. `pairs` is None without a baseline."""

    layout: Layout
    evidence: CheckEvidence
    metric: Metric
    pairs: Pairs | None
    policy: Policy

    @property
    def label(self) -> str:
        """What people call the baseline."""
        return self.layout.suite.baseline_label or "the baseline"

    @property
    def gating(self) -> bool:
        """Whether it can change the verdict: a neutral score is better in neither direction."""
        return self.evidence.check.gating and self.evidence.evaluator.direction != Direction.NEUTRAL

    @property
    def nothing_changed(self) -> bool:
        """Whether every answer is the baseline's, byte for byte, and scored the same."""
        pairs = self.pairs
        return (
            pairs is not None
            and bool(self.layout.suite.identical.all())
            and bool(pairs.paired.all())
            and not self.metric.missing
            and bool(np.all(np.abs(pairs.differences) <= CHANGED))
        )

    def differences(self, members: NDArray[np.bool_] | None = None) -> Differences | None:
        """Return the paired differences of the examples `members` (default: all)."""
        if self.pairs is None:
            return None
        return paired_differences(self.pairs, self.layout.units, bounded=self.metric.scale.bounded, members=members)


def view(layout: Layout, evidence: CheckEvidence, metric: Metric, policy: Policy, fill: Fill) -> View:
    """Return the check with its missing answers as `fill` says."""
    filled, screened = metric.filled(fill), layout.suite.screen is not None
    return View(
        layout=layout, evidence=evidence, metric=filled, pairs=pair(filled, every_answer=screened), policy=policy
    )


def comparison_obstacle(of: View, rule: str = "no_regression") -> RuleDecision | None:
    """Return why candidate and baseline cannot be compared on this check, as `rule` says it; None where they can."""
    baseline = of.metric.baseline
    if baseline is None or of.pairs is None:
        return unmeasurable(rule, Unmeasurable.BASELINE, words.no_baseline())
    counts = baseline.counts
    if counts.sum() and not (baseline.answered & ~baseline.errors).any():
        return unmeasurable(rule, Unmeasurable.BASELINE, words.baseline_only_errors(of.label))
    paired = int(of.pairs.paired.sum())
    if _too_many(missing_amount(of.metric), len(counts), of.policy) or paired == 0:
        sides = (of.metric.candidate, baseline)
        lacking = [int((side.lacking > 0).sum()) for side in sides]
        sentence = words.too_many_missing(
            candidate=lacking[0],
            baseline=lacking[1],
            examples=len(counts),
            allowed=of.policy.max_missing,
            label=of.label,
        )
        return unmeasurable(rule, Unmeasurable.ERRORS, sentence)
    return None


def absolute_obstacle(of: View, rule: str) -> RuleDecision | None:
    """Return why nothing can be said of the candidate alone; None where it can."""
    side = of.metric.candidate
    examples = len(side.counts)
    if not _too_many(float(side.lacking.sum()), examples, of.policy) and side.counts.any():
        return None
    lacking = int((side.lacking > 0).sum())
    sentence = words.too_many_missing(
        candidate=lacking, baseline=None, examples=examples, allowed=of.policy.max_missing, label=of.label
    )
    return unmeasurable(rule, Unmeasurable.ERRORS, sentence)


def _too_many(amount: float, examples: int, policy: Policy) -> bool:
    """Return whether more is missing than one example and than the policy's share of them."""
    return amount > max(1.0, policy.max_missing * examples) + CHANGED


def unmeasurable(rule: str, kind: Unmeasurable, told: words.Told) -> RuleDecision:
    """Return a rule's UNMEASURABLE in its words."""
    return RuleDecision(
        rule=rule,
        verdict=Verdict.UNMEASURABLE,
        reason=told.reason,
        next_step=told.next_step,
        unmeasurable=kind,
    )
