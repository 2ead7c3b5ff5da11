"""`improves` and `equivalent` of what runs take: how much less, or how near, by where the change could really be.

`improves: {by: 0.30}` asks for 30 % less. Ratios are clipped at twice what is asked where that is more than 3, so that
a tenth of the cost can be asked for too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalgate.decision import words
from evalgate.decision.comparison import Differences, lowest_with_no_change, two_ended_interval
from evalgate.decision.evidence import Cell
from evalgate.decision.improvement import EQUIVALENT, IMPROVES, improves_by, within
from evalgate.decision.improvement_words import not_fresh, unequal_repetitions
from evalgate.decision.ratios import improvement_words as told_of
from evalgate.decision.ratios import words as ratio_words
from evalgate.decision.ratios.changes import Change, rise
from evalgate.decision.ratios.no_regression import TOTALS_ALLOWED, totals
from evalgate.decision.ratios.obstacles import comparison_obstacle
from evalgate.decision.ratios.view import CLIP, RatioView, share_of
from evalgate.decision.results import Interval, RuleDecision
from evalgate.decision.view import unmeasurable
from evalgate.records import Verdict
from evalgate.suite.checks import Equivalent, Improves, Unmeasurable
from evalgate.suite.resources import Resource

_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """Where the mean log ratio could really be, as shares of its clip, and the same as shares of the baseline's."""

    differences: Differences
    where: Interval
    told: Change


def decide_improves(of: RatioView, rule: Improves) -> RuleDecision:
    """Return whether the candidate takes less by more than is asked, usually and in all."""
    limit = -math.log1p(-rule.by)
    clip = max(CLIP, 2 * limit)
    change = _change(of, IMPROVES, clip)
    if isinstance(change, RuleDecision):
        return change
    resource = of.evidence.resource
    verdict = improves_by(change.where, limit / clip)
    if verdict is Verdict.PASS:
        told, asked = told_of.fell(change.told, rule.by), 1 - rule.by / TOTALS_ALLOWED
        if missing := int(of.candidate.answers.missing.sum()):
            verdict, told = Verdict.INCONCLUSIVE, told_of.missing_hides(f"show {told_of.fall(rule.by)}", missing)
        elif resource is not Resource.LATENCY and not _total_within(of, asked):
            verdict, told = Verdict.INCONCLUSIVE, told_of.total_hides(totals(of), resource, asked)
    elif verdict is Verdict.FAIL:
        told = told_of.fell_too_little(change.told, rule.by)
    else:
        told = told_of.perhaps_fell(change.told, rule.by)
    return _ruled(IMPROVES, verdict, told)


def decide_equivalent(of: RatioView, rule: Equivalent) -> RuleDecision:
    """Return whether both sides take as much, up to a factor of 1 + margin either way."""
    limit = math.log1p(rule.margin)
    clip = max(CLIP, 2 * limit)
    change = _change(of, EQUIVALENT, clip)
    if isinstance(change, RuleDecision):
        return change
    resource = of.evidence.resource
    if of.nothing_changed:
        told = ratio_words.nothing_changed(len(change.differences.values), resource, nothing=of.took_nothing)
        return _ruled(EQUIVALENT, Verdict.PASS, told)
    verdict = within(change.where, limit / clip)
    if verdict is Verdict.PASS:
        told, slack = told_of.equivalent(change.told, rule.margin), rule.margin
        most = 1 + TOTALS_ALLOWED * slack
        fits = _total_within(of, most) and _total_within(of, most, turned=True)
        if missing := int(of.candidate.answers.missing.sum()):
            finding = f"rule out a change of {rise(rule.margin)}"
            verdict, told = Verdict.INCONCLUSIVE, told_of.missing_hides(finding, missing)
        elif resource is not Resource.LATENCY and not fits:
            verdict, told = Verdict.INCONCLUSIVE, told_of.total_differs(totals(of), resource, TOTALS_ALLOWED * slack)
    elif verdict is Verdict.FAIL:
        told = told_of.not_equivalent(change.told, rule.margin)
    else:
        told = told_of.perhaps_equivalent(change.told, rule.margin)
        if lowest_with_no_change(change.differences) * clip <= -limit:
            few = ratio_words.too_few(
                change.differences.unit_count,
                resource=resource,
                clustered=change.differences.clustered,
                allowed=rule.margin,
                what="change",
            )
            told = words.Told(reason=f"{told.reason} {few}", next_step=told.next_step)
    return _ruled(EQUIVALENT, verdict, told)


def _change(of: RatioView, rule: str, clip: float) -> _Change | RuleDecision:
    """Return the change, or the rule's verdict where the sides cannot be compared for it."""
    obstacle = comparison_obstacle(of, rule)
    if obstacle is not None:
        return obstacle
    if of.layout.suite.screen is not None:
        return unmeasurable(rule, Unmeasurable.BASELINE, not_fresh(rule, of.label))
    unequal = _unequal(of)
    if unequal:
        told = unequal_repetitions(rule=rule, examples=unequal, label=of.label)
        return unmeasurable(rule, Unmeasurable.BASELINE, told)
    differences = of.with_clip(clip)
    if differences is None:
        raise ValueError(f"check {of.evidence.name!r} has no pairs and no obstacle")
    where = two_ended_interval(differences)
    return _Change(
        differences=differences,
        where=where,
        told=Change(
            delta=share_of(differences.delta, clip),
            where=shown_interval(where, clip),
            resource=of.evidence.resource,
            label=of.label,
            most=math.exp(clip),
        ),
    )


def shown_interval(where: Interval, clip: float) -> Interval:
    """Return an interval of log ratios (shares of `clip`) in shares of what the baseline takes."""
    method = f"{where.method}, of log ratios"
    return Interval(low=share_of(where.low, clip), high=share_of(where.high, clip), level=where.level, method=method)


def _unequal(of: RatioView) -> int:
    """Return how many examples were drawn more often on one side."""
    baseline = of.evidence.baseline
    if baseline is None:
        return 0
    drawn = [(side.cells != Cell.ABSENT).sum(axis=1) for side in (of.evidence.candidate, baseline)]
    return int(((drawn[0] != drawn[1]) & (drawn[0] > 0) & (drawn[1] > 0)).sum())


def _total_within(of: RatioView, factor: float, *, turned: bool = False) -> bool:
    """Return whether the candidate's total is at most `factor` times the baseline's; `turned`: the other way."""
    both = totals(of)
    ours, theirs = (both.baseline, both.candidate) if turned else (both.candidate, both.baseline)
    return ours <= factor * theirs * (1 + _ROUNDING)


def _ruled(rule: str, verdict: Verdict, told: words.Told) -> RuleDecision:
    return RuleDecision(rule=rule, verdict=verdict, reason=told.reason, next_step=told.next_step)
