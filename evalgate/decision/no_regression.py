"""`no_regression`: FAIL on evidence of a drop, PASS where a drop of the margin is ruled out, else INCONCLUSIVE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from evalgate.decision.outlook import to_decide
from evalgate.decision.results import Comparison, Interval, RuleDecision, SliceDecision
from evalgate.decision.scale import Fill
from evalgate.decision.view import View, comparison_obstacle, view
from evalgate.decision.with_slices import with_slices
from evalgate.records import Verdict
from evalgate.suite.checks import NoRegression

RULE = "no_regression"
STORED_TO_PASS = 3
"""A screen against fewer stored runs of each example cannot PASS."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """What one verdict is about: all examples of a check, or those of a slice."""

    of: View
    rule: NoRegression
    family: Family
    differences: Differences
    compared: Comparison
    members: NDArray[np.bool_] | None

    @property
    def unable(self) -> str:
        """The clause that so few changes could not have failed; empty where they could have."""
        clustered = self.differences.clustered
        return words.beyond_failing(self.compared, clustered=clustered, of_slice=self.members is not None)

    @property
    def worse_for_certain(self) -> bool:
        """Whether the evidence is that of a FAIL, whatever the size of the drop."""
        p, where = self.compared.p_adjusted, self.compared.interval
        if self.of.layout.suite.screen is not None:
            return False
        return p is not None and p <= self.of.policy.alpha and where is not None and where.high < 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outcome:
    """The verdict on one part, and its words."""

    verdict: Verdict
    told: words.Told


def decide_no_regression(
    of: View, rule: NoRegression, family: Family, slicings: Sequence[Slicing]
) -> tuple[RuleDecision, tuple[SliceDecision, ...]]:
    """Return the rule's verdict, its slices' FAILs and required INCONCLUSIVEs in it, and each slice's own.

    Raises ValueError for a view that has neither pairs nor anything that stands against comparing.
    """
    obstacle = comparison_obstacle(of)
    if obstacle is not None:
        return obstacle, ()
    differences = of.differences()
    if differences is None:
        raise ValueError(f"check {of.evidence.name!r} has no pairs and no obstacle")
    own = _outcome(_part(of, rule, family, differences, None))
    slices = tuple(_slice(of, rule, family, slicing) for slicing in slicings)
    verdict, told = with_slices(own.verdict, own.told, slices, words.slice_too)
    ruled = RuleDecision(rule=RULE, verdict=verdict, reason=told.reason, next_step=told.next_step, overall=own.verdict)
    return ruled, slices


def _slice(of: View, rule: NoRegression, family: Family, slicing: Slicing) -> SliceDecision:
    differences = of.differences(slicing.members)
    if differences is None or not len(differences.values):
        outcome = _Outcome(verdict=Verdict.INCONCLUSIVE, told=words.Told(reason="No example has both answers."))
    elif not slicing.tested:
        outcome = _Outcome(verdict=Verdict.INCONCLUSIVE, told=words.untested_slice(slicing.examples, TESTED_FROM))
    else:
        outcome = _outcome(_part(of, rule, family, differences, slicing))
    return SliceDecision(
        path=slicing.path,
        value=slicing.value,
        examples=slicing.examples,
        tested=slicing.tested,
        required=slicing.required,
        verdict=outcome.verdict,
        reason=outcome.told.reason,
        comparison=_compare(of, differences, family, slicing) if differences is not None else None,
    )


def _compare(of: View, differences: Differences, family: Family, slicing: Slicing | None) -> Comparison:
    key = ColumnKey(of.layout.suite.name, of.evidence.name)
    if slicing is not None:
        key = key._replace(path=slicing.path, value=slicing.value)
    return compare(
        differences,
        tested=family.tested.get(key),
        shown=family.shown.get(key),
        alpha=of.policy.alpha,
        exact=of.policy.exact,
        level=_level(of),
    )


def _level(of: View) -> float:
    return FAILING_LEVEL if of.layout.suite.screen is None else SCREEN_LEVEL


def compare_all(of: View, family: Family) -> Comparison | None:
    """Return the comparison over all examples, tested or not; None without a baseline."""
    differences = of.differences()
    return _compare(of, differences, family, None) if differences is not None else None


def _part(of: View, rule: NoRegression, family: Family, differences: Differences, slicing: Slicing | None) -> _Part:
    return _Part(
        of=of,
        rule=rule,
        family=family,
        differences=differences,
        compared=_compare(of, differences, family, slicing),
        members=None if slicing is None else slicing.members,
    )


def _outcome(part: _Part) -> _Outcome:
    compared, rule, family = part.compared, part.rule, part.family
    if part.worse_for_certain and -compared.delta >= rule.ignore_drop_under:
        told = words.failed(
            compared,
            binary=part.differences.binary,
            pairwise=part.of.metric.pairwise,
            label=part.of.label,
            columns=family.columns,
            checks=family.checks,
        )
        return _Outcome(verdict=Verdict.FAIL, told=_with_identical_answers(part, told))
    if part.of.nothing_changed:
        return _Outcome(verdict=Verdict.PASS, told=words.nothing_changed(compared.pairs))
    outcome = _without_evidence(part)
    aside = _aside(part)
    if not aside:
        return outcome
    replaces = outcome.verdict is Verdict.INCONCLUSIVE and not _rules_out(compared.interval, rule.rule_out_drop)
    reason = aside if replaces and part.of.metric.scale.declared else f"{outcome.told.reason} {aside}"
    return _Outcome(verdict=outcome.verdict, told=words.Told(reason=reason, next_step=outcome.told.next_step))


def _aside(part: _Part) -> str:
    """Return the sentence for an interval below 0 that did not fail."""
    if part.worse_for_certain:
        return words.small_drop(part.compared, part.rule.ignore_drop_under)
    where = part.compared.interval
    if part.of.layout.suite.screen is not None and where is not None and where.high < 0:
        return screen_words.leans_on_screen(where.low, where.high)
    return words.leans(
        part.compared,
        columns=part.family.columns,
        checks=part.family.checks,
        unable=part.unable,
    )


def _without_evidence(part: _Part) -> _Outcome:
    """Return PASS where a drop of the margin is ruled out, missing answers at their worst included."""
    of, margin, differences = part.of, part.rule.rule_out_drop, part.differences
    if not of.metric.scale.declared:
        return _Outcome(verdict=Verdict.INCONCLUSIVE, told=words.no_range(of.evidence.name))
    if _rules_out(part.compared.interval, margin):
        missing = _missing(part)
        if not missing or _passes_at_worst(part):
            return _rules_out_drops(of, margin)
        return _Outcome(verdict=Verdict.INCONCLUSIVE, told=words.missing_decides(missing, margin))
    reason = words.undecided(part.compared)
    if part.compared.worse and part.unable:
        reason = f"{reason} {part.unable[0].upper()}{part.unable[1:]}."
    if lowest_with_no_change(differences, _level(of)) <= -margin:
        few = words.too_few(differences.unit_count, clustered=differences.clustered, margin=margin)
        reason = f"{reason} {few}"
    step = to_decide(of, differences, part.family, margin)
    return _Outcome(verdict=Verdict.INCONCLUSIVE, told=words.Told(reason=reason, next_step=step))


def _rules_out_drops(of: View, margin: float) -> _Outcome:
    """Return PASS in its words; INCONCLUSIVE at a screen against too few stored runs."""
    stored = of.layout.suite.screen
    if stored is None:
        return _Outcome(verdict=Verdict.PASS, told=words.passed(margin))
    if stored.repetitions < STORED_TO_PASS:
        return _Outcome(verdict=Verdict.INCONCLUSIVE, told=screen_words.too_few_stored(stored, STORED_TO_PASS))
    return _Outcome(verdict=Verdict.PASS, told=screen_words.passed(margin, stored))


def _rules_out(where: Interval | None, margin: float) -> bool:
    return where is not None and where.low > -margin


def _missing(part: _Part) -> int:
    """Return how many answers of the candidate are missing."""
    missing = part.of.metric.candidate.missing
    return int((missing if part.members is None else missing[part.members]).sum())


def _passes_at_worst(part: _Part) -> bool:
    of = part.of
    filled = view(of.layout, of.evidence, of.metric, of.policy, Fill.CANDIDATE_WORST).differences(part.members)
    return filled is not None and _rules_out(interval(filled, _level(of)), part.rule.rule_out_drop)


def _with_identical_answers(part: _Part, told: words.Told) -> words.Told:
    """Add that the answers themselves are the same, where what differs can only be how they were scored."""
    identical = part.of.layout.suite.identical[part.of.layout.order]
    if bool(identical.all() if part.members is None else identical[part.members].all()):
        return words.Told(reason=f"{told.reason} {words.IDENTICAL}", next_step=words.IDENTICAL_STEP)
    return told
