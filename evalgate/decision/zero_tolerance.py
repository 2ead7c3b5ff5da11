"""`zero_tolerance`: no example may fail twice. Each that failed is drawn once more, for real, on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from evalgate.decision import absolute_words, words
from evalgate.decision.evidence import Redraw
from evalgate.decision.pairing import CHANGED
from evalgate.decision.results import RuleDecision
from evalgate.decision.scale import Answers, Scale, are_scores
from evalgate.decision.view import View, absolute_obstacle
from evalgate.records import Verdict
from evalgate.suite.checks import Unmeasurable, ZeroTolerance

RULE = "zero_tolerance"
_BLOCKS_AGAIN, _BLOCKS_AGAIN_ABSOLUTE = 11 / 70, 3 / 10
"""The chance that an example which failed once and passed once blocks an unchanged build.

It fails with some chance f, of which one failure and one pass leave a Beta(2, 2). The build is blocked where the
candidate fails twice and the baseline does not: E[f²(1 − f²)] = 3/10 − 1/7; E[f²] where the baseline is not asked.
"""


class Fate(Enum):
    """What became of an example that failed."""

    REPRODUCED = "failed twice"
    GONE = "failed once and passed when drawn again"
    KNOWN = "fails twice on the baseline too"
    UNANSWERED = "no second answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draws:
    """How many real draws of one example there are on one side, and how many of them failed."""

    drawn: int
    failed: int

    def with_redraw(self, score: float | None, of: View) -> _Draws:
        """Return the draws with one more; a number that is no score of the evaluator is no answer."""
        if score is None or not are_scores(of.evidence.evaluator, np.array([score]))[0]:
            return self
        share = float(of.metric.scale.shares(np.array([score]))[0])
        return _Draws(drawn=self.drawn + 1, failed=self.failed + int(share < of.metric.scale.best - CHANGED))

    @property
    def twice(self) -> bool:
        return self.failed >= 2

    @property
    def open(self) -> bool:
        """Whether one more draw could make it two failures of two."""
        return self.drawn < 2 and self.failed == self.drawn


def decide_zero_tolerance(of: View, rule: ZeroTolerance) -> RuleDecision:
    """Return the rule's verdict. `example_ids` are the examples that failed twice and count.

    What failed twice is a fact, however much else is missing.
    """
    if not of.metric.scale.bounded:
        told = absolute_words.no_failure_defined(of.evidence.name)
        return RuleDecision(
            rule=RULE,
            verdict=Verdict.UNMEASURABLE,
            reason=told.reason,
            next_step=told.next_step,
            unmeasurable=Unmeasurable.NOTHING,
        )
    by_fate: dict[Fate, list[str]] = {fate: [] for fate in Fate}
    for example_id, candidate, baseline in _failing(of):
        redraw = of.evidence.redraws.get(example_id, Redraw(candidate=None, baseline=None))
        fate = _fate(of, candidate, baseline, redraw, absolute=rule.absolute)
        by_fate[fate].append(example_id)
    obstacle = absolute_obstacle(of, RULE)
    if obstacle is not None and not by_fate[Fate.REPRODUCED]:
        return obstacle
    return _decision(of, rule, by_fate)


def to_redraw(of: View, rule: ZeroTolerance) -> Iterator[str]:
    """Yield the examples whose fate needs one more draw of both sides."""
    if not of.metric.scale.bounded:
        return
    for example_id, candidate, baseline in _failing(of):
        asks_baseline = baseline is not None and not rule.absolute
        unsettled = not candidate.twice or (asks_baseline and baseline is not None and baseline.open)
        if unsettled and example_id not in of.evidence.redraws:
            yield example_id


def _fate(of: View, candidate: _Draws, baseline: _Draws | None, redraw: Redraw, *, absolute: bool) -> Fate:
    after = candidate.with_redraw(redraw.candidate, of)
    if not after.twice:
        return Fate.UNANSWERED if after.drawn == candidate.drawn else Fate.GONE
    if absolute or baseline is None:
        return Fate.REPRODUCED
    other = baseline.with_redraw(redraw.baseline, of)
    if other.twice:
        return Fate.KNOWN
    return Fate.UNANSWERED if other.open else Fate.REPRODUCED


def _failing(of: View) -> Iterator[tuple[str, _Draws, _Draws | None]]:
    """Yield (example id, candidate's draws, baseline's) for each example that the candidate failed at least once."""
    candidate = _draws(of.metric.candidate, of.metric.scale)
    baseline = _draws(of.metric.baseline, of.metric.scale) if of.metric.baseline is not None else None
    for index, example_id in enumerate(of.layout.example_ids):
        if candidate[index].failed:
            yield example_id, candidate[index], baseline[index] if baseline is not None else None


def _draws(side: Answers, scale: Scale) -> list[_Draws]:
    failed = side.answered & (side.shares < scale.best - CHANGED)
    counts = zip(side.counts.tolist(), failed.sum(axis=1).tolist(), strict=True)
    return [_Draws(drawn=drawn, failed=fails) for drawn, fails in counts]


def _decision(of: View, rule: ZeroTolerance, by_fate: dict[Fate, list[str]]) -> RuleDecision:
    verdict, kind, step = Verdict.PASS, None, None
    if by_fate[Fate.REPRODUCED]:
        verdict, step = Verdict.FAIL, words.SHOW
    elif by_fate[Fate.UNANSWERED]:
        verdict, kind, step = Verdict.UNMEASURABLE, Unmeasurable.ERRORS, words.RESUME
    gone = len(by_fate[Fate.GONE])
    blocks = _BLOCKS_AGAIN_ABSOLUTE if rule.absolute or of.metric.baseline is None else _BLOCKS_AGAIN
    reason = absolute_words.twice_failed(
        reproduced=by_fate[Fate.REPRODUCED],
        gone=by_fate[Fate.GONE],
        known=by_fate[Fate.KNOWN],
        unanswered=by_fate[Fate.UNANSWERED],
        examples=len(of.layout.example_ids),
        blocks=1 - (1 - blocks) ** gone,
        label=of.label,
    )
    return RuleDecision(
        rule=RULE,
        verdict=verdict,
        reason=reason,
        next_step=step,
        unmeasurable=kind,
        example_ids=tuple(by_fate[Fate.REPRODUCED]),
    )
