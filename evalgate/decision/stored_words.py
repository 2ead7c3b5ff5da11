"""What people are told of stored runs: how their examples differ from those of now, what was made of them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalgate.decision.number_words import count, some


@dataclass(frozen=True, kw_only=True, slots=True)
class Apart:
    """How the examples of now differ from stored ones, by id."""

    edited: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def edits(apart: Apart, since: str) -> str:
    """Return `3 examples edited, 2 added, 1 removed since …: edited e1, e2, e3; added e40, e41; removed e9`."""
    parts = [
        (kind, ids)
        for kind, ids in (("edited", apart.edited), ("added", apart.added), ("removed", apart.removed))
        if ids
    ]
    counts = [f"{len(ids):,} {kind}" for kind, ids in parts]
    counts[0] = f"{count(len(parts[0][1]), 'example')} {parts[0][0]}"
    return f"{', '.join(counts)} since {since}: {'; '.join(f'{kind} {some(ids)}' for kind, ids in parts)}"


def lacking(ids: Sequence[str], repetitions: int) -> str:
    """Return what is drawn because there are no stored runs of it."""
    named = f"{count(len(ids), 'example')} ({some(ids)})"
    return (
        f"The baseline was run {count(repetitions, 'time')} on {named} of which it has no stored runs; these are kept."
    )


def taken_for_candidate(times: int) -> str:
    """Return what is said where what is checked out was measured before, and no verdict on it hung on that."""
    runs = count(times, "stored run")
    return f"What is checked out was measured before: its {runs} of each example decide, unless they lean worse."


def scored_again(evaluators: Mapping[str, int], label: str) -> str:
    """Return which evaluators scored stored answers again; `evaluators` has how many by name."""
    return (
        f"The stored answers of {label} were scored by other evaluators; they are scored again here by"
        f" {_by(evaluators)}."
    )


def scored_beside(evaluators: Mapping[str, int], label: str) -> str:
    """Return which evaluators had scored stored answers when a change brought them, and decided nothing yet."""
    return (
        f"The stored answers of {label} were scored by other evaluators; taken over is what {_by(evaluators)} said of"
        " them beside the change that brought it."
    )


def _by(evaluators: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({count(answers, 'answer')})" for name, answers in evaluators.items())


def damaged(runs: int, label: str) -> str:
    """Return how many stored runs are not what evalgate writes."""
    left = f"{count(runs, 'stored run')} of {label} {'is' if runs == 1 else 'are'} damaged and left out"
    return f"{left}: the journal was changed by another hand."


def versions(stored: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Return which programs, settings and models are others than when the stored runs were made; None: none are."""
    changed = [name for name in sorted({*stored, *now}) if stored.get(name) != now.get(name)]
    if not changed:
        return None
    parts = (f"{name} {stored.get(name, 'unset')} then, {now.get(name, 'unset')} now" for name in changed)
    return f"What differs from when the stored runs were made: {'; '.join(parts)}."
