"""What people are told of comparisons: whole sentences made from their numbers, in no words of statistics."""

from __future__ import annotations

from dataclasses import dataclass

from evalgate.decision.evidence import Preferences
from evalgate.decision.number_words import among, count, family_noun, points, span, times_in_100
from evalgate.decision.results import Comparison

RESUME = (
    "look at the errors with `evalgate show`; `evalgate run --resume` asks again for answers that a service failed, a"
    " mended evaluator needs a new `evalgate run`"
)
SHOW = "look at the examples: `evalgate show`"
MORE_EXAMPLES = "add examples, or repetitions of those there are"
BY_CHANCE = "If this change did nothing"
"""How the sentence begins that says how likely a regression is noise."""
IDENTICAL = "Yet every answer is the baseline's, byte for byte: what differs is how the same answers were scored."
IDENTICAL_STEP = "measure the evaluator itself: score one set of answers twice and compare"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A reason in whole sentences, and what would settle or repair it."""

    reason: str
    next_step: str | None = None


def split(compared: Comparison, *, binary: bool, label: str, pairwise: bool = False) -> str:
    """Return which way the examples went."""
    if pairwise:
        return (
            f"The judge prefers {label} in {count(compared.worse, 'example')} and the candidate in {compared.better:,}."
        )
    other = f"{compared.better:,}" if compared.better else "none"
    if binary:
        fail = "now fails" if compared.worse == 1 else "now fail"
        return f"{count(compared.worse, 'example')} that passed on {label} {fail}; {other} went the other way."
    score = "scores" if compared.worse == 1 else "score"
    other_score = "scores" if compared.better == 1 else "score"
    return f"{count(compared.worse, 'example')} {score} worse than on {label}; {other} {other_score} better."


def failed(
    compared: Comparison, *, binary: bool, label: str, columns: int, checks: int, pairwise: bool = False
) -> Told:
    """Return the words of a regression."""
    where = f" ({span(compared.interval)})" if compared.interval else ""
    happens = times_in_100(compared.p_adjusted if compared.p_adjusted is not None else 1.0)
    way = split(compared, binary=binary, label=label, pairwise=pairwise)
    return Told(
        reason=(
            f"{way} That is a drop of {points(compared.delta)}{where}."
            f" {BY_CHANCE}, a split this lopsided in {among(columns, checks)} would happen {happens}."
        ),
        next_step="look at the examples that got worse: `evalgate show`",
    )


def preferences(said: Preferences, label: str) -> str:
    """Return who was preferred how often, and how the judge's votes went with the order of the answers."""
    tied = "is a tie" if said.ties == 1 else "are ties"
    text = (
        f"Of {count(said.pairs, 'pair')} of answers it prefers the candidate's in {said.candidate:,} and that of"
        f" {label} in {said.baseline:,}; {said.ties:,} {tied}."
    )
    if not said.asked:
        return f"{text} It was asked about none of them: the answers are the same, or a side has none."
    votes = f"{count(said.asked, 'vote')} in both orders"
    if not said.first + said.second:
        return f"{text} No preference of {votes} went with the order."
    return (
        f"{text} Of {votes}, {said.first:,} preferred whatever stood first and {said.second:,} whatever stood second,"
        " which are ties."
    )


def passed(margin: float) -> Told:
    """Return the words of a comparison that rules out a drop of `margin`."""
    return Told(
        reason=f"No regression found; drops of {points(margin)} or more are ruled out. Smaller ones could hide."
    )


def nothing_changed(pairs: int) -> Told:
    """Return the words where every answer is the same, byte for byte, and scored the same."""
    if pairs == 1:
        return Told(reason="Nothing changed: the one answer scored the same.")
    return Told(reason=f"Nothing changed: all {pairs:,} answers scored the same.")


def leans(compared: Comparison, *, columns: int, checks: int, unable: str) -> str:
    """Return the sentence for an interval below 0 that is no FAIL; empty where the interval reaches 0.

    `unable` is `beyond_failing`'s clause, or empty.
    """
    if compared.interval is None or compared.interval.high >= 0:
        return ""
    if unable:
        ordinary = unable
    elif columns > 1:
        ordinary = f"among {columns:,} {family_noun(columns, checks)} one this lopsided is ordinary"
    else:
        ordinary = "a split this lopsided happens without any change too often to fail on"
    return f"Leans worse ({span(compared.interval)} points); {ordinary}."


