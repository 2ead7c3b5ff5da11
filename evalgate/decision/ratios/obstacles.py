"""What keeps a check of cost, tokens or latency from being measured: what is unknown is not free."""

from __future__ import annotations

from evalgate.decision import words
from evalgate.decision.pairing import CHANGED
from evalgate.decision.ratios import words as ratio_words
from evalgate.decision.ratios.view import Amounts, RatioView
from evalgate.decision.results import RuleDecision
from evalgate.decision.view import unmeasurable
from evalgate.records import Side
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.resources import Resource


def comparison_obstacle(of: RatioView, rule: str = "no_regression") -> RuleDecision | None:
    """Return why the sides cannot be compared, as `rule` says it; None where they can."""
    baseline = of.sides.get(Side.BASELINE)
    if baseline is None or of.pairs is None:
        return unmeasurable(rule, Unmeasurable.BASELINE, ratio_words.no_baseline())
    if of.evidence.resource is Resource.LATENCY and of.layout.suite.screen is not None:
        told = ratio_words.earlier(candidate=(0, 0), baseline=(baseline.runs, baseline.runs), label=of.label)
        return unmeasurable(rule, Unmeasurable.CACHED, told)
    if not baseline.runs and baseline.answers.errors.any():
        return unmeasurable(rule, Unmeasurable.BASELINE, words.baseline_only_errors(of.label))
    examples = len(of.layout.example_ids)
    lacking = max(float(side.answers.lacking.sum()) for side in of.sides.values())
    if _too_many(lacking, examples, of):
        return _missing(of, rule, of.candidate, baseline)
    pairs = int(of.pairs.paired.sum())
    if 2 * pairs < examples:
        return unmeasurable(rule, Unmeasurable.ERRORS, ratio_words.too_few_pairs(pairs, examples))
    return None


def absolute_obstacle(of: RatioView, rule: str) -> RuleDecision | None:
    """Return why nothing can be said of what the candidate takes; None where it can."""
    answers, examples = of.candidate.answers, len(of.layout.example_ids)
    if _too_many(float(answers.lacking.sum()), examples, of):
        return _missing(of, rule, of.candidate, None)
    answered = int((answers.counts > 0).sum())
    if 2 * answered < examples or not answered:
        return unmeasurable(rule, Unmeasurable.ERRORS, ratio_words.too_few_answers(answered, examples))
    return None


def too_much_missing(of: RatioView, side: Side) -> bool:
    """Return whether so much of a side is missing that a mean of the rest would mislead."""
    amounts = of.sides[side]
    return _too_many(float(amounts.answers.lacking.sum()), len(of.layout.example_ids), of)


def _too_many(amount: float, examples: int, of: RatioView) -> bool:
    return amount > max(1.0, of.policy.max_missing * examples) + CHANGED


def _missing(of: RatioView, rule: str, candidate: Amounts, baseline: Amounts | None) -> RuleDecision:
    """Return the UNMEASURABLE that names the reason of most of what is missing."""
    sides = [side for side in (candidate, baseline) if side is not None]
    missing = sum(int(side.answers.missing.sum()) for side in sides)
    unknown, earlier = sum(side.unknown for side in sides), sum(side.earlier for side in sides)
    if earlier and earlier >= max(unknown, missing - unknown - earlier):
        counts = [(side.earlier, side.runs) for side in sides]
        told = ratio_words.earlier(candidate=counts[0], baseline=(*counts, None)[1], label=of.label)
        return unmeasurable(rule, Unmeasurable.CACHED, told)
    if unknown and unknown >= missing - unknown - earlier:
        counts = [(side.unknown, side.runs) for side in sides]
        told = ratio_words.unknown(
            of.evidence.resource, candidate=counts[0], baseline=(*counts, None)[1], label=of.label
        )
        return unmeasurable(rule, Unmeasurable.ERRORS, told)
    lacking = [int((side.answers.lacking > 0).sum()) for side in sides]
    told = words.too_many_missing(
        candidate=lacking[0],
        baseline=lacking[1] if baseline is not None else None,
        examples=len(of.layout.example_ids),
        allowed=of.policy.max_missing,
        label=of.label,
    )
    return unmeasurable(rule, Unmeasurable.ERRORS, told)
