"""How mirrored runs came about, sent to their experiment's project: spans of evalgate's own and of their programs."""

from __future__ import annotations

from collections.abc import Mapping

from evalgate.gate.mirror_target import Target
from evalgate.journal.store import Journal
from evalgate.phoenix.mirrored import RunRecord
from evalgate.phoenix.span_tree import Measured, spans_of_run
from evalgate.phoenix.traces import send
from evalgate.records import Json
from evalgate.trace_ids import read_trace_id
from evalgate.traces.conventions import LLM, kind_of
from evalgate.traces.otlp import PROTOBUF, request_of, spans_of
from evalgate.traces.store import FILE, TraceStore, kept_of


class RunTraces:
    """Sends the traces of runs. `store` is open where the build goes on, and then has what is not in its file yet."""

    def __init__(self, journal: Journal, store: TraceStore | None = None) -> None:
        self._journal, self._store = journal, store
        self._path = journal.path.with_name(FILE) if store is None else store.path

    async def send(self, target: Target, run: RunRecord) -> int:
        """Send all that is known of a run, once more if need be: it is there once. Returns how many spans.

        Raises PhoenixError.
        """
        measured, received = self._measured(target, run)
        if measured is None or target.remote.project is None:
            return 0
        spans = spans_of_run(measured)
        return await send(target.connection, target.remote.project, spans, received, withhold=measured.withhold)

    def _measured(self, target: Target, run: RunRecord) -> tuple[Measured | None, tuple[bytes, ...]]:
        trace_id = read_trace_id(run.outcome.trace_id)
        if trace_id is None:
            return None, ()
        if self._store is not None:
            self._store.flush()
        kept = kept_of(self._path, trace_id, target.row.id)
        example = self._journal.example(target.row.build, target.row.suite, run.example_id)
        sent = [span for body in kept.received for span in spans_of(request_of(body, PROTOBUF))]
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
        return measured, kept.received


def _about(target: Target) -> Mapping[str, Json]:
    return {"suite": target.row.suite, "side": target.row.side.value, "build": target.row.build}
