"""`improves` and `equivalent`: how large the change is, by where it could really be.

Never by flipping signs: flips ask whether there was any change, and about another value than zero they accept a true
loss of exactly the margin up to 36 times in 100. So these rules are no columns of the family.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from evalgate.decision import improvement_words, words
from evalgate.decision.comparison import Differences, lowest_with_no_change, two_ended_interval
from evalgate.decision.evidence import Cell
from evalgate.decision.results import Interval, RuleDecision
from evalgate.decision.scale import Fill
from evalgate.decision.view import View, comparison_obstacle, unmeasurable, view
from evalgate.records import Verdict
from evalgate.suite.checks import Equivalent, Improves, Unmeasurable

IMPROVES: Final = "improves"
EQUIVALENT: Final = "equivalent"
RULES: Final = frozenset({IMPROVES, EQUIVALENT})


def improves_by(where: Interval, by: float) -> Verdict:
    """Return PASS above `by` (a share), FAIL below it; an interval that holds or touches it is INCONCLUSIVE."""
    if where.low > by:
        return Verdict.PASS
    return Verdict.FAIL if where.high < by else Verdict.INCONCLUSIVE


def within(where: Interval, margin: float) -> Verdict:
    """Return PASS inside ±`margin` (a share), FAIL outside of it; what holds or touches an end is INCONCLUSIVE."""
    if -margin < where.low and where.high < margin:
        return Verdict.PASS
    return Verdict.FAIL if where.low > margin or where.high < -margin else Verdict.INCONCLUSIVE


def decide_improves(of: View, rule: Improves) -> RuleDecision:
    """Return whether the candidate is better by more than is asked, its missing answers at their worst included."""
    differences = _comparable(of, IMPROVES)
    if isinstance(differences, RuleDecision):
        return differences
    where, delta = two_ended_interval(differences), differences.delta
    verdict = improves_by(where, rule.by)
    if verdict is Verdict.PASS:
        told = improvement_words.improved(delta, where, rule.by, of.label)
        if improves_by(_filled(of, Fill.CANDIDATE_WORST, where), rule.by) is not Verdict.PASS:
            verdict, told = Verdict.INCONCLUSIVE, improvement_words.missing_hides_improvement(_missing(of), rule.by)
    elif verdict is Verdict.FAIL:
        told = improvement_words.not_improved(delta, where, rule.by, of.label)
    else:
        told = improvement_words.perhaps_improved(delta, where, rule.by)
    return _ruled(IMPROVES, verdict, told)


def decide_equivalent(of: View, rule: Equivalent) -> RuleDecision:
    """Return whether the change is under the margin either way, whatever the candidate's missing answers were."""
    differences = _comparable(of, EQUIVALENT)
    if isinstance(differences, RuleDecision):
        return differences
    if of.nothing_changed:
        return _ruled(EQUIVALENT, Verdict.PASS, words.nothing_changed(len(differences.values)))
    where, delta = two_ended_interval(differences), differences.delta
    verdict = within(where, rule.margin)
    if verdict is Verdict.PASS:
        told = improvement_words.equivalent(delta, where, rule.margin, of.label)
        for fill, what in ((Fill.CANDIDATE_WORST, "wrong"), (Fill.CANDIDATE_BEST, "right")):
            if within(_filled(of, fill, where), rule.margin) is not Verdict.PASS:
                told = improvement_words.missing_hides_equivalence(_missing(of), rule.margin, what)
                return _ruled(EQUIVALENT, Verdict.INCONCLUSIVE, told)
    elif verdict is Verdict.FAIL:
        told = improvement_words.not_equivalent(delta, where, rule.margin, of.label)
    else:
        told = improvement_words.perhaps_equivalent(delta, where, rule.margin)
        if lowest_with_no_change(differences) <= -rule.margin:
            few = words.too_few(
                differences.unit_count, clustered=differences.clustered, margin=rule.margin, what="change"
            )
            told = words.Told(reason=f"{told.reason} {few}", next_step=told.next_step)
    return _ruled(EQUIVALENT, verdict, told)


def _comparable(of: View, rule: str) -> Differences | RuleDecision:
    """Return the differences, or the rule's verdict where the sides cannot be compared for it."""
    obstacle = comparison_obstacle(of, rule)
    if obstacle is not None:
        return obstacle
    if of.layout.suite.screen is not None:
        return unmeasurable(rule, Unmeasurable.BASELINE, improvement_words.not_fresh(rule, of.label))
    unequal = _unequal(of)
    if unequal:
        told = improvement_words.unequal_repetitions(rule=rule, examples=unequal, label=of.label)
        return unmeasurable(rule, Unmeasurable.BASELINE, told)
    if not of.metric.scale.declared:
        return _ruled(rule, Verdict.INCONCLUSIVE, improvement_words.no_size(of.evidence.name))
    differences = of.differences()
    if differences is None:
        raise ValueError(f"check {of.evidence.name!r} has no pairs and no obstacle")
    return differences


def _unequal(of: View) -> int:
    """Return how many examples were drawn more often on one side; those that a side never drew are missing there.

    Drawn, not answered: an answer that a service failed to give is missing, and is counted as such.
    """
    evidence = of.evidence
    if evidence.baseline is None:
        return 0
    candidate, baseline = ((side.cells != Cell.ABSENT).sum(axis=1) for side in (evidence.candidate, evidence.baseline))
    return int(np.count_nonzero((candidate != baseline) & (candidate > 0) & (baseline > 0)))


def _filled(of: View, fill: Fill, where: Interval) -> Interval:
    """Return the interval with the candidate's missing answers filled in; `where` itself if none is missing."""
    if not _missing(of):
        return where
    filled = view(of.layout, of.evidence, of.metric, of.policy, fill).differences()
    return where if filled is None else two_ended_interval(filled)


def _missing(of: View) -> int:
    """Return how many answers of the candidate are missing."""
    return int(of.metric.candidate.missing.sum())


def _ruled(rule: str, verdict: Verdict, told: words.Told) -> RuleDecision:
    return RuleDecision(rule=rule, verdict=verdict, reason=told.reason, next_step=told.next_step)
