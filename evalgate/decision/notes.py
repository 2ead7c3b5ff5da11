"""What is said of a check beside its verdict: scores that use little of their range, a lean that decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from evalgate.decision import number_words, words
from evalgate.decision.evidence import Cell
from evalgate.decision.family import Family
from evalgate.decision.number_words import number, times_in_100
from evalgate.decision.results import Comparison
from evalgate.decision.scale import are_scores
from evalgate.decision.view import View

NARROW: Final = 0.20
"""Scores that span less of their range than this make its points too coarse."""
_ENOUGH: Final = 10
"""So few examples say nothing of what their scores span."""
_STRONG: Final = 0.20
"""A q-value above it is no finding."""


def notes(of: View, compared: Comparison | None, family: Family) -> Iterator[str]:
    """Yield the sentences: none of them changes a verdict."""
    if compared is None:
        return
    if of.evidence.preferences is not None:
        yield words.preferences(of.evidence.preferences, of.label)
    span = _span(of)
    if span is not None:
        low, high = span
        yield _narrow(of, low, high)
    if not of.gating and compared.q is not None and compared.interval is not None and compared.interval.high < 0:
        yield _lean(compared, len(family.shown))


def _span(of: View) -> tuple[float, float] | None:
    """Return the lowest and the highest score of both sides, where that is little of what was declared.

    None where all scores are one end of the range: everything passed, or nothing did.
    """
    scale, evidence = of.metric.scale, of.evidence
    if not scale.declared or evidence.evaluator.pairwise or len(of.layout.example_ids) < _ENOUGH:
        return None
    seen = [
        side.values[(side.cells == Cell.SCORED) & are_scores(evidence.evaluator, side.values)]
        for side in (evidence.candidate, evidence.baseline)
        if side is not None
    ]
    scores = np.concatenate(seen)
    if not len(scores):
        return None
    low, high = float(scores.min()), float(scores.max())
    at_an_end = scale.bounded and low == high and low in {evidence.evaluator.low, evidence.evaluator.high}
    return None if at_an_end or high - low >= NARROW * scale.width * (1 - 1e-9) else (low, high)


def _narrow(of: View, low: float, high: float) -> str:
    """Return the words of scores that hardly differ on the scale that their drops are measured on."""
    spec, name = of.evidence.evaluator, of.evidence.name
    if of.metric.scale.bounded and spec.low is not None and spec.high is not None:
        declared, key = f"the declared range, {number(spec.low)} to {number(spec.high)}", "range"
    else:
        declared, key = f"the declared scale, {number(of.metric.scale.width)}", "scale"
    if low == high:
        return f"Every score is {number(low)}: an evaluator that always says the same finds nothing. Look at {name}."
    return (
        f"All scores lie between {number(low, high)} and {number(high, low)}, under a fifth of {declared},"
        " and a point is a hundredth of that: a drop that matters may be a few points only. Set `rule_out_drop` to what"
        f" matters, or the `{key}` of {name} to what it really gives."
    )


def _lean(compared: Comparison, columns: int) -> str:
    """Return the words of a check that decides nothing and leans worse."""
    where = number_words.span(compared.interval) if compared.interval else ""
    leans = f"Leans worse ({where} points), and decides nothing."
    q = 1.0 if compared.q is None else compared.q
    if columns <= 1:
        return f"{leans} {words.BY_CHANCE}, a split this lopsided would happen {times_in_100(q)}."
    beside = f"the {columns:,} comparisons that decide nothing"
    if q > _STRONG:
        return f"{leans} Among {beside}, one this lopsided is ordinary."
    share = "fewer than 1" if q < 0.01 else f"about {round(100 * q)}"
    return f"{leans} Of findings this strong among {beside}, {share} in 100 are chance."
