"""`at_least` and `at_most`: a fact about the candidate alone, as observed or on evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalgate.decision import absolute_words, words
from evalgate.decision.pairing import CHANGED
from evalgate.decision.results import RuleDecision
from evalgate.decision.scale import Scale
from evalgate.decision.view import View, absolute_obstacle
from evalgate.records import Verdict
from evalgate.stats.power import bounds
from evalgate.suite.checks import Threshold

ThresholdRule = Literal["at_least", "at_most"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """The candidate's mean score over its answered examples; the task's errors count against the rule."""

    mean: float
    examples: int
    unscored: int
    """Examples with an error that has no score: an unbounded score has no worst."""


def decide_threshold(of: View, name: ThresholdRule, rule: Threshold) -> RuleDecision:
    """Return the rule's verdict. With repetitions, an example counts once, by the mean of its answers."""
    obstacle = absolute_obstacle(of, name)
    if obstacle is not None:
        return obstacle
    observed = _observe(of, name)
    if observed.unscored > max(1.0, of.policy.max_missing * len(of.layout.example_ids)) or not observed.examples:
        return RuleDecision(
            rule=name,
            verdict=Verdict.FAIL,
            reason=absolute_words.errors_without_score(observed.unscored),
            next_step=words.SHOW,
        )
    if rule.mode == "point":
        return _decide_point(of, name, rule, observed)
    return _decide_evidence(of, name, rule, observed)


def _observe(of: View, name: ThresholdRule) -> Observed:
    scale, side = of.metric.scale, of.metric.candidate
    if scale.bounded:
        shares = np.where(side.errors, _worst_for(scale, name), side.shares)
        counted = side.answered
    else:
        shares, counted = side.shares, side.answered & ~side.errors
    numbers = counted.sum(axis=1)
    scored = numbers > 0
    means = np.where(counted, shares, 0.0).sum(axis=1)[scored] / numbers[scored]
    unscored = 0 if scale.bounded else int(side.errors.any(axis=1).sum())
    mean = scale.score(float(means.mean())) if len(means) else 0.0
    return Observed(mean=mean, examples=len(means), unscored=unscored)


def _worst_for(scale: Scale, name: ThresholdRule) -> float:
    """Return the share of the end of the range that the rule is against, whichever way the score is turned."""
    return scale.worst if (name == "at_least") == (scale.sign > 0) else scale.best


def _decide_point(of: View, name: ThresholdRule, rule: Threshold, observed: Observed) -> RuleDecision:
    sign = 1 if name == "at_least" else -1
    met = sign * (observed.mean - rule.threshold) >= -CHANGED * max(1.0, abs(rule.threshold))
    reason = absolute_words.threshold_as_observed(
        mean=observed.mean, examples=observed.examples, rule=name, threshold=rule.threshold, unit=_is_share(of)
    )
    return RuleDecision(
        rule=name,
        verdict=Verdict.PASS if met else Verdict.FAIL,
        reason=reason,
        next_step=None if met else words.SHOW,
    )


def _decide_evidence(of: View, name: ThresholdRule, rule: Threshold, observed: Observed) -> RuleDecision:
    spec = of.evidence.evaluator
    if not of.metric.scale.bounded or spec.low is None or spec.high is None:
        told = absolute_words.no_bounds(of.evidence.name)
        return RuleDecision(rule=name, verdict=Verdict.INCONCLUSIVE, reason=told.reason, next_step=told.next_step)
    width = spec.high - spec.low
    share = min(1.0, max(0.0, (observed.mean - spec.low) / width))
    low, high = (spec.low + width * bound for bound in bounds(share, observed.examples))
    if name == "at_least":
        passes, fails = low >= rule.threshold, high < rule.threshold
    else:
        passes, fails = high <= rule.threshold, low > rule.threshold
    verdict = Verdict.PASS if passes else Verdict.FAIL if fails else Verdict.INCONCLUSIVE
    reason = absolute_words.threshold_on_evidence(
        mean=observed.mean,
        low=low,
        high=high,
        examples=observed.examples,
        rule=name,
        threshold=rule.threshold,
        unit=_is_share(of),
    )
    steps = {Verdict.FAIL: words.SHOW, Verdict.INCONCLUSIVE: words.MORE_EXAMPLES}
    return RuleDecision(rule=name, verdict=verdict, reason=reason, next_step=steps.get(verdict))


def _is_share(of: View) -> bool:
    """Return whether the score is a share: a pass rate reads better in per cent."""
    return (of.evidence.evaluator.low, of.evidence.evaluator.high) == (0.0, 1.0)