def beyond_failing(compared: Comparison, *, clustered: bool, of_slice: bool) -> str:
    """Return the clause for a comparison that so few changes could not have failed; empty where they could have."""
    if compared.could_fail or not compared.changed:
        return ""
    there = count(compared.changed, "changed cluster" if clustered else "changed example")
    return f"with {there} this {'slice' if of_slice else 'check'} could not have failed"


def small_drop(compared: Comparison, ignored: float) -> str:
    """Return the sentence for a certain drop that `ignore_drop_under` lets go."""
    return f"Worse by {points(compared.delta)}, which is under the {points(ignored)} that `ignore_drop_under` lets go."


def undecided(compared: Comparison) -> str:
    """Return the sentence for an interval that holds both no change and the margin."""
    low = compared.interval.low if compared.interval else -1.0
    return f"Fits both no change and a drop of up to {points(low)}."


def too_few(units: int, *, clustered: bool, margin: float, what: str = "drop") -> str:
    """Return the sentence for a comparison that no answers could have passed."""
    there = count(units, "cluster" if clustered else "example")
    return f"{there} cannot rule out a {what} of {points(margin)} even where every score is equal."


def missing_decides(missing: int, margin: float) -> Told:
    """Return the words where only the missing answers keep a comparison from passing."""
    return but_for_missing(f"rule out a drop of {points(margin)}", missing, "wrong")


def but_for_missing(finding: str, missing: int, what: str) -> Told:
    """Return the words of a `finding` that does not hold were the candidate's missing answers all `what`."""
    lost = f"the candidate's {count(missing, 'missing answer')}"
    return Told(reason=f"The answers that are there {finding}; with {lost} {what}, they would not.", next_step=RESUME)


def no_range(name: str) -> Told:
    """Return the words for a score whose differences have no declared size."""
    return Told(
        reason=f"No regression found, but {name} is unbounded and declares no scale, so no drop can be ruled out.",
        next_step=f"declare `scale` on the evaluator {name}: the difference that counts as a whole range",
    )


def no_baseline() -> Told:
    """Return the words where a comparison has nothing to compare with."""
    return Told(
        reason="There is no baseline to compare with.",
        next_step="set the suite's `baseline`, or use absolute rules (`at_least`, `zero_tolerance`) alone",
    )


def baseline_only_errors(label: str) -> Told:
    """Return the words where the baseline's task never answered."""
    return Told(
        reason=f"Every answer of {label} is an error of its task, so there is nothing to compare with.",
        next_step="repair the baseline, or choose another in `baseline`",
    )


def too_many_missing(*, candidate: int, baseline: int | None, examples: int, allowed: float, label: str) -> Told:
    """Return the words where too much is missing. `baseline` is None where only the candidate counts."""
    sides = f"candidate {candidate:,}" + ("" if baseline is None else f", {label} {baseline:,}")
    return Told(
        reason=(
            f"Of {count(examples, 'example')}, some lack an answer or its evaluation ({sides});"
            f" the policy allows one example or {100 * allowed:g} %."
        ),
        next_step=RESUME,
    )


def to_decide(*, more: int, clustered: bool, repetitions: bool) -> str:
    """Return what would settle an undecided comparison."""
    others = f"about {count(more, 'more cluster' if clustered else 'more example')}"
    return f"To decide: `repetitions: 3`, or {others}." if repetitions else f"To decide: {others}."


def untested_slice(examples: int, tested_from: int) -> Told:
    """Return the words of a slice that is shown only."""
    return Told(reason=f"Shown, not tested: {count(examples, 'example')}, and a slice is tested from {tested_from}.")


def slice_place(path: str, value: str, examples: int) -> str:
    """Return which examples a slice holds: `Where metadata.lang is de (20 examples)`."""
    return f"Where {path} is {value} ({count(examples, 'example')})"


def slice_too(path: str, value: str, examples: int, compared: Comparison) -> str:
    """Return the words of a slice that fails beside its check."""
    where = f" ({span(compared.interval)})" if compared.interval else ""
    return f"{slice_place(path, value, examples)} the drop is {points(compared.delta)}{where}."


LOOK_AT_SLICE = "look at the examples of that slice that got worse: `evalgate show`"
FEED_SLICE = "add examples to that slice, or drop its `required`"
