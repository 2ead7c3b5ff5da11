"""One example of the result for machines: what it is, and what each side made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from evalgate.records import Evaluation, Failure, Json
from evalgate.report.model import ExampleView, SideView
from evalgate.report.rounding import rounded


def example_json(view: ExampleView) -> dict[str, Any]:
    """Return an example as JSON values; its `baseline` is null where there is none."""
    return {
        "id": view.example.id,
        "input": _json(view.example.input),
        "expected": _json(view.example.output),
        "metadata": _json(view.example.metadata),
        "link": view.link,
        "candidate": _side(view.candidate),
        "baseline": _side(view.baseline) if view.baseline else None,
    }


def _side(side: SideView) -> dict[str, Any]:
    return {
        "sample": side.sample,
        "output": _json(side.output),
        "failure": _failure(side.failure),
        "latency": rounded(side.latency),
        "trace": side.trace,
        "evaluations": [_evaluation(evaluation) for evaluation in side.evaluations],
    }


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "name": evaluation.name,
        "score": rounded(evaluation.score),
        "label": evaluation.label,
        "explanation": evaluation.explanation,
        "failure": _failure(evaluation.failure),
    }


def _failure(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "type": failure.type,
        "message": failure.message,
        "where": failure.where,
    }


def _json(value: Json) -> Any:
    """Return plain dicts and lists of what may be any mapping or sequence."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str) or value is None or isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {key: _json(each) for key, each in value.items()}
    return [_json(each) for each in value]
