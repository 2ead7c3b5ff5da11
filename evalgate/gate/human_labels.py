"""What people said of answers in Phoenix as the labelled answers that a judge is held to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.errors import DatasetError
from evalgate.gate.prepared import PreparedSuite
from evalgate.golden.labelled import Labelled
from evalgate.phoenix.annotations.runs import AnnotatedRun, annotated_runs
from evalgate.phoenix.annotations.spans import (
    HUMAN,
    AnnotatedSpan,
    Said,
    annotated_spans,
    find_project,
)
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.reading import find_dataset, find_version, read_version
from evalgate.phoenix.experiments.sound import moment
from evalgate.phoenix.spans.stored import StoredSpan, spans_of
from evalgate.records import Example, Json, TaskOutcome
from evalgate.traces.conventions import read_json
from evalgate.traces.reading import filled
from evalgate.traces.span import Span

_NAMED: Final = 5
_AT_ONCE: Final = 500
"""Annotated spans whose traces are read together: they may be large."""


@dataclass(slots=True)
class Gathered:
    """Labelled answers from one or more places, and what was found there and is none."""

    name: str
    """What the annotations are called."""
    scores: Mapping[str, float]
    """The judge's, by its labels."""
    answers: list[Labelled] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    """Annotations of this name that are not people's, by their kind."""
    names: set[str] = field(default_factory=set)
    """Of all annotations that are there."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Labels that the judge does not give."""
    silent: int = 0
    """Annotations with neither label nor score."""
    unanswered: int = 0
    """Annotated runs and spans that have no answer."""
    inside: int = 0
    """Annotated spans that are not of the whole answer."""

    def labels(self, said: Sequence[Said]) -> tuple[str, ...]:
        """Return what people said, one label of each, in the order of their names; of two of one, the later."""
        by: dict[str, tuple[datetime, str]] = {}
        for each in said:
            if each.kind != HUMAN:
                self.kinds[each.kind] += 1
                continue
            label = self._label(each)
            if label is None:
                continue
            at = _moment(each.at)
            if each.by not in by or by[each.by][0] <= at:
                by[each.by] = (at, label)
        return tuple(label for _, (_, label) in sorted(by.items()))

    def _label(self, said: Said) -> str | None:
        """Return the judge's label that is meant: the one that is said, or the only one of that score."""
        if said.label is not None:
            if said.label in self.scores:
                return said.label
            self.unknown[said.label] += 1
            return None
        if said.score is None:
            self.silent += 1
            return None
        meant = [label for label, score in self.scores.items() if score == said.score]
        if len(meant) == 1:
            return meant[0]
        self.unknown[f"{said.score:g}"] += 1
        return None

    def notes(self) -> Iterator[str]:
        """Yield what is left out, in sentences."""
        if self.silent:
            yield f"{self.silent:,} annotations have neither a label nor a score: they are left out."
        if self.unanswered:
            yield f"{self.unanswered:,} annotated runs or spans have no answer: they are left out."
        if self.inside:
            yield (
                f"{self.inside:,} annotated spans are steps within a run, and not its whole answer: they are left out."
            )

    def require_some(self, places: str) -> None:
        """Raise DatasetError where there is no label, or one that the judge does not give."""
        shown, name = printable(places), printable(self.name)
        if self.unknown:
            listed = _listed(self.unknown)
            raise DatasetError(
                f"people's annotations `{name}` on {shown} say what the judge never says: {listed};"
                f" it says {', '.join(self.scores)}",
                next_step="annotate with the judge's labels, or give the judge those labels in a prompt of its own",
            )
        if self.answers:
            return
        if self.kinds:
            found = " and ".join(f"{count:,} of kind {printable(kind)}" for kind, count in sorted(self.kinds.items()))
            why = f"what {shown} has of annotations `{name}` is not people's: {found}"
        else:
            others = sorted(printable(each) for each in self.names)
            there = f"; there are {', '.join(others[:20])}" if others else ", and no others"
            why = f"{shown} has no annotations `{name}`{there}"
        raise DatasetError(why, next_step="annotate answers in Phoenix, fifty or more, or name other --annotations")


async def add_experiment(connection: Connection, experiment: str, gathered: Gathered, suite: PreparedSuite) -> None:
    """Add the annotated runs of an experiment.

    Raises DatasetError for one that cannot be used, or whose examples are all unknown to the suite; PhoenixError.
    """
    found = await annotated_runs(connection, experiment, gathered.name)
    ran_on = {run.example.id for run in found.runs}
    known = {example.id: example for example in suite.examples() if example.id in ran_on}
    if ran_on and not known:
        raise DatasetError(
            f"the experiment {found.id} is of another dataset, {printable(found.dataset)}: the suite {suite.name} has"
            " none of its examples",
            next_step="name an experiment of the suite, or the suite of the experiment: --suite NAME",
        )
    if not suite.suite.dataset.fields:
        known = {}  # what people saw, which may have been edited since
    gathered.names |= found.names
    gathered.unanswered += found.failed
    gathered.inside += found.inside
    for run in found.runs:
        labels = gathered.labels(run.said)
        if labels:
            gathered.answers.append(_of_run(experiment, run, labels, known.get(run.example.id or "")))


