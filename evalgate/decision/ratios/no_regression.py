"""`no_regression` of what runs take: FAIL on evidence of more than is allowed, PASS where that is ruled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalgate.decision import screen_words, words
from evalgate.decision.comparison import (
    FAILING_LEVEL,
    SCREEN_LEVEL,
    Differences,
    compare,
    interval,
    lowest_with_no_change,
)
from evalgate.decision.family import ColumnKey, Family
from evalgate.decision.layout import TESTED_FROM, Slicing
from evalgate.decision.no_regression import RULE, STORED_TO_PASS
from evalgate.decision.ratios import words as ratio_words
from evalgate.decision.ratios.changes import Totals
from evalgate.decision.ratios.obstacles import comparison_obstacle
from evalgate.decision.ratios.outlook import to_decide
from evalgate.decision.ratios.view import RatioView, log_share_of, share_of
from evalgate.decision.results import Comparison, Interval, RuleDecision, SliceDecision
from evalgate.decision.with_slices import with_slices
from evalgate.records import Verdict
from evalgate.suite.checks import NoRegression
from evalgate.suite.resources import Resource

TOTALS_ALLOWED = 2.0
"""The total may rise by so many times what one answer may: a few huge ones hide in a clipped mean."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """What one verdict is about: all examples of a check, or those of a slice. `compared` is in shares of the clip."""

    of: RatioView
    rule: NoRegression
    family: Family
    differences: Differences
    compared: Comparison
    members: NDArray[np.bool_]

    @property
    def limit(self) -> float:
        """The rise that is allowed, as a share of the clip; below 0, as rises are."""
        return log_share_of(self.rule.allow_increase)

    @property
    def shown(self) -> Comparison:
        """The comparison in shares of what the baseline takes."""
        return in_shares(self.compared)

    @property
    def totals(self) -> Totals:
        """What the pairs took in all."""
        return totals(self.of, self.members)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outcome:
    verdict: Verdict
    told: words.Told
    example_ids: tuple[str, ...] = ()


def in_shares(compared: Comparison) -> Comparison:
    """Return a comparison of log ratios in shares of what the baseline takes; a rise of 24 % is −0.24."""
    where = compared.interval
    turned = None if where is None else in_shares_interval(where)
    return replace(compared, delta=share_of(compared.delta), interval=turned)


def in_shares_interval(where: Interval) -> Interval:
    """Return an interval of log ratios in shares of what the baseline takes."""
    return replace(where, low=share_of(where.low), high=share_of(where.high), method=f"{where.method}, of log ratios")


def totals(of: RatioView, members: NDArray[np.bool_] | None = None) -> Totals:
    """Return what the pairs of the examples `members` (default: all) took in all."""
    if of.pairs is None:
        return Totals(candidate=0.0, baseline=0.0)
    used = of.pairs.paired if members is None else of.pairs.paired & members
    return Totals(candidate=float(of.pairs.candidate[used].sum()), baseline=float(of.pairs.baseline[used].sum()))


def compare_ratios(
    of: RatioView, family: Family, differences: Differences, slicing: Slicing | None = None
) -> Comparison:
    """Return the numbers of a comparison in shares of the clip."""
    key = ColumnKey(of.layout.suite.name, of.evidence.name)
    if slicing is not None:
        key = key._replace(path=slicing.path, value=slicing.value)
    tested = family.tested.get(key)
    shown = family.shown.get(key)
    return compare(
        differences, tested=tested, shown=shown, alpha=of.policy.alpha, exact=of.policy.exact, level=level(of)
    )


def level(of: RatioView) -> float:
    """Return the confidence level that the rules go by."""
    return FAILING_LEVEL if of.layout.suite.screen is None else SCREEN_LEVEL


def decide_ratio(
    of: RatioView, rule: NoRegression, family: Family, slicings: Sequence[Slicing]
) -> tuple[RuleDecision, tuple[SliceDecision, ...]]:
    """Return the rule's verdict, its slices' FAILs and required INCONCLUSIVEs in it, and each slice's own."""
    obstacle = comparison_obstacle(of)
    if obstacle is not None:
        return obstacle, ()
    own = _outcome(_part(of, rule, family, None))
    slices = tuple(_slice(of, rule, family, slicing) for slicing in slicings)
    verdict, told = with_slices(own.verdict, own.told, slices, ratio_words.slice_too)
    pairs = int(of.pairs.paired.sum()) if of.pairs is not None else 0
    used = ratio_words.pairs_used(pairs, len(of.layout.example_ids))
    ruled = RuleDecision(
        rule=RULE,
        verdict=verdict,
        reason=f"{told.reason} {used}" if used else told.reason,
        next_step=told.next_step,
        example_ids=own.example_ids,
        overall=own.verdict,
    )
    return ruled, slices


def _part(of: RatioView, rule: NoRegression, family: Family, slicing: Slicing | None) -> _Part:
    members = np.ones(len(of.layout.example_ids), dtype=bool) if slicing is None else slicing.members
    differences = of.differences(members)
    if differences is None:
        raise ValueError(f"check {of.evidence.name!r} has no pairs and no obstacle")
    return _Part(
        of=of,
        rule=rule,
        family=family,
        differences=differences,
        compared=compare_ratios(of, family, differences, slicing),
        members=members,
    )


