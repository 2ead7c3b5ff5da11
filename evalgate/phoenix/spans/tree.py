"""What is known of a run as the spans that Phoenix shows: its task with its calls of models, and each evaluation. Pure.

A run has a trace, and each evaluation one of its own, as Phoenix's own experiments do: else a judge's tokens and cost
would count as the task's. All ids follow from the run's, so that what is sent twice is there once. Attributes are
OpenInference's. What is withheld is a hash and a length.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from evalgate.canonical import canonical_json, content_hash
from evalgate.phoenix.experiments.records import RunRecord
from evalgate.phoenix.spans.models import Flat, call_attributes, message_attributes, usage_attributes
from evalgate.records import Evaluation, Failure, Json, ModelCall, Step
from evalgate.trace_ids import evaluation_trace_id, read_trace_id, span_id

LONGEST_TEXT: Final = 200_000
"""Characters of one attribute: a server indexes them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanOut:
    """One span to be sent. Ids in hexadecimal, times in seconds since 1970; `error` is why it failed."""

    trace_id: str
    span_id: str
    parent: str | None
    name: str
    start: float
    end: float
    attributes: Mapping[str, str | int | float | bool]
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A run with what is known of how it came about.

    `uid` is its experiment's own, `about` what people should know of it (suite, side, build). `steps` has what was done
    for it by evaluator, its task under "". `program` is when its program's own spans begin and end, in seconds since
    1970, None where there are none; `seen` says that they tell of its calls of models.
    """

    uid: str
    run: RunRecord
    input: Json
    about: Mapping[str, Json] = field(default_factory=dict)
    steps: Mapping[str, Step] = field(default_factory=dict)
    program: tuple[float, float] | None = None
    seen: bool = False
    withhold: bool = False


def spans_of_run(measured: Measured) -> list[SpanOut]:
    """Return the spans of a run and of its evaluations; none of one that has no trace."""
    trace_id = read_trace_id(measured.run.outcome.trace_id)
    if trace_id is None:
        return []
    spans = _task(measured, trace_id)
    ended = spans[0].end
    for evaluation in measured.run.evaluations:
        spans += _evaluation(measured, evaluation, evaluation_trace_id(trace_id, measured.uid, evaluation.name), ended)
    return spans


def _task(measured: Measured, trace_id: str) -> list[SpanOut]:
    run, outcome = measured.run, measured.run.outcome
    step = measured.steps.get("")
    calls = () if step is None else step.calls
    start, end = _interval(measured, step)
    said: dict[str, Json] = {"example": run.example_id, "sample": run.sample, **measured.about}
    top = SpanOut(
        trace_id=trace_id,
        span_id=span_id(trace_id),
        parent=None,
        name="task",
        start=start,
        end=end,
        attributes={
            "openinference.span.kind": "CHAIN",
            **_content("input", measured.input, withhold=measured.withhold),
            **({} if outcome.failure else _content("output", outcome.output, withhold=measured.withhold)),
            "metadata": json.dumps(said),
        },
        error=_error(outcome.failure, withhold=measured.withhold),
    )
    if measured.seen:
        return [top]
    return [top, *(_calls(calls, top, measured.withhold) or _counted(measured, top))]


def _interval(measured: Measured, step: Step | None) -> tuple[float, float]:
    """Return when the task began and ended: as long as was recorded, and around all that is known to lie within."""
    run = measured.run
    latency = run.outcome.latency
    within = [(call.started, call.started + call.seconds) for call in (step.calls if step is not None else ())]
    within += [measured.program] if measured.program is not None else []
    began = _seconds(run.started_at) if step is None else step.started
    if not within:
        return began, began + latency
    last = max(end for _, end in within)
    start = min(*(first for first, _ in within), max(began, last - latency))
    return start, max(last, start + latency)


def _evaluation(measured: Measured, evaluation: Evaluation, trace_id: str, ended: float) -> list[SpanOut]:
    step = measured.steps.get(evaluation.name) or Step(started=ended, ended=ended)
    result = {"score": evaluation.score, "label": evaluation.label, "explanation": evaluation.explanation}
    looked_at: dict[str, Json] = {"input": measured.input, "output": measured.run.outcome.output}
    said: dict[str, Json] = {"example": measured.run.example_id, "sample": measured.run.sample, **measured.about}
    top = SpanOut(
        trace_id=trace_id,
        span_id=span_id(trace_id),
        parent=None,
        name=evaluation.name,
        start=step.started,
        end=step.ended,
        attributes={
            "openinference.span.kind": "EVALUATOR",
            **_content("input", looked_at, withhold=measured.withhold),
            **({} if evaluation.failure else _content("output", result, withhold=measured.withhold)),
            "metadata": json.dumps(said),
        },
        error=_error(evaluation.failure, withhold=measured.withhold),
    )
    return [top, *_calls(step.calls, top, measured.withhold)]


def _calls(calls: Sequence[ModelCall], under: SpanOut, withhold: bool) -> list[SpanOut]:  # noqa: FBT001
    return [
        SpanOut(
            trace_id=under.trace_id,
            span_id=span_id(under.trace_id, "call", str(number)),
            parent=under.span_id,
            name=call.model or call.endpoint,
            start=call.started,
            end=call.started + call.seconds,
            attributes=_shortened(call_attributes(call, withhold=withhold)),
        )
        for number, call in enumerate(calls)
    ]


def _counted(measured: Measured, under: SpanOut) -> list[SpanOut]:
    """Return a span for each model that a run is known to have used, where nothing is known of single calls."""
    outcome = measured.run.outcome
    used = [part for part in outcome.usage or () if part.calls]
    spoken = outcome.messages if len(used) == 1 and not measured.withhold else None
    return [
        SpanOut(
            trace_id=under.trace_id,
            span_id=span_id(under.trace_id, "usage", str(number)),
            parent=under.span_id,
            name=part.model,
            start=under.start,
            end=under.end,
            attributes=_shortened({**usage_attributes(part), **message_attributes(spoken)}),
        )
        for number, part in enumerate(used)
    ]


def _content(place: str, value: Json, *, withhold: bool) -> Flat:
    if withhold:
        hidden = json.dumps({"sha256": content_hash(value), "length": len(canonical_json(value))})
        return {f"{place}.value": hidden, f"{place}.mime_type": "application/json"}
    if isinstance(value, str):
        return {f"{place}.value": _short(value), f"{place}.mime_type": "text/plain"}
    return {f"{place}.value": _short(json.dumps(value, ensure_ascii=False)), f"{place}.mime_type": "application/json"}


def _shortened(attributes: Flat) -> Flat:
    return {name: _short(value) if isinstance(value, str) else value for name, value in attributes.items()}


def _short(text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… ({len(text) - LONGEST_TEXT} more characters)"


def _error(failure: Failure | None, *, withhold: bool) -> str | None:
    if failure is None:
        return None
    return f"{failure.type} (the message is withheld)" if withhold else _short(f"{failure.type}: {failure.message}")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
