"""What people are told: whole sentences made from a decision's numbers, without the vocabulary of statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalgate.decision.evidence import Preferences, Share
from evalgate.decision.results import Comparison, Interval
from evalgate.records import Verdict

_NAMED = 5
RESUME = (
    "look at the errors with `evalgate show`; `evalgate run --resume` asks again for answers that a service failed, a"
    " mended evaluator needs a new `evalgate run`"
)
SHOW = "look at the examples: `evalgate show`"
MORE_EXAMPLES = "add examples, or repetitions of those there are"
BY_CHANCE = "If this change did nothing"
"""How the sentence begins that says how likely a regression is noise."""
IDENTICAL = "Yet every answer is the baseline's, byte for byte: what differs is how the same answers were scored."
STORED = (
    "That is for a baseline drawn together with the candidate, and this one is stored: where its runs were lucky, a"
    " candidate that changed nothing fails up to 1 time in 4, every time it is measured."
)
IDENTICAL_STEP = "measure the evaluator itself: score one set of answers twice and compare"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A reason in whole sentences, and what would settle or repair it."""

    reason: str
    next_step: str | None = None


def points(share: float) -> str:
    """Return the size of a share as points, hundredths of the range: `26 points`, `1 point`, `0.4 points`."""
    size = point_size(share)
    return f"{size} point" if size == "1" else f"{size} points"


def point_number(share: float) -> str:
    """Return a signed share in points without the word: `−6`, `2.5`."""
    text = point_size(share)
    return f"−{text}" if share < 0 and text != "0" else text


def point_size(share: float) -> str:
    """Return a share in points without sign or word, tenths below ten and whole ones from there: `6`, `2.5`."""
    value = abs(round(100 * share, 1))
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def span(interval: Interval) -> str:
    """Return an interval's ends in points: `−26 to 3`."""
    return f"{point_number(interval.low)} to {point_number(interval.high)}"


def count(number: int, singular: str) -> str:
    """Return `1 example`, `80 examples`, `10,000 examples`."""
    return f"{number:,} {singular}" if number == 1 else f"{number:,} {singular}s"


def times_in_100(p: float) -> str:
    """Return how often something with probability `p` happens, in words."""
    if p < 0.01:
        return "less than once in 100"
    times = round(100 * p)
    if times >= 100:
        return "nearly every time"
    return "about once in 100" if times == 1 else f"about {times} times in 100"


def among(columns: int, checks: int) -> str:
    """Return the family in words: `this check`, `any of the 3 checks`, `any of the 15 comparisons`."""
    if columns <= 1:
        return "this check"
    return f"any of the {columns:,} {family_noun(columns, checks)}"


def family_noun(columns: int, checks: int) -> str:
    """Return what the columns of a build are: checks, or comparisons where slices are among them."""
    return "checks" if columns == checks else "comparisons"


def some(names: Sequence[str]) -> str:
    """Return a few names and how many more there are."""
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED:,} more" if len(names) > _NAMED else shown


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


def promise(
    *,
    columns: int,
    checks: int,
    alpha: float,
    exact: bool,
    absolute: bool,
    improvement: bool = False,
    lost: bool = False,
    stored: bool = False,
    added: int = 0,
    share: Share | None = None,
) -> str:
    """Return the false-alarm promise of a build; `absolute` and `improvement` say which other rules it has.

    `lost`: a comparison was asked for and could not be made. `stored`: one went by runs of an earlier build. `added`:
    so many of the `columns` are a change's own, and weaken none of the others. `share`: which of
    the config's suites these are.
    """
    beside = " The rules improves and equivalent go by where the change could really be and stand outside of"
    if columns == 0 and lost:
        return "No comparison could be made, so none is promised anything."
    if columns == 0 and improvement:
        return f"No rule of this build looks for a drop.{beside} the false-alarm promise."
    if columns == 0:
        return "No comparison decides this build: rules about the candidate alone state facts, which need no promise."
    about = "at most" if exact else "about"
    guarded = columns - added or columns
    together = "" if guarded == 1 else f", over all {guarded:,} {family_noun(guarded, checks)} together"
    outside = " Rules about the candidate alone (at_least, at_most, zero_tolerance) stand outside of that."
    often = f"{100 * alpha:.3g}"
    times = f"{often} {'time' if often == '1' else 'times'} in 100"
    fails = f"A candidate that changed nothing fails {about} {times}{together}."
    if 0 < added < columns:
        fails += f" What this change adds ({count(added, 'comparison')}) can fail it besides, at most as often again."
    if share is not None:
        fails += (
            f" That is their share of policy.alpha: {share.suites} of the {share.of} suites of the config that compare"
            f" {'is' if share.suites == 1 else 'are'} decided here."
        )
    told = fails + (outside if absolute else "") + (f"{beside} it." if improvement else "")
    return f"{told} {STORED}" if stored else told


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