async def add_project(connection: Connection, project: str, gathered: Gathered, suite: PreparedSuite) -> None:
    """Add the annotated spans of a project, with the golden example that was made from a span where there is one.

    Raises DatasetError where there is no such project; PhoenixError.
    """
    found = await find_project(connection, project)
    gathered.names |= set(found.annotations)
    labelled: list[tuple[AnnotatedSpan, tuple[str, ...]]] = []
    async for span in annotated_spans(connection, found, gathered.name):
        labels = gathered.labels(span.said)
        if labels:
            labelled.append((span, labels))
    examples = await _made_from(connection, suite, {span.span_id for span, _ in labelled})
    for first in range(0, len(labelled), _AT_ONCE):
        batch = labelled[first : first + _AT_ONCE]
        traces: defaultdict[str, list[StoredSpan]] = defaultdict(list)
        async for stored in spans_of(connection, found, list(dict.fromkeys(span.trace_id for span, _ in batch))):
            traces[stored.trace_id].append(stored)
        for span, labels in batch:
            answer = _of_span(span, labels, traces[span.trace_id], examples.get(span.span_id))
            if answer is None:
                gathered.unanswered += 1
            else:
                gathered.answers.append(answer)


async def _made_from(connection: Connection, suite: PreparedSuite, spans: AbstractSet[str]) -> Mapping[str, Example]:
    """Return the suite's examples that were made from spans, by the span: it is in the id, or Phoenix knows it."""
    ref = suite.suite.dataset
    span_of = {f"span:{span}": span for span in spans}
    if spans and ref.phoenix is not None and ref.server == connection.address.name:
        dataset = await find_dataset(connection, ref.phoenix)
        version = await find_version(connection, dataset, ref.version)
        stored = await read_version(connection, dataset, version)
        span_of |= {each.id: each.span_id for each in stored if each.id and each.span_id and each.span_id in spans}
    return {span_of[example.id]: example for example in suite.examples() if example.id in span_of}


def _of_run(experiment: str, run: AnnotatedRun, labels: tuple[str, ...], known: Example | None) -> Labelled:
    stored = run.example
    example_id = stored.id or stored.node_id
    example = known or Example(
        id=example_id, input=dict(stored.input), output=dict(stored.output) or None, metadata=dict(stored.metadata)
    )
    return Labelled(
        id=f"{example_id}:{experiment}:{run.repetition}", example=example, outcome=run.outcome, labels=labels
    )


def _of_span(
    span: AnnotatedSpan, labels: tuple[str, ...], trace: Sequence[StoredSpan], known: Example | None
) -> Labelled | None:
    """Return a span as a labelled answer; None where it says no answer, or is gone."""
    below = _below(span.span_id, trace)
    own = next((each for each in below if each.span_id == span.span_id), None)
    if own is None or own.attributes.get("output.value") is None:
        return None
    outcome = filled(TaskOutcome(output=_value(own.attributes, "output")), [_span(each) for each in below])
    identity = f"span:{span.span_id}"
    example = known or Example(id=identity, input=_input(_value(own.attributes, "input")))
    return Labelled(id=identity, example=example, outcome=outcome, labels=labels)


def _below(span_id: str, trace: Sequence[StoredSpan]) -> list[StoredSpan]:
    """Return a span and all that are below it."""
    children: defaultdict[str | None, list[StoredSpan]] = defaultdict(list)
    for each in trace:
        children[each.parent].append(each)
    found = [each for each in trace if each.span_id == span_id]
    seen = {span_id}
    for each in found:  # it grows
        new = [child for child in children[each.span_id] if child.span_id not in seen]
        seen |= {child.span_id for child in new}
        found += new
    return found


def _value(attributes: Mapping[str, Any], place: str) -> Json:
    """Return what a span took or gave: its text, or what that says in JSON where the span says that it is JSON."""
    text = attributes.get(f"{place}.value")
    if attributes.get(f"{place}.mime_type") == "application/json":
        found: Json = read_json(text, otherwise=text)
        return found
    return text


def _input(value: Json) -> dict[str, Json]:
    """Return a span's input as an example's, as Phoenix itself does where a span is added to a dataset."""
    if isinstance(value, dict):
        return value
    return {} if value is None else {"input": value}


def _span(stored: StoredSpan) -> Span:
    return Span(
        trace_id=stored.trace_id,
        span_id=stored.span_id,
        parent=stored.parent or "",
        name=stored.name,
        start=_moment(stored.start).timestamp(),
        end=_moment(stored.end).timestamp(),
        attributes=stored.attributes,
    )


def _moment(text: str) -> datetime:
    """Return when something was, as a server writes it; what it cannot have written is long ago."""
    try:
        return moment(text)
    except ValueError:
        return _LONG_AGO


def _listed(counted: Counter[str]) -> str:
    most = [f"{printable(repr(label[:60]))} ({count:,})" for label, count in counted.most_common(_NAMED)]
    return ", ".join(most) + (", …" if len(counted) > _NAMED else "")


_LONG_AGO: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
