"""What can be said of a rule before anything is paid: what it takes to pass, and whether it can be passed at all."""

from __future__ import annotations

from typing import Literal

from evalgate.decision import words
from evalgate.errors import ConfigurationError
from evalgate.records import EvaluatorSpec
from evalgate.stats.power import examples_to_clear, examples_to_rule_out, failures_allowed
from evalgate.suite.checks import NoRegression, Threshold


def threshold_outlook(
    name: str, kind: Literal["at_least", "at_most"], rule: Threshold, spec: EvaluatorSpec, examples: int
) -> str | None:
    """Return what a threshold in mode evidence takes to PASS, `to PASS at 0.95 with 80 examples: 0 failures allowed`.

    None for mode point and for unbounded scores. Raises ConfigurationError where no answers could pass: a threshold
    at or beyond the end of the range, or too few examples for it.
    """
    if rule.mode == "point" or spec.low is None or spec.high is None or spec.high <= spec.low:
        return None
    share = (rule.threshold - spec.low) / (spec.high - spec.low)
    share = share if kind == "at_least" else 1 - share
    allowed = failures_allowed(share, examples)
    if allowed is None:
        needed = examples_to_clear(share)
        raise ConfigurationError(
            f"the check {name} cannot PASS: {words.count(examples, 'example')} without one failure do not clear"
            f" {kind} {words.number(rule.threshold)} on evidence",
            next_step=(
                f"use {needed:,} examples or more, a threshold that they can clear, or `mode: point`"
                if needed is not None
                else "no number of examples clears that threshold: use `zero_tolerance`, or `mode: point`"
            ),
        )
    at = words.number(rule.threshold)
    return f"to PASS at {at} with {words.count(examples, 'example')}: {words.count(allowed, 'failure')} allowed"


def refuse_undecidable(name: str, rule: NoRegression, units: int) -> None:
    """Raise ConfigurationError where a gate that blocks on INCONCLUSIVE could not pass even on equal scores.

    `units` are examples, or clusters where the suite has them. Only for `on_inconclusive: fail`.
    """
    needed = examples_to_rule_out(rule.rule_out_drop)
    if units < needed:
        raise ConfigurationError(
            f"the check {name} cannot PASS: {units:,} examples cannot rule out a drop of"
            f" {words.points(rule.rule_out_drop)} even where every score is equal, and `on_inconclusive: fail` blocks",
            next_step=f"use {needed:,} examples or more, a larger `rule_out_drop`, or `on_inconclusive: warn`",
        )
