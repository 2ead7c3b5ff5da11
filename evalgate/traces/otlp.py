"""OTLP over HTTP, as programs send it: a body becomes protobuf, and its spans become ours. All of it is hostile.

What a body may weigh is bounded before it is unpacked, and what of a span is read after.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from evalgate.traces.span import Span

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

LARGEST_BODY: Final = 16 * 2**20
"""Bytes as they are sent."""
LARGEST_UNPACKED: Final = 64 * 2**20
"""Bytes that they may become."""
_SMALL: Final = 2**20
"""Bytes of a body that need no counting."""
_MOST_PARTS: Final = 1_000_000
"""Messages within a body: an empty one is two bytes there, and a hundred here."""
_MOST_FIELDS: Final = 4 * _MOST_PARTS
_ATTRIBUTE: Final[dict[int, Any]] = {}
_VALUE: Final[dict[int, Any]] = {5: {}, 6: {1: _ATTRIBUTE}}
_VALUE[5][1] = _VALUE
_ATTRIBUTE[2] = _VALUE
_SPAN: Final = {9: _ATTRIBUTE, 11: {3: _ATTRIBUTE}, 13: {4: _ATTRIBUTE}}
_REQUEST: Final[dict[int, Any]] = {1: {1: {1: _ATTRIBUTE}, 2: {1: {3: _ATTRIBUTE}, 2: _SPAN}}}
"""Which fields of a request are messages, by their numbers, and which fields of these."""
_MOST_ATTRIBUTES: Final = 8_192
_LONGEST_TEXT: Final = 2**20
_DEEPEST: Final = 16
_NANO: Final = 1e9
_LENGTH: Final = 2
"""The wire type of what says how long it is."""
_WIDEST: Final = 63
PROTOBUF: Final = "application/x-protobuf"
_PACKINGS: Final = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class BodyError(Exception):
    """A body that is not taken; `status` is the HTTP status that says so."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def unpacked(body: bytes, encoding: str) -> bytes:
    """Return what was packed with gzip or deflate, or came plain. Raises BodyError, also for what would be too much."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in _PACKINGS:
        raise BodyError("the content encoding is none of gzip, deflate and identity", status=415)
    unpacking = zlib.decompressobj(_PACKINGS[encoding])
    try:
        plain = unpacking.decompress(body, LARGEST_UNPACKED + 1)
    except zlib.error:
        raise BodyError(f"the body is no {encoding}") from None
    if len(plain) > LARGEST_UNPACKED:
        raise BodyError("the body is too large when it is unpacked", status=413)
    if not unpacking.eof:
        raise BodyError(f"the body is no whole {encoding}")
    return plain


def request_of(body: bytes, content_type: str) -> ExportTraceServiceRequest:
    """Return the request that a plain body says. Raises BodyError."""
    from google.protobuf.json_format import ParseDict, ParseError  # type: ignore[import-untyped]  # it has no stubs
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    kind = content_type.partition(";")[0].strip().lower()
    request = ExportTraceServiceRequest()
    if kind in (PROTOBUF, "application/protobuf"):
        _refuse_crowd(body)
        try:
            request.ParseFromString(body)
        except DecodeError:
            raise BodyError("the body is no OTLP protobuf") from None
        return request
    if kind != "application/json":
        raise BodyError("the content type is neither application/x-protobuf nor application/json", status=415)
    if body.count(b"{") + body.count(b"[") > _MOST_PARTS:
        raise BodyError("the body has too many parts", status=413)
    try:
        document = json.loads(body)
        _hex_to_base64(document)
        ParseDict(document, request, ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError):
        raise BodyError("the body is no OTLP in JSON") from None
    return request


def _refuse_crowd(body: bytes) -> None:
    """Raise BodyError for a protobuf that is little to send and much to hold; one that is broken is left to others."""
    if len(body) <= _SMALL:
        return
    parts = fields = at = 0
    within: list[tuple[int, dict[int, Any]]] = [(len(body), _REQUEST)]
    try:
        while within:
            end, messages = within[-1]
            if at >= end:
                within.pop()
                continue
            fields += 1
            key, at = _number(body, at)
            if key & 7 == _LENGTH:
                length, at = _number(body, at)
                inner = messages.get(key >> 3)
                if inner is None:
                    at += length
                else:
                    parts += 1
                    within.append((min(at + length, end), inner))
            elif key & 7 == 0:
                at = _number(body, at)[1]
            else:
                at += {1: 8, 5: 4}.get(key & 7, 0)
            if parts > _MOST_PARTS or fields > _MOST_FIELDS:
                raise BodyError("the body has too many parts", status=413)
    except IndexError:
        return


def _number(body: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and where it ends. Raises IndexError."""
    found = shift = 0
    while True:
        byte = body[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80 or shift > _WIDEST:
            return found, at
        shift += 7


def _hex_to_base64(document: Any) -> None:
    """Write ids as protobuf's JSON has bytes: OTLP's own has them in hexadecimal."""
    for resource in document.get("resourceSpans", ()):
        for scope in resource.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                for holder in (span, *span.get("links", ())):
                    for name in ("traceId", "spanId", "parentSpanId"):
                        if isinstance(holder.get(name), str):
                            holder[name] = base64.b64encode(bytes.fromhex(holder[name])).decode()


def spans_of(request: ExportTraceServiceRequest) -> list[Span]:
    """Return the spans of a request, without those whose ids are none."""
    return [
        _read(span)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
        if len(span.trace_id) == 16 and len(span.span_id) == 8
    ]


def portions(request: ExportTraceServiceRequest, owners: Mapping[str, str]) -> dict[str, bytes]:
    """Return, by owner, a request with what is that owner's alone, as it came. `owners` are known by span id."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    parts: dict[str, ExportTraceServiceRequest] = {}
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            places: dict[str, Any] = {}
            for span in scope.spans:
                owner = owners.get(span.span_id.hex())
                if owner is None:
                    continue
                if owner not in places:
                    of = parts.setdefault(owner, ExportTraceServiceRequest()).resource_spans.add()
                    of.resource.CopyFrom(resource.resource)
                    of.schema_url = resource.schema_url
                    places[owner] = of.scope_spans.add()
                    places[owner].scope.CopyFrom(scope.scope)
                    places[owner].schema_url = scope.schema_url
                places[owner].spans.append(span)
    return {owner: part.SerializeToString() for owner, part in parts.items()}


def _read(span: ProtoSpan) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name[:_LONGEST_TEXT],
        start=span.start_time_unix_nano / _NANO,
        end=span.end_time_unix_nano / _NANO,
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs: Iterable[KeyValue], depth: int = 0) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        if len(found) >= _MOST_ATTRIBUTES:
            break
        found[pair.key] = _value(pair.value, depth)
    return found


def _value(value: AnyValue, depth: int) -> Any:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value[:_LONGEST_TEXT]
    if kind in ("bool_value", "int_value"):
        return getattr(value, kind)
    if kind == "double_value":
        return value.double_value if math.isfinite(value.double_value) else None
    if kind == "array_value" and depth < _DEEPEST:
        return [_value(each, depth + 1) for each in value.array_value.values[:_MOST_ATTRIBUTES]]
    if kind == "kvlist_value" and depth < _DEEPEST:
        return _attributes(value.kvlist_value.values, depth + 1)
    return None
