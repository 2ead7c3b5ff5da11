"""One check of cost, tokens or latency: its rules decided, its numbers gathered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evalgate.decision.checks import Settled
from evalgate.decision.comparison import two_ended_interval
from evalgate.decision.family import Compared, Family
from evalgate.decision.flips import Flips
from evalgate.decision.layout import Slicing
from evalgate.decision.ratios import words as ratio_words
from evalgate.decision.ratios.improvement import decide_equivalent, decide_improves, shown_interval
from evalgate.decision.ratios.no_regression import compare_ratios, decide_ratio, in_shares, totals
from evalgate.decision.ratios.obstacles import absolute_obstacle, comparison_obstacle, too_much_missing
from evalgate.decision.ratios.outlook import rise_caught
from evalgate.decision.ratios.view import CLIP, RatioView
from evalgate.decision.results import CheckDecision, Comparison, Flip, Missing, Ratio, RuleDecision, SliceDecision
from evalgate.decision.words import SHOW
from evalgate.records import Side, Verdict, worst
from evalgate.stats.summary import summarize
from evalgate.suite.checks import NoRegression, Threshold

NOTABLE = NoRegression().allow_increase
"""A rise that is worth naming where the check allows none in particular."""
_SAME = 1e-9


def comparable(of: RatioView, slicings: Sequence[Slicing]) -> Compared | None:
    """Return the check's comparison for the joint test; None where it makes none."""
    check = of.evidence.check
    return _compared_with(of, slicings) if check.gating and check.no_regression is not None else None


def shown_beside(of: RatioView, slicings: Sequence[Slicing]) -> Compared | None:
    """Return the check's comparison where nothing rests on it; None where something does, or there is none."""
    check = of.evidence.check
    decides = check.gating and (check.no_regression is not None or check.needs_fresh)
    return None if decides else _compared_with(of, slicings)


def _compared_with(of: RatioView, slicings: Sequence[Slicing]) -> Compared | None:
    if of.pairs is None or comparison_obstacle(of) is not None:
        return None
    return Compared(layout=of.layout, check=of.evidence.name, pairs=of.pairs, slicings=tuple(slicings))


def settle_ratio(of: RatioView, family: Family, slicings: Sequence[Slicing]) -> Settled:
    """Decide every rule of the check. One that gates nothing is INCONCLUSIVE where it has no rule."""
    check = of.evidence.check
    rules: list[RuleDecision] = []
    slices: tuple[SliceDecision, ...] = ()
    if check.no_regression is not None:
        ruled, slices = decide_ratio(of, check.no_regression, family, slicings)
        rules.append(ruled)
    if check.improves is not None:
        rules.append(decide_improves(of, check.improves))
    if check.equivalent is not None:
        rules.append(decide_equivalent(of, check.equivalent))
    if check.at_most is not None:
        rules.append(_at_most(of, check.at_most))
    verdict = worst([rule.verdict for rule in rules]) if rules else Verdict.INCONCLUSIVE
    return Settled(verdict=verdict, rules=tuple(rules), slices=slices)


def describe_ratio(of: RatioView, settled: Settled, family: Family) -> CheckDecision:
    """Return the whole of a check."""
    check, baseline = of.evidence.check, of.sides.get(Side.BASELINE)
    rule = check.no_regression
    return CheckDecision(
        name=of.evidence.name,
        gating=check.gating,
        verdict=settled.verdict,
        rules=settled.rules,
        slices=settled.slices,
        examples=len(of.layout.example_ids),
        candidate_mean=_mean(of, Side.CANDIDATE),
        baseline_mean=_mean(of, Side.BASELINE),
        low=None,
        high=None,
        binary=False,
        missing=Missing(
            candidate=_lacking(of, Side.CANDIDATE),
            baseline=_lacking(of, Side.BASELINE),
            candidate_errors=int(of.candidate.answers.errors.sum()),
            baseline_errors=int(baseline.answers.errors.sum()) if baseline is not None else 0,
        ),
        missing_could_change=None,
        comparison=_compared(of, family),
        detectable=None,
        regressed=_risen(of, rule) if check.gating and settled.verdict is not Verdict.PASS else (),
        improved=(),
        ratio=_ratio(of, family),
    )