def number(value: float, beside: float | None = None) -> str:
    """Return a score with as few digits as tell it from `beside`."""
    digits = 4
    while beside is not None and value != beside and f"{value:.{digits}g}" == f"{beside:.{digits}g}" and digits < 12:
        digits += 1
    return f"{value:.{digits}g}"


def level(value: float, beside: float, *, unit: bool) -> str:
    """Return a mean score: as a percentage where its range is 0 to 1 (`unit`), with as few digits as tell it apart."""
    return f"{number(100 * value, 100 * beside)} %" if unit else number(value, beside)


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


def missing_could_change(
    verdict: Verdict, if_right: Verdict | None, if_wrong: Verdict | None, *, one_sided: bool
) -> str | None:
    """Return the sentence where the missing answers could have changed the verdict; None where they could not.

    `one_sided`: only the candidate lacks answers. Else those of the baseline count the other way, and it is said so.
    """
    right, wrong = ("right", "wrong") if one_sided else ("in the candidate's favour", "against the candidate")
    if if_right is if_wrong and if_right not in {None, verdict}:
        return f"It would be {if_right} whether the missing answers were {right} or {wrong}."
    could = [
        f"{verdict_if} were every missing answer {what}"
        for verdict_if, what in ((if_right, right), (if_wrong, wrong))
        if verdict_if is not None and verdict_if is not verdict
    ]
    return f"It would be {', and '.join(could)}." if could else None


def no_examples() -> Told:
    """Return the words of a suite without examples."""
    return Told(
        reason="There are no examples.", next_step="check the dataset and its split: `evalgate dataset validate`"
    )


def all_set_aside(examples: int) -> Told:
    """Return the words of a check that has no example left to decide on."""
    every = "Its only example is" if examples == 1 else f"All {examples:,} examples of it are"
    return Told(
        reason=f"{every} in quarantine: nothing is left to decide on.",
        next_step="take some out of the quarantine file, or set `report_only: true` on the check",
    )


def no_gating_check() -> Told:
    """Return the words of a suite where nothing can change the verdict."""
    return Told(reason="No check of this suite gates.", next_step="give a check a rule and no `report_only`")


def no_suites() -> Told:
    """Return the words of a build without suites."""
    return Told(reason="There is no suite to decide on.")


def all_pass(reasons: Sequence[tuple[str, str]], noun: str) -> Told:
    """Return the words of a suite or build whose every part, (name, reason), passes."""
    if len(reasons) == 1:
        return Told(reason=": ".join(reasons[0]))
    return Told(reason=f"All {len(reasons):,} {noun}s pass.")


def nothing_to_measure(suites: int) -> Told:
    """Return the words of a build whose every suite was skipped."""
    whose = "this suite runs" if suites == 1 else f"these {suites:,} suites run"
    return Told(reason=f"Nothing to measure: nothing that {whose} has changed.")


def because_of(name: str, reason: str, next_step: str | None, *, others: int, noun: str) -> Told:
    """Return the words of something that is as bad as its worst part, `name`."""
    more = f" ({count(others, f'other {noun}')} likewise)" if others else ""
    return Told(reason=f"{name}{more}: {reason}", next_step=next_step)
