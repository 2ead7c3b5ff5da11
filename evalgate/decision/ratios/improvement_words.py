"""What people are told of `improves` and `equivalent` where they are about cost, tokens or latency."""

from __future__ import annotations

from evalgate.decision import words
from evalgate.decision.number_words import count
from evalgate.decision.ratios.changes import Change, Totals, amount, rise
from evalgate.suite.resources import Resource


def fall(by: float) -> str:
    """Return what is asked for: `a fall of more than 30 %`."""
    return f"a fall of more than {rise(by)}" if by else "a fall"


def fell(change: Change, by: float) -> words.Told:
    """Return the words of a fall of more than `by`."""
    asked = f", more than the {rise(by)} that {_are(by)} asked" if by else ""
    return words.Told(reason=f"{change.text}{asked}.")


def fell_too_little(change: Change, by: float) -> words.Told:
    """Return the words where a fall of more than `by` is ruled out."""
    finding = fall(by)
    return words.Told(
        reason=f"{finding[0].upper()}{finding[1:]} is ruled out: {change.clause}.",
        next_step=words.SHOW,
    )


def perhaps_fell(change: Change, by: float) -> words.Told:
    """Return the words where a fall of more than `by` is neither shown nor ruled out."""
    other = "a smaller one or none" if by else "none"
    return words.Told(
        reason=f"Fits both {fall(by)} and {other}: {change.clause}.",
        next_step=words.MORE_EXAMPLES,
    )


def total_hides(totals: Totals, resource: Resource, asked: float) -> words.Told:
    """Return the words where the usual answer takes less by what is asked, and all together do not."""
    ends = f"{amount(totals.baseline, resource)} became {amount(totals.candidate, resource)}"
    return words.Told(
        reason=(
            f"The usual answer takes less by what is asked, but in all {ends} ({totals.text}): a few answers take back"
            f" what the others save. The total must be down by {rise(1 - asked)} at least."
        ),
        next_step=words.SHOW,
    )


def equivalent(change: Change, margin: float) -> words.Told:
    """Return the words of a change that is smaller than `margin` either way."""
    return words.Told(reason=f"Within {rise(margin)} of {change.label} either way: {change.clause}.")


def not_equivalent(change: Change, margin: float) -> words.Told:
    """Return the words of a change that is larger than `margin`."""
    return words.Told(reason=f"{change.text}, more than {rise(margin)} either way.", next_step=words.SHOW)


def perhaps_equivalent(change: Change, margin: float) -> words.Told:
    """Return the words where a change of `margin` is neither shown nor ruled out."""
    return words.Told(
        reason=(f"Fits both a change of less than {rise(margin)} and a larger one: {change.clause}."),
        next_step=words.MORE_EXAMPLES,
    )


def total_differs(totals: Totals, resource: Resource, most: float) -> words.Told:
    """Return the words where the usual answer takes as much, and all together do not."""
    ends = f"{amount(totals.baseline, resource)} became {amount(totals.candidate, resource)}"
    return words.Told(
        reason=(
            f"The usual answer takes as much, but in all {ends} ({totals.text}), and {rise(most)}"
            " is the most that passes."
        ),
        next_step=words.SHOW,
    )


def missing_hides(finding: str, missing: int) -> words.Told:
    """Return the words of a finding that rests on the amounts there are."""
    of = f"{count(missing, 'answer')} of the candidate {'lacks' if missing == 1 else 'lack'}"
    return words.Told(
        reason=f"The amounts there are {finding}, but {of} one, and what is not known may be anything.",
        next_step=words.RESUME,
    )


def _are(share: float) -> str:
    return "is" if rise(share) == "1 %" else "are"
