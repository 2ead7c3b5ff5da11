"""What an evaluator gives, and how that becomes an evaluation: labels mapped, ranges kept, errors as values."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from evalgate.records import Direction, ErrorKind, Evaluation, EvaluatorSpec, Failure, JsonObject

_LONGEST_EXPLANATION: Final = 4_000
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What an evaluator says of one run, before anybody has looked at it. A bool is 1 or 0, labelled pass or fail."""

    score: bool | float | None = None
    label: str | None = None
    explanation: str | None = None
    metadata: JsonObject = field(default_factory=dict)


def passed(explanation: str | None = None) -> Given:
    """Return 1, labelled pass."""
    return Given(score=True, explanation=explanation)


def failed(explanation: str) -> Given:
    """Return 0, labelled fail. `explanation` names what differed."""
    return Given(score=False, explanation=explanation)


class OutputFaultError(Exception):
    """The output cannot be scored, by its own fault: the worst score, with the message as its explanation."""


class EvaluatorFaultError(Exception):
    """The evaluator, its parameters or the dataset are at fault: no score. `type` names the condition."""

    def __init__(
        self,
        message: str,
        *,
        type: str = "EvaluatorError",  # noqa: A002 - the name of Failure's field
        where: str | None = None,
        kind: ErrorKind = ErrorKind.EVALUATOR,
        metadata: JsonObject | None = None,
    ) -> None:
        super().__init__(message)
        self.type = type
        self.where = where
        self.kind = kind
        self.metadata = metadata or {}


def evaluation(spec: EvaluatorSpec, given: Given, labels: Mapping[str, float] | None) -> Evaluation:
    """Check what was given against `spec` and the label map. Raises EvaluatorFaultError where it does not fit."""
    score, label = given.score, given.label
    if isinstance(score, bool):
        score, label = float(score), label if label is not None else ("pass" if score else "fail")
    if labels is not None:
        score = _mapped(label, labels)
    if score is None and label is None:
        raise EvaluatorFaultError("it gave neither a score nor a label", type="NoScore")
    return Evaluation(
        name=spec.name,
        score=None if score is None else _within(float(score), spec),
        label=label,
        explanation=_shortened(given.explanation),
        metadata=given.metadata,
    )


def worst(spec: EvaluatorSpec, fault: OutputFaultError, labels: Mapping[str, float] | None) -> Evaluation:
    """Return the worst score that `spec` knows. Raises EvaluatorFaultError where the score is unbounded."""
    lowest, highest = (min(labels.values()), max(labels.values())) if labels else (spec.low, spec.high)
    score = highest if spec.direction is Direction.MINIMIZE else lowest
    if score is None:
        raise EvaluatorFaultError(f"{fault}; a score without a range has no worst value for that", type="NoScore")
    label = None if labels else "fail"
    return Evaluation(name=spec.name, score=score, label=label, explanation=_shortened(str(fault)))


def failure(spec: EvaluatorSpec, error: Exception) -> Evaluation:
    """Return the evaluator's own error as a value; an unforeseen one carries its last frame."""
    if isinstance(error, EvaluatorFaultError):
        message = _shortened(str(error)) or error.type
        said = Failure(kind=error.kind, type=error.type, message=message, where=error.where)
        return Evaluation(name=spec.name, failure=said, metadata=error.metadata)
    frames = traceback.extract_tb(error.__traceback__)
    kind = type(error).__name__
    where = f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else None
    message = _shortened(str(error)) or kind
    return Evaluation(
        name=spec.name, failure=Failure(kind=ErrorKind.EVALUATOR, type=kind, message=message, where=where)
    )


def _mapped(label: str | None, labels: Mapping[str, float]) -> float:
    known = ", ".join(labels)
    if label is None:
        raise EvaluatorFaultError(f"it gave no label, and `scores` needs one of {known}", type="NoLabel")
    if label not in labels:
        raise EvaluatorFaultError(f"it gave the label {label[:80]!r}; `scores` has {known}", type="UnknownLabel")
    return labels[label]


def _within(score: float, spec: EvaluatorSpec) -> float:
    if not math.isfinite(score):
        raise EvaluatorFaultError(f"it gave {score}, which is not a finite number", type="NotFinite")
    low = -math.inf if spec.low is None else spec.low
    high = math.inf if spec.high is None else spec.high
    if not low - _ROUNDING <= score <= high + _ROUNDING:
        raise EvaluatorFaultError(f"it gave {score:g}, outside its range {low:g} to {high:g}", type="OutOfRange")
    return min(max(score, low), high)


def _shortened(text: str | None) -> str | None:
    if text is None or len(text) <= _LONGEST_EXPLANATION:
        return text
    return text[:_LONGEST_EXPLANATION] + "…"
