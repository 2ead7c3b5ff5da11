"""OTLP requests as programs send them, built by the messages' own classes."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "1bf7651916cd43dd8448eb211c80319d"


def value(given: Any) -> AnyValue:
    """What a Python value is in OTLP."""
    if isinstance(given, bool):
        return AnyValue(bool_value=given)
    if isinstance(given, int):
        return AnyValue(int_value=given)
    if isinstance(given, float):
        return AnyValue(double_value=given)
    if isinstance(given, list):
        return AnyValue(array_value=ArrayValue(values=[value(each) for each in given]))
    if isinstance(given, dict):
        pairs = [KeyValue(key=key, value=value(each)) for key, each in given.items()]
        return AnyValue(kvlist_value=KeyValueList(values=pairs))
    return AnyValue(string_value=given)


def request(*spans: dict[str, Any], resource: dict[str, Any] | None = None) -> ExportTraceServiceRequest:
    """A request with these spans: `trace`, `id`, `parent`, `name`, `start`, `end` (seconds) and attributes."""
    made = ExportTraceServiceRequest()
    of = made.resource_spans.add()
    for key, each in (resource or {"service.name": "app"}).items():
        of.resource.attributes.add(key=key, value=value(each))
    scope = of.scope_spans.add()
    scope.scope.name = "tests"
    for number, span in enumerate(spans):
        scope.spans.add(
            trace_id=bytes.fromhex(span.get("trace", TRACE)),
            span_id=bytes.fromhex(span.get("id", f"{number + 1:016x}")),
            parent_span_id=bytes.fromhex(span.get("parent", "")),
            name=span.get("name", "span"),
            start_time_unix_nano=int(span.get("start", 100.0) * 1e9),
            end_time_unix_nano=int(span.get("end", 101.0) * 1e9),
            attributes=[KeyValue(key=key, value=value(each)) for key, each in span.get("attributes", {}).items()],
        )
    return made


def body(*spans: dict[str, Any], **more: Any) -> bytes:
    return request(*spans, **more).SerializeToString()
