"""Spans on their way to Phoenix: evalgate's own, and those that programs sent, in OTLP to one experiment's project.

A span is known there by its id: what is sent again changes nothing. Programs' spans stay as they are but for the
project; with `withhold`, what their attributes say is a hash and a length too.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from evalgate.phoenix.connection import Connection
from evalgate.phoenix.spans.tree import SpanOut

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

_PROJECT: Final = "openinference.project.name"
_NANO: Final = 1_000_000_000
_MOST: Final = 512
"""Spans in one request, as exporters have it."""
_LARGEST: Final = 4 * 2**20
"""Bytes of spans in one request, about."""
_ERROR: Final = 2  # of opentelemetry.proto.trace.v1.Status
_PLAIN: Final = (
    *("openinference.span.kind", "gen_ai.operation.name", "gen_ai.system", "gen_ai.provider.name"),
    *("llm.provider", "llm.system", "input.mime_type", "output.mime_type", "session.id"),
)
"""Attributes that say nothing of what was said, beside names of models and roles."""
_PLAIN_ENDS: Final = ("model_name", "request.model", "response.model", "message.role", "finish_reason")


async def send(
    connection: Connection, project: str, spans: Iterable[SpanOut], received: Iterable[bytes] = (), *, withhold: bool
) -> int:
    """Send spans to a project and return how many. `received` are OTLP requests as programs sent them.

    Raises PhoenixError: some may be there then, and all may be sent again.
    """
    sent = 0
    for request, count in _batched(_requests(project, spans, received, withhold=withhold)):
        # At the fast end: a request is read once, on this machine or near it.
        body = gzip.compress(request.SerializeToString(), 1)
        await connection.otlp(body, doing="the traces of runs could not be sent")
        sent += count
    return sent


def _requests(
    project: str, spans: Iterable[SpanOut], received: Iterable[bytes], *, withhold: bool
) -> Iterator[ExportTraceServiceRequest]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for body in received:
        request = ExportTraceServiceRequest.FromString(body)
        for each in request.resource_spans:
            _name_project(each.resource.attributes, project)
            if withhold:
                _withhold(each)
        yield request
    for span in spans:
        yield _own(span, project)


def _batched(requests: Iterable[ExportTraceServiceRequest]) -> Iterator[tuple[ExportTraceServiceRequest, int]]:
    """Yield them joined, each with the number of its spans."""
    joined, count, size = None, 0, 0
    for request in requests:
        more = sum(len(scope.spans) for each in request.resource_spans for scope in each.scope_spans)
        weight = request.ByteSize()
        if joined is not None and (count + more > _MOST or size + weight > _LARGEST):
            yield joined, count
            joined, count, size = None, 0, 0
        if joined is None:
            joined = request
        else:
            joined.MergeFrom(request)
        count, size = count + more, size + weight
    if joined is not None:
        yield joined, count


def _own(span: SpanOut, project: str) -> ExportTraceServiceRequest:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    of = request.resource_spans.add()
    _name_project(of.resource.attributes, project)
    scope = of.scope_spans.add()
    scope.scope.name = "evalgate"
    made = scope.spans.add(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        name=_storable(span.name),
        start_time_unix_nano=int(span.start * _NANO),
        end_time_unix_nano=int(max(span.start, span.end) * _NANO),
    )
    if span.parent is not None:
        made.parent_span_id = bytes.fromhex(span.parent)
    for key, value in span.attributes.items():
        _put(made.attributes.add(key=_storable(key)), value)
    if span.error is not None:
        made.status.code = _ERROR
        made.status.message = _storable(span.error)
    return request


def _put(pair: KeyValue, value: str | float) -> None:
    if isinstance(value, bool):
        pair.value.bool_value = value
    elif isinstance(value, int):
        pair.value.int_value = value
    elif isinstance(value, float):
        pair.value.double_value = value
    else:
        pair.value.string_value = _storable(value)


def _storable(text: str) -> str:
    """Return a text without what protobuf or a database refuses: halves of characters, and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\\x00")


def _name_project(attributes: Any, project: str) -> None:
    for pair in attributes:
        if pair.key == _PROJECT:
            pair.value.string_value = project
            return
    attributes.add(key=_PROJECT).value.string_value = project


def _withhold(resource: Any) -> None:
    for scope in resource.scope_spans:
        for span in scope.spans:
            span.status.message = "" if not span.status.message else "(withheld)"
            for pair in (*span.attributes, *(pair for event in span.events for pair in event.attributes)):
                if not _is_plain(pair.key):
                    _hide(pair)


def _is_plain(key: str) -> bool:
    return key in _PLAIN or key.endswith(_PLAIN_ENDS)


def _hide(pair: KeyValue) -> None:
    """Put a hash and a length in the place of a text; numbers and truth values stay."""
    kind = pair.value.WhichOneof("value")
    if kind not in ("string_value", "bytes_value", "array_value", "kvlist_value"):
        return
    raw = pair.value.string_value.encode() if kind == "string_value" else pair.value.SerializeToString()
    hidden: Mapping[str, Any] = {"sha256": hashlib.sha256(raw).hexdigest(), "length": len(raw)}
    pair.value.Clear()
    pair.value.string_value = json.dumps(hidden)
