"""What people are told of several that are compared: whole sentences, without the vocabulary of statistics."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.decision.number_words import count, points, some, span, times_in_100
from evalgate.decision.results import Comparison, Interval
from evalgate.decision.words import Told, no_range, split


def worse(compared: Comparison, *, binary: bool, label: str, comparisons: int) -> str:
    """Return why a contender is called worse."""
    return (
        f"{split(compared, binary=binary, label=label)} That is {points(compared.delta)} worse{_where(compared)}."
        f" {_luck(compared.p_adjusted, comparisons, 'were equally good')}"
    )


def better(compared: Comparison, *, p_adjusted: float, binary: bool, label: str, comparisons: int) -> str:
    """Return why a contender is called better."""
    if binary:
        passes = "now passes" if compared.better == 1 else "now pass"
        other = f"{compared.worse:,}" if compared.worse else "none"
        went = f"{count(compared.better, 'example')} that failed on {label} {passes}; {other} went the other way."
    else:
        scores = "scores" if compared.better == 1 else "score"
        other = f"{compared.worse:,}" if compared.worse else "none"
        went = f"{count(compared.better, 'example')} {scores} better than on {label}; {other} worse."
    return (
        f"{went} That is {points(compared.delta)} better{_where(compared)}."
        f" {_luck(p_adjusted, comparisons, 'were equally good')}"
    )


def as_good(margin: float) -> str:
    """Return the words of a contender that is neither better nor worse, as far as the margin goes."""
    return f"Neither better nor worse on evidence; a drop of {points(margin)} or more is ruled out."


def undecided(where: Interval | None) -> str:
    """Return the words of a contender that could be either."""
    between = f": it could be anywhere from {span(where)} points" if where else ""
    return f"Neither better nor worse on evidence{between}."


def _where(compared: Comparison) -> str:
    return f" ({span(compared.interval)})" if compared.interval else ""


def _luck(p: float | None, comparisons: int, were: str) -> str:
    among = "this comparison" if comparisons == 1 else f"any of the {comparisons:,} comparisons"
    return f"If all {were}, a split this lopsided in {among} would happen {times_in_100(1.0 if p is None else p)}."


def wins(name: str, *, others: int, check: str, lead: Interval, runner_up: str, p_adjusted: float) -> str:
    """Return why there is a winner."""
    if others == 1:
        ahead = f"{name} is better than {runner_up} in {check}, by {span(lead)} points."
    else:
        rest = "both" if others == 2 else f"all {others:,}"
        ahead = f"{name} is better than {rest} others in {check}; the closest, {runner_up}, by {span(lead)} points."
    return f"{ahead} If none were best, one would be so far ahead of all others {times_in_100(p_adjusted)}."


def equally_good(names: Sequence[str], check: str) -> Told:
    """Return why there is no winner where several have the same best mean."""
    both = " and ".join(sorted(names)) if len(names) == 2 else some(sorted(names))
    return Told(
        reason=f"{both} did equally well in {check}.",
        next_step="take the cheaper or the faster one, or add examples that tell them apart",
    )


def not_measured(names: Sequence[str], check: str) -> Told:
    """Return why there is no winner where too much is missing."""
    return Told(
        reason=(
            f"Too many answers are missing to say how good {some(sorted(names))} is in {check}: nobody can be called"
            " best."
        ),
        next_step="look at the errors with `evalgate show --build BUILD`, then run what lacks answers again",
    )


def no_lead(
    name: str, *, runner_up: str, check: str, delta: float, where: Interval, p_adjusted: float, contenders: int
) -> str:
    """Return why the leader is no winner: it could be luck."""
    luck = f"a lead this large comes by luck {times_in_100(p_adjusted)} among {contenders:,}"
    lead = f"{name} leads {runner_up} in {check} by {points(delta)} (it could be {span(where)})"
    return f"{lead}, and {luck}."


def missing_could_take_it(name: str, check: str, missing: int) -> Told:
    """Return why the leader is no winner: what it did not answer could undo its lead."""
    return Told(
        reason=f"{name} leads in {check}, but {count(missing, 'missing answer')} of it could undo that if wrong.",
        next_step="run it again for the missing answers: `evalgate run --resume`",
    )


def behind_elsewhere(name: str, *, check: str, other_check: str, than: str, where: Interval, margin: float) -> str:
    """Return why the leader is no winner: another check may have suffered."""
    lead = f"{name} is better in {check}, but in {other_check}"
    if where.high < 0:
        return f"{lead} it is behind {than} ({span(where)} points). Which of the two counts is yours to say."
    return (
        f"{lead} it could be up to {points(min(where.low, 0.0))} behind {than}, and a drop of"
        f" {points(margin)} has to be ruled out."
    )


def sizeless_elsewhere(name: str, *, check: str, other_check: str) -> Told:
    """Return why the leader is no winner: how far it may be behind in another check cannot be told."""
    return Told(
        reason=f"{name} is better in {check}, but {other_check} is unbounded and declares no scale, so no drop of it"
        " can be ruled out.",
        next_step=no_range(other_check).next_step,
    )


def unmeasured_elsewhere(name: str, *, check: str, other_check: str, reason: str) -> str:
    """Return why the leader is no winner: another check says nothing."""
    return f"{name} is better in {check}, but {other_check} says nothing of it: {reason}"


def to_decide(more: int, *, clustered: bool, repetitions: int) -> str:
    """Return what would settle it."""
    wanted = f"about {count(more, 'more cluster' if clustered else 'more example')}"
    return f"`repetitions: {repetitions}`, or {wanted}, would tell" if repetitions else f"{wanted} would tell"


def too_close(needed: int, *, clustered: bool) -> str:
    """Return what to do where telling them apart would take more examples than anybody has."""
    noun = "cluster" if clustered else "example"
    return f"take the cheaper or the faster one: to tell a lead this small from luck takes about {count(needed, noun)}"


def promise(*, comparisons: int, alpha: float, exact: bool) -> str:
    """Return how often this comparison claims something that is not so."""
    if comparisons == 0:
        return "No two of them could be compared, so nothing is claimed."
    about = "at most" if exact else "about"
    together = "" if comparisons == 1 else f", over all {comparisons:,} comparisons together"
    times = f"{about} {100 * alpha:g} times in 100"
    return (
        f"If all were equally good, something would be called worse {times} and something better {times}{together},"
        " and a winner would be named no more often."
    )
