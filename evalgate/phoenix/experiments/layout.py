"""What an experiment in Phoenix holds of the journal's: rows to payloads, pure. `layout_read` is the way back.

Phoenix's own fields show people what happened. What decisions read is kept beside them, exactly: as ASCII JSON in one
string, because a server's database may turn 1e20 into an integer, refuse a NUL and order keys anew.

- Of an experiment: `metadata["evalgate"]["record"]`.
- Of a run: its evaluation `evalgate`, `metadata["record"]`. What is long is not kept twice: an output that any database
  gives back as it was, and explanations, are read from the run and from the evaluations themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import timedelta
from typing import Final

from evalgate.canonical import canonical_json, content_hash
from evalgate.phoenix.experiments.records import ExperimentRecord, RunRecord
from evalgate.phoenix.experiments.sound import moment
from evalgate.records import Evaluation, EvaluatorKind, EvaluatorSpec, Failure, Json, Usage
from evalgate.trace_ids import evaluation_trace_id, read_trace_id

FORMAT: Final = 1
"""Of what is kept; a reader refuses a later one."""
NAME: Final = "evalgate"
"""The key of an experiment's metadata, and the name of the evaluation, that hold it."""
CHANGE: Final = "evalgate.change"
"""The name of the evaluation that says how an example changed: `regressed` or `fixed`."""
EXTRAS: Final = ("context", "messages", "tool_calls", "steps")
"""What an outcome may have beside its output."""

_RESERVED: Final = frozenset({NAME, CHANGE})
_LARGEST: Final = 2**63
_DEEPEST: Final = 64
"""Levels of what is shown; a server's parsers end at a few hundred."""
_USAGE: Final = tuple(each.name for each in fields(Usage))
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def experiment_metadata(record: ExperimentRecord, shown: Mapping[str, Json]) -> dict[str, Json]:
    """Return an experiment's metadata: what people are shown, and the record. Any database keeps it as it is."""
    kept: dict[str, Json] = {
        "format": FORMAT,
        "uid": record.uid,
        "suite": record.suite,
        "side": record.side.value,
        "created_at": record.build.created_at,
        "complete": record.complete,
        "record": _ENCODER.encode(asdict(record)),
    }
    return {**_object(shown), NAME: kept}


def run_body(run: RunRecord, *, node: str, repetition: int, withhold: bool = False) -> dict[str, Json]:
    """Return the body that makes a run. `node` is Phoenix's own id of the example."""
    outcome = run.outcome
    return {
        "dataset_example_id": node,
        "repetition_number": repetition,
        "output": None if outcome.failure else withheld(outcome.output) if withhold else showable(outcome.output),
        "error": _error(outcome.failure, withhold=withhold),
        "trace_id": None if outcome.trace_id is None else _text(outcome.trace_id),
        **_times(run),
    }


def evaluation_bodies(
    run: RunRecord, specs: Sequence[EvaluatorSpec], *, run_id: str, uid: str | None = None, withhold: bool = False
) -> list[dict[str, Json]]:
    """Return the bodies that make a run's evaluations, the record among them. `run_id` is Phoenix's own.

    With the `uid` of its experiment each has its trace.
    """
    kinds = {spec.name: spec.kind for spec in specs}
    common: dict[str, Json] = {"experiment_run_id": run_id, **_times(run)}
    bodies: list[dict[str, Json]] = []
    for evaluation in run.evaluations:
        said: dict[str, Json] = {
            "name": posted_name(evaluation.name),
            "annotator_kind": kinds.get(evaluation.name, EvaluatorKind.CODE).value,
            "metadata": _evaluation_metadata(evaluation, withhold=withhold),
        }
        trace_id = read_trace_id(run.outcome.trace_id)
        if uid is not None and trace_id is not None:
            said["trace_id"] = evaluation_trace_id(trace_id, uid, evaluation.name)
        if evaluation.failure is not None:
            said["error"] = _error(evaluation.failure, withhold=withhold)
        else:
            explanation = None if withhold or evaluation.explanation is None else _text(evaluation.explanation)
            label = None if evaluation.label is None else _text(evaluation.label)
            said["result"] = {"score": evaluation.score, "label": label, "explanation": explanation}
        bodies.append({**common, **said})
    kept = {**_shown_of(run), "format": FORMAT, "record": _ENCODER.encode(_run_fields(run, withhold=withhold))}
    return [
        *bodies,
        {**common, "name": NAME, "annotator_kind": "CODE", "result": {"label": run.sample}, "metadata": kept},
    ]


def change_body(run_id: str, label: str, explanation: str, *, at: str) -> dict[str, Json]:
    """Return the body that says on a run how its example changed; `at` is when that was found out."""
    result: dict[str, Json] = {"label": label, "explanation": _text(explanation)}
    day = moment(at).isoformat()
    return {
        "experiment_run_id": run_id,
        "name": CHANGE,
        "annotator_kind": "CODE",
        "start_time": day,
        "end_time": day,
        "result": result,
    }


def run_digest(run: RunRecord, *, withhold: bool = False) -> str:
    """Return a hash of all that is sent of a run."""
    said = [each.explanation for each in run.evaluations]
    return content_hash([_run_fields(run, withhold=withhold), said])


def posted_name(evaluator: str) -> str:
    """Return the name under which an evaluator's evaluations stand in Phoenix."""
    return f"{evaluator} (evaluator)" if evaluator in _RESERVED else evaluator