def _slice(of: RatioView, rule: NoRegression, family: Family, slicing: Slicing) -> SliceDecision:
    part = _part(of, rule, family, slicing)
    if not len(part.differences.values):
        outcome = _Outcome(verdict=Verdict.INCONCLUSIVE, told=words.Told(reason="No example has both answers."))
    elif not slicing.tested:
        outcome = _Outcome(verdict=Verdict.INCONCLUSIVE, told=words.untested_slice(slicing.examples, TESTED_FROM))
    else:
        outcome = _outcome(part)
    return SliceDecision(
        path=slicing.path,
        value=slicing.value,
        examples=slicing.examples,
        tested=slicing.tested,
        required=slicing.required,
        verdict=outcome.verdict,
        reason=outcome.told.reason,
        comparison=part.shown,
    )


def _outcome(part: _Part) -> _Outcome:
    of, resource, allowed = part.of, part.of.evidence.resource, part.rule.allow_increase
    where, p = part.compared.interval, part.compared.p_adjusted
    fresh = of.layout.suite.screen is None
    if fresh and p is not None and p <= of.policy.alpha and where is not None and where.high < part.limit:
        told = ratio_words.failed(
            part.shown,
            resource=resource,
            allowed=allowed,
            totals=part.totals,
            label=of.label,
            columns=part.family.columns,
            checks=part.family.checks,
        )
        return _Outcome(verdict=Verdict.FAIL, told=told)
    if of.nothing_changed:
        return _Outcome(
            verdict=Verdict.PASS,
            told=ratio_words.nothing_changed(part.compared.pairs, resource, nothing=of.took_nothing),
        )
    if where is None or where.low <= part.limit:
        return _undecided(part)
    missing = int(of.candidate.answers.missing[part.members].sum())
    if missing and not _passes_at_worst(part):
        told = ratio_words.missing_decides(missing, allowed, resource, unknown=of.candidate.unknown > 0)
        return _Outcome(verdict=Verdict.INCONCLUSIVE, told=told)
    if resource is not Resource.LATENCY and not _total_fits(part.totals, allowed):
        return _total_rose(part)
    return _ruled_out(part)


def _undecided(part: _Part) -> _Outcome:
    of, resource, allowed = part.of, part.of.evidence.resource, part.rule.allow_increase
    reason = ratio_words.undecided(part.shown, resource=resource, allowed=allowed, label=of.label)
    if lowest_with_no_change(part.differences, level(of)) <= part.limit:
        differences = part.differences
        few = ratio_words.too_few(
            differences.unit_count, resource=resource, clustered=differences.clustered, allowed=allowed
        )
        reason = f"{reason} {few}"
    step = to_decide(of, part.differences, part.family, allowed)
    return _Outcome(verdict=Verdict.INCONCLUSIVE, told=words.Told(reason=reason, next_step=step))


def _ruled_out(part: _Part) -> _Outcome:
    """Return PASS in its words; INCONCLUSIVE at a screen against too few stored runs."""
    of, stored = part.of, part.of.layout.suite.screen
    if stored is not None and stored.repetitions < STORED_TO_PASS:
        return _Outcome(verdict=Verdict.INCONCLUSIVE, told=screen_words.too_few_stored(stored, STORED_TO_PASS))
    told = ratio_words.passed(
        part.shown,
        resource=of.evidence.resource,
        allowed=part.rule.allow_increase,
        label=of.label,
        against=f", {screen_words.compared_with(stored)}" if stored is not None else "",
    )
    return _Outcome(verdict=Verdict.PASS, told=told)


def _passes_at_worst(part: _Part) -> bool:
    """Return whether it would pass with every example of which the candidate lacks an amount at the clip."""
    pairs = part.of.pairs
    if pairs is None:
        return False
    lacks = part.of.candidate.answers.missing.any(axis=1)
    worst_case = replace(
        part.of,
        pairs=replace(
            pairs,
            differences=np.where(lacks, -1.0, pairs.differences),
            repetitions=np.where(lacks, np.maximum(1, pairs.repetitions), pairs.repetitions),
        ),
    )
    filled = worst_case.differences(part.members)
    return filled is not None and interval(filled, level(part.of)).low > part.limit


def _total_fits(of: Totals, allowed: float) -> bool:
    return of.candidate <= (1 + TOTALS_ALLOWED * allowed) * of.baseline * (1 + 1e-12)


def _total_rose(part: _Part) -> _Outcome:
    names = carriers(part.of, part.members, part.rule.allow_increase)
    told = ratio_words.total_rose(
        part.totals,
        resource=part.of.evidence.resource,
        allowed=part.rule.allow_increase,
        carriers=names,
        examples=part.compared.pairs,
    )
    return _Outcome(verdict=Verdict.INCONCLUSIVE, told=told, example_ids=names)


def carriers(of: RatioView, members: NDArray[np.bool_], allowed: float) -> tuple[str, ...]:
    """Return the fewest examples without which the total would keep within what is allowed, the largest rise first."""
    pairs = of.pairs
    if pairs is None:
        return ()
    used = np.flatnonzero(pairs.paired & members)
    candidate, baseline = pairs.candidate[used], pairs.baseline[used]
    order = np.argsort(-np.round(candidate - baseline, 12), kind="stable")
    left = candidate.sum() - np.cumsum(candidate[order]), baseline.sum() - np.cumsum(baseline[order])
    fits = np.flatnonzero(left[0] <= (1 + allowed) * left[1] + 1e-12)
    number = int(fits[0]) + 1 if len(fits) else len(order)
    return tuple(of.layout.example_ids[used[index]] for index in order[:number])
