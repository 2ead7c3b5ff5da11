"""Records to columns and back. Text is made storable, JSON is ASCII: hostile output must not break a row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from evalgate.canonical import content_hash
from evalgate.errors import JournalError
from evalgate.records import (
    Direction,
    ErrorKind,
    Evaluation,
    EvaluatorKind,
    EvaluatorSpec,
    Example,
    Failure,
    Json,
    TaskOutcome,
    Usage,
)

_EXTRAS = ("context", "messages", "tool_calls", "steps")

RUN: Final = (
    "experiment", "example_id", "sample", "output", "output_hash", "failure", "failure_kind", "extras", "usage",
    "trace_id", "latency", "started_at", "logs",
)  # fmt: skip
"""The columns of a run."""
EVALUATION: Final = (
    "experiment", "example_id", "sample", "name", "score", "label", "explanation", "metadata", "failure", "usage",
)  # fmt: skip
"""The columns of an evaluation."""

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)  # json.dumps would make one for each value


def to_json(value: Any) -> str:
    """Return `value` as ASCII JSON, so that lone surrogates survive."""
    return _ENCODER.encode(value)


def from_json(value: str) -> Any:
    """Return what `to_json` was given. Raises JournalError where the text is no JSON: another hand wrote it."""
    try:
        return json.loads(value)
    except ValueError as error:
        raise damaged(f"{str(error).partition(':')[0].lower()} where JSON should stand") from error


def object_from(value: str) -> dict[str, Any]:
    """Return the JSON object that a row holds. Raises JournalError where it holds something else."""
    found = from_json(value)
    if not isinstance(found, dict):
        raise damaged("no object where one should stand")
    return found


def damaged(what: str) -> JournalError:
    """Return the error for a row that this program did not write like this."""
    return JournalError(
        f"a row of the journal is damaged: {what}",
        next_step="move the journal away, or give another one with --journal, then evalgate run",
    )


def error_kind(value: str) -> ErrorKind:
    """Return the kind of a failure. Raises JournalError for a name that is none."""
    try:
        return ErrorKind(value)
    except ValueError as error:
        raise damaged(f"{value!r} is no kind of failure") from error


def text(value: str | None) -> str | None:
    """Return `value` with what SQLite cannot store spelled out."""
    return None if value is None else value.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def example_body(example: Example) -> dict[str, Json]:
    """Return what an example says, without its id."""
    return {"input": example.input, "output": example.output, "metadata": example.metadata, "split": example.split}


def body_hash(body: Mapping[str, Json]) -> str:
    """Return the hash by which what an example says is stored."""
    return content_hash(body)


def example_from(example_id: str, body: str) -> Example:
    """Return the example that `example_body` came from."""
    try:
        return Example(id=example_id, **from_json(body))
    except TypeError:
        raise damaged(f"what is kept of {example_id} is no example") from None


def run_columns(outcome: TaskOutcome) -> dict[str, Any]:
    """Return the columns of one run's row."""
    extras = {name: value for name in _EXTRAS if (value := getattr(outcome, name)) is not None}
    failed = outcome.failure is not None
    return {
        "output": None if failed else to_json(outcome.output),
        "output_hash": None if failed else content_hash(outcome.output),
        "failure": _failure_json(outcome.failure),
        "failure_kind": None if outcome.failure is None else outcome.failure.kind.value,
        "extras": to_json(extras) if extras else None,
        "usage": _usage_json(outcome.usage),
        "trace_id": text(outcome.trace_id),
        "latency": outcome.latency,
        "logs": text(outcome.logs),
    }


_USAGE_FIELDS = tuple(field.name for field in fields(Usage))


def _usage_json(usage: tuple[Usage, ...] | None) -> str | None:
    if usage is None:
        return None
    # `asdict` copies field by field, at ten times the price, and every call of a model comes by here.
    return to_json([{name: getattr(part, name) for name in _USAGE_FIELDS} for part in usage])


def usage_from(value: str | None) -> tuple[Usage, ...] | None:
    """Return what each model used; None where nobody saw it."""
    items = None if value is None else from_json(value)
    return None if items is None else tuple(Usage(**item) for item in items)


def outcome_from(row: sqlite3.Row) -> TaskOutcome:
    """Return the outcome that `run_columns` came from."""
    extras: Mapping[str, Json] = from_json(row["extras"]) if row["extras"] else {}
    return TaskOutcome(
        output=None if row["output"] is None else from_json(row["output"]),
        failure=_failure_from(row["failure"]),
        usage=usage_from(row["usage"]),
        trace_id=row["trace_id"],
        latency=row["latency"],
        logs=row["logs"],
        **{name: extras.get(name) for name in _EXTRAS},
    )


def evaluation_columns(evaluation: Evaluation) -> dict[str, Any]:
    """Return the columns of one evaluation's row."""
    return {
        "name": evaluation.name,
        "score": evaluation.score,
        "label": text(evaluation.label),
        "explanation": text(evaluation.explanation),
        "metadata": to_json(evaluation.metadata) if evaluation.metadata else None,
        "failure": _failure_json(evaluation.failure),
        # Most evaluators call no model: nothing is written then. "null" is what nobody saw.
        "usage": None if evaluation.usage == () else _usage_json(evaluation.usage) or "null",
    }


def evaluation_from(row: sqlite3.Row) -> Evaluation:
    """Return the evaluation that `evaluation_columns` came from."""
    return Evaluation(
        name=row["name"],
        score=row["score"],
        label=row["label"],
        explanation=row["explanation"],
        metadata=from_json(row["metadata"]) if row["metadata"] else {},
        failure=_failure_from(row["failure"]),
        usage=() if row["usage"] is None else usage_from(row["usage"]),
    )


def specs_json(specs: Sequence[EvaluatorSpec]) -> str:
    """Return what is known of the evaluators as JSON."""
    return to_json([asdict(spec) for spec in specs])


def specs_from(value: str) -> tuple[EvaluatorSpec, ...]:
    """Return the specs that `specs_json` came from."""
    return tuple(
        EvaluatorSpec(**{**spec, "kind": EvaluatorKind(spec["kind"]), "direction": Direction(spec["direction"])})
        for spec in from_json(value)
    )


def placeholders(columns: Sequence[str]) -> str:
    """Return `a, b) VALUES (:a, :b` for an INSERT."""
    return f"{', '.join(columns)}) VALUES ({', '.join(':' + column for column in columns)}"


def _failure_json(failure: Failure | None) -> str | None:
    return None if failure is None else to_json(asdict(failure))


def _failure_from(value: str | None) -> Failure | None:
    if value is None:
        return None
    fields = from_json(value)
    return Failure(**{**fields, "kind": error_kind(fields["kind"])})