def showable(value: Json, depth: int = _DEEPEST) -> Json:
    """Return `value` as any server takes it: what it could not store is spelled out, what is too deep is text."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float) and not -_LARGEST <= value < _LARGEST:
        return str(value)  # PostgreSQL makes a whole number of 1e20, and the server fails to read that
    if isinstance(value, Mapping | Sequence):
        if depth == 0:
            return _ENCODER.encode(value)
        if isinstance(value, Mapping):
            return {_text(key): showable(each, depth - 1) for key, each in value.items()}
        return [showable(each, depth - 1) for each in value]
    return value


def _usage(usage: tuple[Usage, ...] | None) -> Json:
    return None if usage is None else [{name: getattr(part, name) for name in _USAGE} for part in usage]


def _run_fields(run: RunRecord, *, withhold: bool) -> dict[str, Json]:
    outcome = run.outcome
    kept: dict[str, Json] = {
        "output_hash": None if outcome.failure else content_hash(outcome.output),
        "failure": _failure_fields(outcome.failure, withhold=withhold),
        "extras": {name: value for name in EXTRAS if not withhold and (value := getattr(outcome, name)) is not None},
        "usage": _usage(outcome.usage),
        "trace_id": outcome.trace_id,
        "latency": outcome.latency,
        "logs": "" if withhold else outcome.logs,
    }
    if not withhold and outcome.failure is None and not _survives(outcome.output):
        kept["output"] = outcome.output
    return {
        "example_id": run.example_id,
        "position": run.position,
        "content": run.content,
        "sample": run.sample,
        "started_at": run.started_at,
        "copied": run.copied,
        "drawn_as": run.drawn_as,
        "outcome": kept,
        "evaluations": [_evaluation_fields(each, withhold=withhold) for each in run.evaluations],
        **({"withheld": True} if withhold else {}),
    }


def _evaluation_fields(evaluation: Evaluation, *, withhold: bool) -> dict[str, Json]:
    explanation = None if withhold else evaluation.explanation
    found: dict[str, Json] = {
        "name": evaluation.name,
        "score": evaluation.score,
        "label": evaluation.label,
        "metadata": {} if withhold else evaluation.metadata,
        "failure": _failure_fields(evaluation.failure, withhold=withhold),
        "usage": _usage(evaluation.usage),
    }
    if evaluation.failure is not None or not explanation or not _survives(explanation):
        found["explanation"] = explanation
    return found


def _failure_fields(failure: Failure | None, *, withhold: bool) -> dict[str, Json] | None:
    if failure is None:
        return None
    kept = replace(failure, message="withheld") if withhold else failure
    return {"kind": kept.kind.value, "type": kept.type, "message": kept.message, "where": kept.where}


def _survives(value: Json, depth: int = _DEEPEST) -> bool:
    """Return whether any database gives a value back as the same value."""
    if isinstance(value, str):
        return (value.isascii() and "\x00" not in value) or _text(value) == value
    if isinstance(value, float):
        # Kept as a decimal number: without an exponent and the sign of a zero.
        return "e" not in repr(value) and not (value == 0 and repr(value)[0] == "-")
    if isinstance(value, int):
        return -_LARGEST <= value < _LARGEST
    if isinstance(value, Mapping):
        return depth > 0 and all(_survives(key) and _survives(each, depth - 1) for key, each in value.items())
    if isinstance(value, Sequence):
        return depth > 0 and all(_survives(each, depth - 1) for each in value)
    return True


def _text(value: str) -> str:
    """Return text as any database takes it: a NUL and a lone surrogate are spelled out."""
    return value.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _object(value: Mapping[str, Json]) -> dict[str, Json]:
    return {_text(key): showable(each) for key, each in value.items()}


def withheld(value: Json) -> Json:
    """Return what is shown of a value that is not: its hash and its length."""
    return {"sha256": content_hash(value), "length": len(canonical_json(value))}


def _error(failure: Failure | None, *, withhold: bool) -> str | None:
    if failure is None:
        return None
    said = f"{failure.type} (the message is withheld)" if withhold else f"{failure.type}: {failure.message}"
    return _text(said + (f" ({failure.where})" if failure.where and not withhold else "")) or "an error"


def _times(run: RunRecord) -> dict[str, Json]:
    """Return when a run began and ended, as Phoenix takes it. Evaluations have no times of their own."""
    began = moment(run.started_at)
    return {"start_time": began.isoformat(), "end_time": (began + timedelta(seconds=run.outcome.latency)).isoformat()}


def _evaluation_metadata(evaluation: Evaluation, *, withhold: bool) -> dict[str, Json]:
    """Return what people see of it beside its score: its metadata, and what it used of models and cost."""
    shown = {} if withhold else _object(evaluation.metadata)
    return {**shown, **_spent(evaluation.usage)}


def _spent(usage: tuple[Usage, ...] | None) -> dict[str, Json]:
    if not usage:
        return {}
    costs = [part.cost for part in usage if part.cost is not None]
    cost = sum(costs) if len(costs) == len(usage) else None
    return {"usage": showable(_usage(usage)), "cost_usd": cost}


def _shown_of(run: RunRecord) -> dict[str, Json]:
    """Return what people see of a run that Phoenix has no field for."""
    failure = run.outcome.failure
    return {
        "example": _text(run.example_id),
        "sample": run.sample,
        "seconds": run.outcome.latency,
        **({"failed_by": failure.kind.value} if failure is not None else {}),
        **_spent(run.outcome.usage),
    }
