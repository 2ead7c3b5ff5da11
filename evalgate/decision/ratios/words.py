"""What people are told of checks of cost, tokens and latency, in whole sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evalgate.decision import words
from evalgate.decision.number_words import among, count, some, times_in_100
from evalgate.decision.ratios.changes import NEAR_CLIP, Change, Totals, amount, changed, rise, span
from evalgate.decision.results import Comparison
from evalgate.decision.words import Told
from evalgate.suite.resources import Resource

_MORE: Final = {
    Resource.COST: ("costs more", "cost more", "less"),
    Resource.TOKENS: ("takes more", "take more", "less"),
    Resource.LATENCY: ("takes longer", "take longer", "shorter"),
}
MEASURE_BOTH: Final = (
    "run both sides in this build (`baseline: {task: …}`, no cached answers), or say `report_only: true`"
)


def failed(
    compared: Comparison, *, resource: Resource, allowed: float, totals: Totals, label: str, columns: int, checks: int
) -> Told:
    """Return the words of a rise beyond what is allowed."""
    one, many, other = _MORE[resource]
    less = f"{compared.better:,}" if compared.better else "none"
    happens = times_in_100(compared.p_adjusted if compared.p_adjusted is not None else 1.0)
    return Told(
        reason=(
            f"{changed(compared, resource, label)}; {rise(allowed)} is allowed."
            f" {compared.worse:,} of {count(compared.pairs, 'example')} {one if compared.worse == 1 else many},"
            f" {less} {other}{_in_all(totals, resource)}."
            f" {words.BY_CHANCE}, a rise this lopsided in {among(columns, checks)} would happen"
            f" {happens}."
        ),
        next_step="look at the examples that rose most: `evalgate show`",
    )


def _in_all(totals: Totals, resource: Resource) -> str:
    if resource is Resource.LATENCY:
        return ""
    ends = f"{amount(totals.baseline, resource)} became {amount(totals.candidate, resource)}"
    return f"; in all, {ends} ({totals.text})" if totals.baseline else f"; in all, {ends}"


def passed(compared: Comparison, *, resource: Resource, allowed: float, label: str, against: str = "") -> Told:
    """Return the words where a rise of more than is allowed is ruled out. `against` says what a screen goes by."""
    where = compared.interval
    change = Change(delta=compared.delta, where=where, resource=resource, label=label)
    ruled = f"rises of {rise(allowed)} or more are ruled out"
    if where is not None and (where.high < 0 or where.low > 0):
        return Told(reason=f"{change.text}{against}; {ruled}.")
    return Told(reason=(f"No rise shown{against}: {change.signed}; {ruled}. Smaller ones could hide."))


def nothing_changed(pairs: int, resource: Resource, *, nothing: bool) -> Told:
    """Return the words where both sides took exactly as much, or nothing at all."""
    noun = {Resource.COST: "cost", Resource.TOKENS: "took", Resource.LATENCY: "took"}[resource]
    if nothing:
        unit = "any tokens" if resource is Resource.TOKENS else "anything"
        return Told(reason=f"No answer of either side {noun} {unit}.")
    as_much = "as many tokens as" if resource is Resource.TOKENS else "as much as"
    return Told(reason=f"Nothing changed: each of {count(pairs, 'answer')} {noun} {as_much} before.")


def total_rose(totals: Totals, *, resource: Resource, allowed: float, carriers: Sequence[str], examples: int) -> Told:
    """Return the words where the usual answer takes no more than allowed, and all together take much more."""
    ends = f"{amount(totals.baseline, resource)} became {amount(totals.candidate, resource)}"
    carry = "carries" if len(carriers) == 1 else "carry"
    return Told(
        reason=(
            f"The usual answer takes no more than is allowed, but in all {ends}"
            f" ({totals.text}), and {rise(2 * allowed)} is the most that passes."
            f" {count(len(carriers), 'example')} of {examples:,} {carry} the rise: {some(carriers)}."
        ),
        next_step=words.SHOW,
    )


def undecided(compared: Comparison, *, resource: Resource, allowed: float, label: str) -> str:
    """Return the sentence where neither a rise of what is allowed nor its absence is shown."""
    where = compared.interval
    if where is not None and where.high < 0:
        said = changed(compared, resource, label)
        return f"{said}; {rise(allowed)} is allowed, and whether it is more than that cannot be told."
    if where is None or -where.low >= 2 - NEAR_CLIP:
        return "Fits both no change and a rise of any size."
    return f"Fits both no change and a rise of up to {rise(where.low)}."


def too_few(units: int, *, resource: Resource, clustered: bool, allowed: float, what: str = "rise") -> str:
    """Return the sentence for a comparison that no amounts could have passed."""
    there = count(units, "cluster" if clustered else "example")
    every = {Resource.COST: "every cost", Resource.TOKENS: "every count", Resource.LATENCY: "every time"}[resource]
    return f"{there} cannot rule out a {what} of {rise(allowed)} even where {every} is equal."


def missing_decides(missing: int, allowed: float, resource: Resource, *, unknown: bool) -> Told:
    """Return the words where only the missing amounts keep a comparison from passing."""
    were = "was three times as much" if missing == 1 else "were three times as much"
    of = f"the {count(missing, 'missing amount')} of the candidate"
    return Told(
        reason=f"The amounts there are rule out a rise of {rise(allowed)}, but not if {of} {were}.",
        next_step=_tell(resource) if unknown else words.RESUME,
    )


def unknown(resource: Resource, *, candidate: tuple[int, int], baseline: tuple[int, int] | None, label: str) -> Told:
    """Return the words where nobody knows what too many answers took; each side as (unknown, answers)."""
    sides = [("the candidate", candidate), (label, baseline)]
    of = " and ".join(f"{lacks:,} of {count(runs, 'answer')} of {name}" for name, (lacks, runs) in _lacking(sides))
    if resource is Resource.TOKENS:
        return Told(
            reason=f"Nobody counted the tokens of {of}, and unknown is not none.",
            next_step=_tell(resource),
        )
    return Told(
        reason=f"Nobody knows the cost of {of} (no usage was seen, or no price is known), and unknown is not free.",
        next_step=_tell(resource),
    )


def _tell(resource: Resource) -> str:
    cost = ' with its "cost" in dollars' if resource is Resource.COST else ""
    return f"let the task return what it used{cost}: `evalgate.Result(…, usage=[…])`; or take the check out"


def no_baseline() -> Told:
    """Return the words where a comparison has nothing to compare with."""
    return Told(
        reason="There is no baseline to compare with.",
        next_step="set the suite's `baseline`, or use at_most alone",
    )


def _lacking(
    sides: Sequence[tuple[str, tuple[int, int] | None]],
) -> list[tuple[str, tuple[int, int]]]:
    return [(name, side) for name, side in sides if side is not None and side[0]]


def earlier(*, candidate: tuple[int, int], baseline: tuple[int, int] | None, label: str) -> Told:
    """Return the words for latencies that were measured in an earlier build; each side as (earlier, answers)."""
    of = " and ".join(
        f"{old:,} of {count(runs, 'answer')} of {name}"
        for name, (old, runs) in _lacking([("the candidate", candidate), (label, baseline)])
    )
    return Told(
        reason=(
            f"The times of {of} were measured in an earlier build, on whatever machine and day that was, so they are"
            " shown and not compared."
        ),
        next_step=MEASURE_BOTH,
    )


def too_few_pairs(pairs: int, examples: int) -> Told:
    """Return the words where errors leave too few examples that were answered on both sides."""
    were = "was" if pairs == 1 else "were"
    return Told(
        reason=(
            f"Only {pairs:,} of {count(examples, 'example')} {were} answered on both sides without an error, and what"
            " the others would have taken is not known."
        ),
        next_step=words.RESUME,
    )


def too_few_answers(answered: int, examples: int) -> Told:
    """Return the words where errors leave too few examples that the candidate answered."""
    return Told(
        reason=(
            f"The candidate answered {answered:,} of {count(examples, 'example')} without an error, and what the others"
            " would have taken is not known."
        ),
        next_step=words.RESUME,
    )


def pairs_used(pairs: int, examples: int) -> str:
    """Return the sentence on how many examples were compared; empty where all were."""
    if pairs == examples:
        return ""
    return (
        f"Compared on {pairs:,} of {count(examples, 'example')}: the others lack an answer on a side, or what it took."
    )


def slice_too(path: str, value: str, examples: int, compared: Comparison) -> str:
    """Return the words of a slice that fails beside its check."""
    where = f" ({span(compared.interval)})" if compared.interval else ""
    return f"{words.slice_place(path, value, examples)} the rise is {rise(compared.delta)}{where}."


def at_most(*, mean: float, examples: int, asked: float, resource: Resource) -> str:
    """Return the words of a threshold: a fact, with no claim beyond these examples."""
    verb = "costs" if resource is Resource.COST else "takes"
    are = "are" if resource is Resource.TOKENS and asked != 1 else "is"
    return (
        f"An answer of the candidate {verb} {amount(mean, resource)} on average, over {count(examples, 'example')};"
        f" at most {amount(asked, resource)} {are} asked. That is the value observed."
    )
