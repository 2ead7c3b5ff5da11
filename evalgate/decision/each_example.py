"""What every single example scored on both sides, for whoever shows them one by one: no rule reads this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import BuildEvidence, Cell, CheckEvidence, Scores
from evalgate.decision.layout import Layout, lay_out
from evalgate.decision.pairing import pair
from evalgate.decision.ratios.view import ratio_view, share_of
from evalgate.decision.scale import read_metric
from evalgate.suite.checks import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class EachScore:
    """One check over the examples of its suite, NaN where there is no score; repetitions are averaged.

    `candidate` and `baseline` are in the score's own units, `delta` is the share of the range (of a check of what runs
    take: of what the baseline takes), + is better; an example in quarantine has none. `failed` is where an answer of
    either side is an error or missing.
    """

    name: str
    candidate: NDArray[np.float64]
    baseline: NDArray[np.float64] | None
    delta: NDArray[np.float64]
    failed: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class EachExample:
    """The examples of one suite by id, what each scored in every check, and the value of each at every slice path."""

    suite: str
    example_ids: tuple[str, ...]
    scores: tuple[EachScore, ...]
    slices: tuple[tuple[str, tuple[str | None, ...]], ...]


def each_example(evidence: BuildEvidence) -> Iterator[EachExample]:
    """Yield every suite of a build, in its order."""
    layouts, _ = lay_out(evidence.suites)
    for layout in layouts:
        suite = layout.suite
        yield EachExample(
            suite=suite.name,
            example_ids=layout.example_ids,
            scores=(
                *(_scored(layout, check) for check in suite.checks),
                *_taken(layout, evidence.policy),
            ),
            slices=tuple(
                (path, tuple(values[place] for place in layout.order.tolist())) for path, values in suite.slices.items()
            ),
        )


def _scored(layout: Layout, check: CheckEvidence) -> EachScore:
    metric = read_metric(check, layout.order)
    pairs = pair(metric, every_answer=layout.suite.screen is not None)
    failed = _failed(check.candidate, check.baseline)[layout.order]
    if pairs is None:
        shares = np.where(
            metric.candidate.errors.all(axis=1), np.nan, metric.candidate.means(metric.candidate.answered)
        )
        nothing = np.full(len(shares), np.nan)
        return EachScore(
            name=check.name, candidate=metric.scale.scores(shares), baseline=None, delta=nothing, failed=failed
        )
    return EachScore(
        name=check.name,
        candidate=np.where(pairs.candidate_failed, np.nan, metric.scale.scores(pairs.candidate)),
        baseline=np.where(pairs.baseline_failed, np.nan, metric.scale.scores(pairs.baseline)),
        delta=np.where(_aside(layout, check.name), np.nan, pairs.differences),
        failed=failed,
    )


def _taken(layout: Layout, policy: Policy) -> Iterator[EachScore]:
    for check in layout.suite.resources:
        of = ratio_view(layout, check, policy)
        answers = of.candidate.answers
        nothing = np.full(len(layout.order), np.nan)
        yield EachScore(
            name=check.name,
            candidate=answers.means(answers.answered) if of.pairs is None else of.pairs.candidate,
            baseline=None if of.pairs is None else of.pairs.baseline,
            delta=nothing
            if of.pairs is None
            else np.where(_aside(layout, check.name), np.nan, _saved(of.pairs.differences)),
            failed=_failed(check.candidate, check.baseline)[layout.order],
        )


def _aside(layout: Layout, check: str) -> NDArray[np.bool_]:
    """Return which examples are set aside in a check."""
    names = {entry.example_id for entry in layout.suite.quarantined if entry.active and entry.of(check)}
    return np.array([example_id in names for example_id in layout.example_ids], dtype=np.bool_)


def _saved(log_shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([share_of(each) for each in log_shares.tolist()])


def _failed(candidate: Scores, baseline: Scores | None) -> NDArray[np.bool_]:
    sides = [candidate] if baseline is None else [candidate, baseline]
    lost = (Cell.TASK_ERROR, Cell.MISSING)
    failed: NDArray[np.bool_] = np.any([np.isin(side.cells, lost).any(axis=1) for side in sides], axis=0)
    return failed
