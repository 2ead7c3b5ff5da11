"""What one judge says of one run, and what several verdicts come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evalgate.evaluators.score import EvaluatorFaultError, Given
from evalgate.records import Direction, Json, JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """The calls behind one verdict, and the seconds that they took; tokens and cost are on the evaluation's tab."""

    calls: int = 0
    latency: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """Return both together."""
        return Spent(calls=self.calls + other.calls, latency=self.latency + other.latency)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One verdict of one model: a label of the map with its reasons, or the `error` in place of it."""

    model: str
    label: str | None = None
    explanation: str | None = None
    error: EvaluatorFaultError | None = None
    spent: Spent = Spent()


def agreed(
    verdicts: Sequence[Verdict], scores: Mapping[str, float], how: Literal["majority", "mean"], direction: Direction
) -> Given:
    """Return what the verdicts come to. Raises EvaluatorFaultError where not more than half of them are verdicts."""
    given = [verdict for verdict in verdicts if verdict.label is not None]
    metadata = _metadata(verdicts, scores)
    failed = next((verdict.error for verdict in verdicts if verdict.error is not None), None)
    if failed is not None and 2 * len(given) <= len(verdicts):
        several = f"{len(verdicts) - len(given)} of {len(verdicts)} verdicts failed, the first: "
        said = str(failed) if len(verdicts) == 1 else several + str(failed)
        raise EvaluatorFaultError(said, type=failed.type, kind=failed.kind, metadata=metadata)
    label = _majority([str(verdict.label) for verdict in given], scores, direction)
    mean = sum(scores[str(verdict.label)] for verdict in given) / len(given)
    reasons = next((verdict.explanation for verdict in given if verdict.label == label and verdict.explanation), None)
    if len(verdicts) > 1:
        count = sum(verdict.label == label for verdict in given)
        reasons = f"{count} of {len(given)} say {label}" + (f": {reasons}" if reasons else "")
    return Given(score=mean if how == "mean" else scores[label], label=label, explanation=reasons, metadata=metadata)


def _majority(labels: Sequence[str], scores: Mapping[str, float], direction: Direction) -> str:
    """Return the label that most give; of a tie the worse one, on both sides alike."""
    counts = Counter(labels)
    most = max(counts.values())
    worse = -1 if direction is Direction.MINIMIZE else 1
    return min((label for label, count in counts.items() if count == most), key=lambda label: worse * scores[label])


def _metadata(verdicts: Sequence[Verdict], scores: Mapping[str, float]) -> JsonObject:
    """Return what is recorded beside the score: who judged, what it took, and each vote where there were several."""
    spent = Spent()
    for verdict in verdicts:
        spent = spent.plus(verdict.spent)
    metadata: dict[str, Json] = {
        "judges": list(dict.fromkeys(verdict.model for verdict in verdicts)),
        "calls": spent.calls,
        "latency": round(spent.latency, 6),
    }
    if len(verdicts) > 1:
        metadata["votes"] = [_vote(verdict, scores) for verdict in verdicts]
    return metadata


def _vote(verdict: Verdict, scores: Mapping[str, float]) -> dict[str, Json]:
    if verdict.label is None:
        return {"model": verdict.model, "error": str(verdict.error)}
    return {
        "model": verdict.model,
        "label": verdict.label,
        "score": scores[verdict.label],
        "explanation": verdict.explanation,
    }