def _compared(of: RatioView, family: Family) -> Comparison | None:
    """Return the comparison over all examples in shares of what the baseline takes; None where nothing is paired."""
    differences, check = of.differences(), of.evidence.check
    if differences is None or not len(differences.values):
        return None
    compared = in_shares(compare_ratios(of, family, differences))
    if check.no_regression is None and check.needs_fresh:
        return replace(compared, interval=shown_interval(two_ended_interval(differences), CLIP))
    return compared


def _ratio(of: RatioView, family: Family) -> Ratio:
    differences, rule = of.differences(), of.evidence.check.no_regression
    baseline = of.sides.get(Side.BASELINE)
    both = totals(of)
    tests = rule is not None and of.evidence.check.gating
    caught = None
    if tests and differences is not None and len(differences.values) and comparison_obstacle(of) is None:
        caught = rise_caught(
            differences,
            alpha=of.policy.alpha,
            comparisons=family.live,
            allowed=rule.allow_increase if rule is not None else None,
        )
    return Ratio(
        resource=of.evidence.resource,
        allowed=rule.allow_increase if rule is not None else None,
        candidate=summarize(of.candidate.seen),
        baseline=summarize(baseline.seen) if baseline is not None else None,
        paired_candidate=both.candidate,
        paired_baseline=both.baseline,
        clipped=int((np.abs(differences.values) >= 1 - _SAME).sum()) if differences is not None else 0,
        caught=caught,
    )


def _mean(of: RatioView, side: Side) -> float | None:
    """Return what one answer of a side takes on average, each example counted once; None where too little is known."""
    amounts = of.sides.get(side)
    if amounts is None or not amounts.seen.size or (amounts.unknown and too_much_missing(of, side)):
        return None
    answers = amounts.answers
    means = answers.means(answers.answered)
    means = means[~np.isnan(means)]
    return float(means.mean()) if means.size else float(amounts.seen.mean())


def _lacking(of: RatioView, side: Side) -> int:
    amounts = of.sides.get(side)
    return int((amounts.answers.lacking > 0).sum()) if amounts is not None else 0


def _risen(of: RatioView, rule: NoRegression | None) -> Sequence[Flip]:
    """Return the examples that rose by more than is allowed, those that rose most in their own unit first."""
    pairs = of.pairs
    if pairs is None:
        return ()
    limit = -math.log1p(rule.allow_increase if rule is not None else NOTABLE) / CLIP
    indexes = np.flatnonzero(np.nan_to_num(pairs.differences) < limit - _SAME)
    rises = np.round(pairs.candidate[indexes] - pairs.baseline[indexes], 12)
    indexes = indexes[np.argsort(-rises, kind="stable")]
    return Flips(
        example_ids=of.layout.example_ids,
        indexes=indexes,
        baselines=pairs.baseline[indexes],
        candidates=pairs.candidate[indexes],
    )


def _at_most(of: RatioView, rule: Threshold) -> RuleDecision:
    """Return whether one answer takes no more than is asked, on average over the examples: a fact."""
    obstacle = absolute_obstacle(of, "at_most")
    if obstacle is not None:
        return obstacle
    answers = of.candidate.answers
    means = answers.means(answers.answered)
    means = means[~np.isnan(means)]
    mean = float(means.mean())
    met = mean <= rule.threshold * (1 + _SAME)
    return RuleDecision(
        rule="at_most",
        verdict=Verdict.PASS if met else Verdict.FAIL,
        reason=ratio_words.at_most(mean=mean, examples=len(means), asked=rule.threshold, resource=of.evidence.resource),
        next_step=None if met else SHOW,
    )
