"""How mirrored runs came about, sent to their experiment's project: spans of evalgate's own and of their programs.

All of them when the build has ended: what a program sends may come after its answer was recorded and mirrored.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from evalgate.gate.mirror.records import run_record
from evalgate.gate.mirror.target import Target
from evalgate.journal.store import Journal
from evalgate.phoenix.experiments.records import RunRecord
from evalgate.phoenix.spans.sending import send
from evalgate.phoenix.spans.tree import Measured, SpanOut, spans_of_run
from evalgate.records import Json
from evalgate.trace_ids import read_trace_id
from evalgate.traces.conventions import LLM, kind_of
from evalgate.traces.otlp import PROTOBUF, BodyError, request_of, spans_of
from evalgate.traces.span import Span
from evalgate.traces.store import FILE, TraceStore, kept_of

_AT_ONCE = 64
"""Runs whose spans are held at once."""


class RunTraces:
    """Sends the traces of runs. `store` is open where the build goes on, and then has what is not in its file yet."""

    def __init__(self, journal: Journal, store: TraceStore | None = None) -> None:
        self._journal, self._store = journal, store
        self._path = journal.path.with_name(FILE) if store is None else store.path

    async def send(self, target: Target) -> int:
        """Send all that is known of an experiment's runs, again if need be: it is there once. Returns how many spans.

        Raises PhoenixError.
        """
        if target.remote.project is None:
            return 0
        if self._store is not None:
            self._store.flush()
        runs = (run_record(run) for run in self._journal.recorded_runs(target.row.id))
        sent = 0
        while some := list(islice(runs, _AT_ONCE)):
            spans, received = self._known(target, some)
            withhold = target.mirror.withheld
            sent += await send(target.connection, target.remote.project, spans, received, withhold=withhold)
        return sent

    def _known(self, target: Target, runs: list[RunRecord]) -> tuple[list[SpanOut], list[bytes]]:
        spans: list[SpanOut] = []
        received: list[bytes] = []
        for measured, bodies in filter(None, (self._measured(target, run) for run in runs)):
            spans += spans_of_run(measured)
            received += bodies
        return spans, received

    def _measured(self, target: Target, run: RunRecord) -> tuple[Measured, tuple[bytes, ...]] | None:
        trace_id = read_trace_id(run.outcome.trace_id)
        if trace_id is None:
            return None
        kept = kept_of(self._path, trace_id, target.row.id)
        example = self._journal.example(target.row.build, target.row.suite, run.example_id)
        received = {body: found for body in kept.received if (found := _spans(body)) is not None}
        sent = [span for found in received.values() for span in found]
        measured = Measured(
            uid=target.mirror.uid,
            run=run,
            input=None if example is None else example.input,
            about=_about(target),
            steps=kept.steps,
            program=(min(span.start for span in sent), max(span.end for span in sent)) if sent else None,
            seen=any(kind_of(span) == LLM for span in sent),
            withhold=target.mirror.withheld,
        )
        return measured, tuple(received)


def _spans(body: bytes) -> list[Span] | None:
    """Return what a kept request has; None of one that another hand has damaged."""
    try:
        return spans_of(request_of(body, PROTOBUF))
    except BodyError:
        return None


def _about(target: Target) -> Mapping[str, Json]:
    return {"suite": target.row.suite, "side": target.row.side.value, "build": target.row.build}
