"""What people are told of the screen and its confirmation: what was compared with what, and what that leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.decision.evidence import History, StoredRuns
from evalgate.decision.number_words import count, point_number, points, times_in_100
from evalgate.decision.words import Told

_NAMED: Final = 3
"""More falls than this are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """How far the latest baseline lies below an earlier one: shares of the score's range, above 0."""

    suite: str
    check: str
    now: str
    first: str
    day: str
    """The day on which the earlier one was set."""
    baselines: int
    """How many there were from that one to the latest."""
    examples: int
    drop: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Fell:
    """How far a baseline that was drawn anew lies below its own stored runs: shares of the score's range, above 0."""

    check: str
    of: str
    """What people call the baseline, `main@1a2b3c4`."""
    day: str
    """The day on which the stored runs were drawn."""
    examples: int
    drop: float
    low: float
    high: float


def fell_too(found: Fell) -> str:
    """Return what a report says of it where it names the baseline's runs."""
    return (
        f"{found.of} fell too: drawn again for this build, the same commit scored {points(found.drop)} lower in"
        f" {found.check} than its stored runs of {found.day} (could really be {point_number(found.low)} to"
        f" {point_number(found.high)}, on {count(found.examples, 'example')}). Those were lucky, or what answers"
        " or scores has drifted, a model or a service say: that part is no doing of this change."
    )


def before_blaming(found: Sequence[tuple[str, Fell]]) -> str | None:
    """Return what is said before a change is blamed; `found` has the suite of each. None where nothing fell."""
    if not found:
        return None
    parts = [f"{of.of} by {points(of.drop)} in {suite}/{of.check} since {of.day}" for suite, of in found[:_NAMED]]
    more = f", and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    return f"Before you blame this change: its baseline fell too, {'; '.join(parts)}{more}, with nothing of it changed."


def drifted(found: Drift) -> str:
    """Return where a check of the latest baseline lies, against an earlier one."""
    return (
        f"{found.check}: {points(found.drop)} below {found.first} ({found.day}), {count(found.baselines, 'baseline')}"
        f" ago with this one; could really be {point_number(found.low)} to {point_number(found.high)}, on the"
        f" {count(found.examples, 'example')} that both have"
    )


def ratchet(found: Drift) -> str:
    """Return the warning of it, as a report says it of a suite."""
    return (
        f"{DRIFTED}. {found.now}, {drifted(found)}. Each step was small enough to pass, or"
        " was accepted: `evalgate baseline history` lists them."
    )


DRIFTED = "Baselines have drifted down together"
"""How the warning of it begins."""
STORED_RISK = (
    "The baseline is what was stored, and nothing confirms a FAIL (`baseline_runs: stored`): where the stored runs were"
    " lucky, a candidate that changed nothing fails up to 1 time in 4, every time it is measured."
)
DRAW_MORE = "store the baseline again with 3 runs of each example, or let the gate confirm (`baseline_runs: confirm`)"


def compared_with(stored: StoredRuns) -> str:
    """Return what a screen compares with: `compared with the stored 3 runs of main@1a2b3c4 (2026-11-20)`."""
    return f"compared with the stored {count(stored.repetitions, 'run')} of {stored.of} ({stored.date})"


def passed(margin: float, stored: StoredRuns) -> Told:
    """Return the words of a PASS at the screen."""
    return Told(
        reason=(
            f"No regression found, {compared_with(stored)}; drops of {points(margin)} or more are ruled out."
            " Smaller ones could hide."
        )
    )


def too_few_stored(stored: StoredRuns, needed: int) -> Told:
    """Return the words where only the number of stored runs keeps a screen from passing."""
    return Told(
        reason=(
            f"No regression found, {compared_with(stored)}; so few may have been lucky or unlucky, and a PASS takes"
            f" {needed}."
        ),
        next_step=DRAW_MORE,
    )


def screened(stored: StoredRuns, runs: int, more: int) -> str:
    """Return what a screen and its confirmation took, in runs of the two sides."""
    return f"Screened with {count(runs, 'run')}, {compared_with(stored)}; confirmed with {more:,} more."


def made(label: str, repetitions: int) -> str:
    """Return how a baseline came about of which no stored runs fit."""
    return (
        f"No stored runs of {label} fit, so both sides were drawn {count(repetitions, 'time')}; the next change is"
        " compared with these first."
    )


def unscreened(change: str, repetitions: int) -> str:
    """Return why a change whose last measurement failed is not screened, though there are stored runs."""
    return (
        f"The measurement of {change} before this one failed, so nothing was screened: both sides were drawn"
        f" {count(repetitions, 'time')} at once."
    )


def measured_before(build: int, day: str) -> str:
    """Return what is said where every run was taken over."""
    return f"Nothing was drawn now: build {build} ({day}) measured exactly this, and its answers decide again."


def triggers(*, smallest_p: float | None, screen_p: float, absolute: int, few: int) -> str:
    """Return why a build is confirmed: each trigger that there was, in one sentence."""
    parts = []
    if smallest_p is not None and smallest_p <= screen_p:
        parts.append(f"the screen leans worse (by luck alone {times_in_100(smallest_p)})")
    if absolute:
        parts.append(f"{count(absolute, 'absolute rule')} would fail")
    if few:
        parts.append(f"{count(few, 'suite')} stored too few runs to pass on")
    return f"Drawn again, because {', and '.join(parts)}." if parts else ""


def measurement(history: History, *, alpha: float) -> str | None:
    """Return which measurement of its change a build is, and what several do to the promise; None for the first."""
    before, number = history.measurements, history.measurements + 1
    if history.change is None or not before:
        return None
    if before == 1:
        earlier = f"the one before it {'failed' if history.failed else 'did not fail'}"
    else:
        failed = {0: "none", before: "all"}.get(history.failed, f"{history.failed:,}")
        earlier = f"{failed} of the {before:,} before it failed"
    return (
        f"This is measurement {number:,} of {history.change}; {earlier}. The promise is for each measurement by itself:"
        f" a change that does nothing, measured {number:,} times, fails at least once up to"
        f" {times_in_100(1 - (1 - alpha) ** number)}."
    )


def leans_on_screen(low: float, high: float) -> str:
    """Return the sentence for an interval below 0 at the screen, which fails nothing before it is confirmed."""
    return f"Leans worse ({point_number(low)} to {point_number(high)} points); the screen alone fails nothing."
