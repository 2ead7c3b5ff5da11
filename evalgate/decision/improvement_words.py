"""What people are told of `improves` and `equivalent`: how large the change is, and against what."""

from __future__ import annotations

from evalgate.decision import words
from evalgate.decision.number_words import point_number, point_size, points, span
from evalgate.decision.results import Interval


def no_size(name: str) -> words.Told:
    """Return the words for a rule about the size of a change, of a score whose changes have no declared size."""
    return words.Told(
        reason=f"{name} is unbounded and declares no scale, so no change of it is large or small.",
        next_step=words.no_range(name).next_step,
    )


def improved(delta: float, where: Interval, by: float, label: str) -> words.Told:
    """Return the words of an improvement of more than `by`."""
    asked = f", more than the {points(by)} that {_are(by)} asked" if by else ""
    return words.Told(reason=f"Better than on {label} by {points(delta)} ({span(where)}){asked}.")


def not_improved(delta: float, where: Interval, by: float, label: str) -> words.Told:
    """Return the words where an improvement of more than `by` is ruled out."""
    return words.Told(
        reason=f"{_improvement(by).capitalize()} over {label} is ruled out: {_change(delta, where)}.",
        next_step=words.SHOW,
    )


def perhaps_improved(delta: float, where: Interval, by: float) -> words.Told:
    """Return the words where an improvement of more than `by` is neither shown nor ruled out."""
    other = "a smaller one or none" if by else "none"
    return words.Told(
        reason=f"Fits both {_improvement(by)} and {other}: {_change(delta, where)}.", next_step=words.MORE_EXAMPLES
    )


def missing_hides_improvement(missing: int, by: float) -> words.Told:
    """Return the words where only the missing answers keep an improvement from being shown."""
    return words.but_for_missing(f"show {_improvement(by)}", missing, "wrong")


def equivalent(delta: float, where: Interval, margin: float, label: str) -> words.Told:
    """Return the words of a change that is smaller than `margin` either way."""
    return words.Told(reason=f"Within {points(margin)} of {label} either way: {_change(delta, where)}.")


def not_equivalent(delta: float, where: Interval, margin: float, label: str) -> words.Told:
    """Return the words of a change that is larger than `margin`."""
    way = "Better" if delta > 0 else "Worse"
    return words.Told(
        reason=f"{way} than on {label} by more than {points(margin)}: {_change(delta, where)}.",
        next_step=words.SHOW,
    )


def perhaps_equivalent(delta: float, where: Interval, margin: float) -> words.Told:
    """Return the words where a change of `margin` is neither shown nor ruled out."""
    return words.Told(
        reason=f"Fits both a change of less than {points(margin)} and a larger one: {_change(delta, where)}.",
        next_step=words.MORE_EXAMPLES,
    )


def missing_hides_equivalence(missing: int, margin: float, what: str) -> words.Told:
    """Return the words where only the missing answers, were they `what`, keep a change from being small."""
    return words.but_for_missing(f"rule out a change of {points(margin)}", missing, what)


def unequal_repetitions(*, rule: str, examples: int, label: str) -> words.Told:
    """Return the words where a rule needs as many answers of one side as of the other."""
    were = "example was" if examples == 1 else "examples were"
    return words.Told(
        reason=(
            f"{examples:,} {were} not answered equally often by the candidate and {label}, and {rule} needs as many"
            " answers of both."
        ),
        next_step="draw both sides with the same `repetitions`: `evalgate run`",
    )


def not_fresh(rule: str, label: str) -> words.Told:
    """Return the words where a rule needs a baseline that was drawn with the candidate."""
    return words.Told(
        reason=(
            f"The answers of {label} are stored ones, whose luck would count as a change, and {rule} needs both sides"
            " fresh."
        ),
        next_step="draw both sides: set `baseline_runs: confirm` or `fresh`",
    )


def _improvement(by: float) -> str:
    return f"an improvement of more than {points(by)}" if by else "an improvement"


def _change(delta: float, where: Interval) -> str:
    """Return the change and where it could really be: `the change is −2 points (−6 to 2)`."""
    sign = "−" if point_number(delta).startswith("−") else ""
    return f"the change is {sign}{points(delta)} ({span(where)})"


def _are(share: float) -> str:
    return "is" if point_size(share) == "1" else "are"
