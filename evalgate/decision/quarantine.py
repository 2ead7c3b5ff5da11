"""Examples that are set aside: taken out of what decides before any number is read, and shown beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from evalgate.decision import verdict_words
from evalgate.decision.evidence import (
    CheckEvidence,
    Judged,
    Quarantined,
    ResourceEvidence,
    Scores,
    SuiteEvidence,
)
from evalgate.decision.results import CheckDecision, Flip, Missing, RuleDecision, SetAside
from evalgate.records import Direction, Verdict
from evalgate.suite.checks import Check, Unmeasurable

_T = TypeVar("_T", CheckEvidence, ResourceEvidence)


def deciding_parts(suite: SuiteEvidence) -> tuple[SuiteEvidence, ...]:
    """Return the suite as what decides sees it: without the examples that are set aside.

    Where they differ by check there are several parts of one name, each with the checks that have the same examples.
    A part may be left without any example.
    """
    active = [entry for entry in suite.quarantined if entry.active]
    if not active:
        return (suite,)
    aside = {name: frozenset(entry.example_id for entry in active if entry.of(name)) for name, _ in suite.declared}
    return tuple(_without(suite, gone, aside) for gone in dict.fromkeys(aside.values()))


def _without(suite: SuiteEvidence, gone: frozenset[str], aside: Mapping[str, frozenset[str]]) -> SuiteEvidence:
    keep = np.array([example_id not in gone for example_id in suite.example_ids], dtype=np.bool_)
    places = np.flatnonzero(keep).tolist()
    return replace(
        suite,
        example_ids=tuple(suite.example_ids[place] for place in places),
        checks=tuple(_kept(check, keep, gone) for check in suite.checks if aside[check.name] == gone),
        resources=tuple(_rows(check, keep) for check in suite.resources if aside[check.name] == gone),
        clusters=None if suite.clusters is None else tuple(suite.clusters[place] for place in places),
        slices={path: tuple(values[place] for place in places) for path, values in suite.slices.items()},
        identical=suite.identical[keep],
    )


def _kept(check: CheckEvidence, keep: NDArray[np.bool_], gone: frozenset[str]) -> CheckEvidence:
    redraws = {example_id: redraw for example_id, redraw in check.redraws.items() if example_id not in gone}
    return replace(_rows(check, keep), redraws=redraws, judge=_judged(check.judge, keep))


def _rows(of: _T, keep: NDArray[np.bool_]) -> _T:
    baseline = None if of.baseline is None else _scores(of.baseline, keep)
    return replace(of, candidate=_scores(of.candidate, keep), baseline=baseline)


def _scores(scores: Scores, keep: NDArray[np.bool_]) -> Scores:
    return Scores(values=scores.values[keep], cells=scores.cells[keep])


def _judged(judged: Judged | None, keep: NDArray[np.bool_]) -> Judged | None:
    if judged is None or judged.people is None:
        return judged
    candidate, baseline = judged.people
    return replace(judged, people=(candidate[keep], baseline[keep]))


def nothing_left(name: str, check: Check, examples: int, spec: tuple[float | None, float | None]) -> CheckDecision:
    """Return a check all of whose examples are set aside: green on nothing would be the worst of greens."""
    rules = (*check.comparisons, *check.absolutes)
    told = verdict_words.all_set_aside(examples)
    low, high = spec
    return CheckDecision(
        name=name,
        gating=check.gating,
        verdict=Verdict.UNMEASURABLE,
        rules=tuple(
            RuleDecision(
                rule=rule,
                verdict=Verdict.UNMEASURABLE,
                reason=told.reason,
                next_step=told.next_step,
                unmeasurable=Unmeasurable.NOTHING,
            )
            for rule in rules
        ),
        slices=(),
        examples=0,
        candidate_mean=None,
        baseline_mean=None,
        low=low,
        high=high,
        binary=False,
        missing=Missing(candidate=0, baseline=0, candidate_errors=0, baseline_errors=0),
        missing_could_change=None,
        comparison=None,
        detectable=None,
        regressed=(),
        improved=(),
    )


def set_aside(suite: SuiteEvidence) -> tuple[SetAside, ...]:
    """Return what is said of each entry, with the scores of its example on both sides."""
    rows = {example_id: row for row, example_id in enumerate(suite.example_ids)}
    return tuple(
        SetAside(
            example_id=entry.example_id,
            check=entry.check,
            owner=entry.owner,
            reason=entry.reason,
            expires=entry.expires,
            active=entry.active,
            flips=_flips(suite, entry, rows[entry.example_id]) if entry.active else (),
        )
        for entry in suite.quarantined
    )


def _flips(suite: SuiteEvidence, entry: Quarantined, row: int) -> tuple[tuple[str, Flip], ...]:
    return tuple(
        (
            check.name,
            Flip(
                example_id=entry.example_id,
                baseline=None if check.baseline is None else _mean(check.baseline, row),
                candidate=_mean(check.candidate, row),
            ),
        )
        for check in suite.checks
        if entry.of(check.name) and check.evaluator.direction != Direction.NEUTRAL
    )


def _mean(scores: Scores, row: int) -> float | None:
    known: Sequence[float] = scores.values[row][~np.isnan(scores.values[row])].tolist()
    return sum(known) / len(known) if known else None
