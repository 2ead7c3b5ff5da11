"""What people are told of rules about the candidate alone: thresholds and zero tolerance."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.decision.number_words import count, level, some, times_in_100
from evalgate.decision.words import Told


def threshold_as_observed(*, mean: float, examples: int, rule: str, threshold: float, unit: bool) -> str:
    """Return the words of a threshold in mode point: a fact, with no claim beyond these examples."""
    return (
        f"The candidate scores {level(mean, threshold, unit=unit)} on {count(examples, 'example')};"
        f" {rule.replace('_', ' ')} {level(threshold, mean, unit=unit)} is asked."
        " That is the value observed (`mode: point`)."
    )


def threshold_on_evidence(
    *, mean: float, low: float, high: float, examples: int, rule: str, threshold: float, unit: bool
) -> str:
    """Return the words of a threshold in mode evidence."""
    at, lowest, highest = (level(value, threshold, unit=unit) for value in (mean, low, high))
    return (
        f"The candidate scores {at} on {count(examples, 'example')} and could really be {lowest} to {highest};"
        f" {rule.replace('_', ' ')} {level(threshold, mean, unit=unit)} is asked."
    )


def no_bounds(name: str) -> Told:
    """Return the words for evidence about the mean of a score without a range."""
    return Told(
        reason=f"{name} is unbounded, so these examples bound its mean in neither direction.",
        next_step=f"declare the range of the evaluator {name}, or use `mode: point`",
    )


def no_failure_defined(name: str) -> Told:
    """Return the words for zero tolerance of a score that has no best."""
    return Told(
        reason=f"{name} is unbounded, so no score of it is a failure.",
        next_step=f"declare the range of the evaluator {name}, or use `at_least` or `at_most`",
    )


def errors_without_score(examples: int) -> str:
    """Return the words where the task's errors leave an unbounded score without a mean."""
    ended = "ended in an error of the task, which has" if examples == 1 else "ended in errors of the task, which have"
    return f"{count(examples, 'example')} {ended} no score."


def twice_failed(
    *,
    reproduced: Sequence[str],
    gone: Sequence[str],
    known: Sequence[str],
    unanswered: Sequence[str],
    examples: int,
    blocks: float,
    label: str,
) -> str:
    """Return the words of zero tolerance: what failed twice, and what became of the other failures."""
    told = [f"{count(len(reproduced), 'example')} failed twice: {some(reproduced)}." if reproduced else ""]
    if not reproduced:
        told.append(f"None of {count(examples, 'example')} failed twice." if not unanswered else "")
    if unanswered:
        told.append(f"{count(len(unanswered), 'example')} failed and got no second answer: {some(unanswered)}.")
    if known:
        told.append(
            f"{count(len(known), 'example')} failed twice on {label} too and {_do(known)} not count: {some(known)}."
        )
    if gone:
        told.append(
            f"{count(len(gone), 'example')} of {examples:,} did not reproduce: {some(gone)}."
            f" Answers that flicker like this block an unchanged build {times_in_100(blocks)}."
        )
    return " ".join(part for part in told if part)


def _do(names: Sequence[str]) -> str:
    return "does" if len(names) == 1 else "do"
