"""What can be said of a rule before anything is paid: what it takes to pass, and whether it can be passed at all."""

from __future__ import annotations

from typing import Literal

from evalgate.decision.number_words import count, number
from evalgate.errors import ConfigurationError
from evalgate.records import EvaluatorSpec
from evalgate.stats.power import examples_to_clear, failures_allowed
from evalgate.suite.checks import Threshold


def threshold_outlook(
    name: str, kind: Literal["at_least", "at_most"], rule: Threshold, spec: EvaluatorSpec, examples: int
) -> str | None:
    """Return what a threshold in mode evidence takes to PASS, `to PASS at 0.95 with 80 examples: 0 failures allowed`.

    None for mode point and for unbounded scores. Raises ConfigurationError where no answers could pass, or none could
    fail: a threshold outside the range, one at its end on evidence, or too few examples for it.
    """
    _refuse_outside(name, kind, rule, spec)
    if rule.mode == "point" or spec.low is None or spec.high is None or spec.high <= spec.low:
        return None
    share = (rule.threshold - spec.low) / (spec.high - spec.low)
    share = share if kind == "at_least" else 1 - share
    allowed = failures_allowed(share, examples)
    if allowed is None:
        needed = examples_to_clear(share)
        raise ConfigurationError(
            f"the check {name} cannot PASS: {count(examples, 'example')} without one failure do not clear"
            f" {kind} {number(rule.threshold)} on evidence",
            next_step=(
                f"use {needed:,} examples or more, a threshold that they can clear, or `mode: point`"
                if needed is not None
                else "no number of examples clears that threshold: use `zero_tolerance`, or `mode: point`"
            ),
        )
    at = number(rule.threshold)
    return f"to PASS at {at} with {count(examples, 'example')}: {count(allowed, 'failure')} allowed"


def _refuse_outside(name: str, kind: str, rule: Threshold, spec: EvaluatorSpec) -> None:
    """Refuse a threshold that no score can reach or that none can miss: 80 for 0.80, or a gate that is always green."""
    if spec.low is None or spec.high is None or spec.low <= rule.threshold <= spec.high:
        return
    never = "PASS" if (rule.threshold > spec.high) == (kind == "at_least") else "FAIL"
    ends = f"{number(spec.low)} to {number(spec.high)}"
    raise ConfigurationError(
        f"the check {name} cannot {never}: {kind} {number(rule.threshold)} lies outside its scores, {ends}",
        next_step=f"give {kind} a number from {ends}, or the evaluator its own `range`",
    )
