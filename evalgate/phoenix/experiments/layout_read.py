"""From what Phoenix gives back of a mirrored experiment to what the journal had: pure, and verified on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evalgate.canonical import content_hash
from evalgate.phoenix.experiments.layout import EXTRAS, FORMAT, NAME, posted_name
from evalgate.phoenix.experiments.records import BuildRecord, DrawRecord, ExperimentRecord, JudgeRecord, RunRecord
from evalgate.records import (
    Direction,
    ErrorKind,
    Evaluation,
    EvaluatorKind,
    EvaluatorSpec,
    Failure,
    Json,
    Side,
    TaskOutcome,
    Usage,
)


class LayoutError(ValueError):
    """What was read is nothing that evalgate wrote, or only a part of it."""


def read_experiment(metadata: Mapping[str, Any]) -> ExperimentRecord:
    """Return the record of an experiment by its metadata. Raises LayoutError where there is none of this format."""
    kept = metadata.get(NAME)
    if not isinstance(kept, dict):
        raise LayoutError("evalgate did not make this experiment")
    found = _record(kept)
    try:
        return ExperimentRecord(
            **{
                **found,
                "build": BuildRecord(**found["build"]),
                "side": Side(found["side"]),
                "specs": tuple(_spec(each) for each in found["specs"]),
                "draws": tuple(DrawRecord(**each) for each in found["draws"]),
                "judges": tuple(JudgeRecord(**each) for each in found["judges"]),
            }
        )
    except (KeyError, TypeError, ValueError):
        raise LayoutError("the record of the experiment is damaged") from None


def read_run(entry: Mapping[str, Any]) -> RunRecord:
    """Return a run by what `GET v1/experiments/{id}/json` has of it.

    Raises LayoutError where evalgate did not make it, where its output is not the one that was recorded, and where its
    contents were withheld.
    """
    said = {each.get("name"): each for each in entry.get("annotations") or () if isinstance(each, dict)}
    kept = (said.get(NAME) or {}).get("metadata")
    if not isinstance(kept, dict):
        raise LayoutError("evalgate did not make this run, or not all of it is there")
    found = _record(kept)
    if found.get("withheld"):
        raise LayoutError("its contents were withheld (`phoenix.content: hashed`)")
    try:
        return RunRecord(
            **{name: found[name] for name in ("example_id", "position", "content", "sample", "started_at")},
            copied=found["copied"],
            drawn_as=found["drawn_as"],
            outcome=_outcome(found["outcome"], entry.get("output")),
            evaluations=tuple(_evaluation(each, said) for each in found["evaluations"]),
        )
    except (KeyError, TypeError, AttributeError):
        raise LayoutError("the record of the run is damaged") from None


def _record(kept: Mapping[str, Any]) -> dict[str, Any]:
    if kept.get("format") != FORMAT:
        raise LayoutError(f"it is of format {kept.get('format')!r}, and this evalgate reads {FORMAT}")
    try:
        found = json.loads(kept["record"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise LayoutError("the record is damaged") from None
    if not isinstance(found, dict):
        raise LayoutError("the record is damaged")
    return found


def _outcome(found: Mapping[str, Any], output: Json) -> TaskOutcome:
    failure = _failure(found["failure"])
    digest = found["output_hash"]
    if failure is None:
        output = found.get("output", output)
        if not _is_the_one(output, digest):
            raise LayoutError("its output is not the one that was recorded")
    usage = found["usage"]
    return TaskOutcome(
        output=None if failure is not None else output,
        failure=failure,
        usage=None if usage is None else tuple(Usage(**each) for each in usage),
        trace_id=found["trace_id"],
        latency=found["latency"],
        logs=found["logs"],
        **{name: found["extras"].get(name) for name in EXTRAS},
    )


def _is_the_one(output: Json, digest: str) -> bool:
    try:
        return content_hash(output) == digest
    except (ValueError, TypeError, RecursionError):
        return False


def _evaluation(found: Mapping[str, Any], said: Mapping[Any, Mapping[str, Any]]) -> Evaluation:
    name = found["name"]
    usage = found["usage"]
    explanation = found["explanation"] if "explanation" in found else said[posted_name(name)]["explanation"]
    return Evaluation(
        name=name,
        score=found["score"],
        label=found["label"],
        explanation=explanation,
        metadata=found["metadata"],
        failure=_failure(found["failure"]),
        usage=None if usage is None else tuple(Usage(**each) for each in usage),
    )


def _failure(found: Mapping[str, Any] | None) -> Failure | None:
    return None if found is None else Failure(**{**found, "kind": ErrorKind(found["kind"])})


def _spec(found: Mapping[str, Any]) -> EvaluatorSpec:
    kind, direction = EvaluatorKind(found["kind"]), Direction(found["direction"])
    return EvaluatorSpec(**{**found, "kind": kind, "direction": direction})
