"""Bodies of OTLP, whole, packed, broken and hostile."""

import gzip
import json
import zlib

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from evalgate.traces.otlp import (
    LARGEST_UNPACKED,
    PROTOBUF,
    BodyError,
    portions,
    request_of,
    spans_of,
    unpacked,
)
from tests.unit.traces.otlp_bodies import OTHER, TRACE, body, request

JSON = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "app"}}]},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": TRACE.upper(),
                            "spanId": "00f067aa0ba902b7",
                            "parentSpanId": "00f067aa0ba902b8",
                            "name": "chat",
                            "kind": 3,
                            "startTimeUnixNano": "1500000000000000000",
                            "endTimeUnixNano": 1500000001000000000,
                            "attributes": [
                                {"key": "n", "value": {"intValue": "7"}},
                                {"key": "t", "value": {"stringValue": "text"}},
                                {"key": "l", "value": {"arrayValue": {"values": [{"boolValue": True}]}}},
                            ],
                            "links": [{"traceId": OTHER, "spanId": "00f067aa0ba902b7"}],
                            "aFieldOfALaterVersion": 1,
                        }
                    ]
                }
            ],
        }
    ]
}


def test_protobuf_and_json_say_the_same():
    """Ids are in hexadecimal in OTLP's JSON, numbers may be texts."""
    (span,) = spans_of(request_of(json.dumps(JSON).encode(), "application/json; charset=utf-8"))
    assert (span.trace_id, span.span_id, span.parent) == (TRACE, "00f067aa0ba902b7", "00f067aa0ba902b8")
    assert (span.name, span.start, span.end) == ("chat", 1.5e9, 1.5e9 + 1)
    assert span.attributes == {"n": 7, "t": "text", "l": [True]}
    again = {"id": span.span_id, "parent": span.parent, "name": "chat", "start": 1.5e9, "end": 1.5e9 + 1}
    written = body({**again, "attributes": dict(span.attributes)})
    assert spans_of(request_of(written, PROTOBUF)) == [span]


@pytest.mark.parametrize("packing", ["gzip", "GZIP", "deflate", "", "identity"])
def test_packings(packing):
    packed = {"g": gzip.compress, "d": zlib.compress}.get(packing.lower()[:1], bytes)(b"a body")
    assert unpacked(packed, packing) == b"a body"


@pytest.mark.parametrize(
    ("sent", "packing", "status"),
    [
        (b"no gzip", "gzip", 400),
        (gzip.compress(b"a body", mtime=0)[:-9], "gzip", 400),
        (b"", "gzip", 400),
        (b"a body", "br", 415),
        (gzip.compress(bytes(LARGEST_UNPACKED + 1), mtime=0), "gzip", 413),
    ],
)
def test_what_cannot_be_unpacked_is_refused_a_bomb_too(sent, packing, status):
    with pytest.raises(BodyError) as refused:
        unpacked(sent, packing)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("sent", "kind", "status"),
    [
        (b"\xff\xff\xff", PROTOBUF, 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"resourceSpans": 1}', "application/json", 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}', "application/json", 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "\\ud800"}]}]}]}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
    ],
)
def test_a_broken_body_is_refused(sent, kind, status):
    with pytest.raises(BodyError) as refused:
        request_of(sent, kind)
    assert refused.value.status == status


def test_nested_without_an_end_is_refused_or_cut():
    """An AnyValue that contains itself a thousand times: protobuf's own bound, and ours below it."""
    deep = {"k": 1}
    for _ in range(24):
        deep = {"k": deep}
    (span,) = spans_of(request_of(body({"attributes": {"deep": deep}}), PROTOBUF))
    depth, found = 0, span.attributes["deep"]
    while isinstance(found, dict):
        depth, found = depth + 1, found["k"]
    assert (depth, found) == (16, None)


def field(number, content):
    length, size = len(content), bytearray()
    while length >= 0x80:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *size, length]) + content


SPANS = field(1, field(2, b"\x12\x00" * 1_100_000))
ATTRIBUTES = field(1, field(2, field(2, b"\x4a\x00" * 1_100_000)))
VALUES = field(1, field(2, field(2, field(9, field(2, field(5, b"\x0a\x00" * 1_100_000))))))


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"\x0a\x00" * 1_100_000, PROTOBUF),
        (SPANS, PROTOBUF),
        (ATTRIBUTES, PROTOBUF),
        (VALUES, PROTOBUF),
        (field(1, b"\x50\x00" * 4_100_000), PROTOBUF),
        (b'{"resourceSpans": [' + b"{}," * 1_100_000 + b"{}]}", "application/json"),
    ],
)
def test_what_is_little_to_send_and_much_to_hold_is_refused_unread(sent, kind):
    assert len(gzip.compress(sent)) < 20_000
    with pytest.raises(BodyError, match="too many parts") as caught:
        request_of(sent, kind)
    assert caught.value.status == 413


def test_a_large_body_of_few_parts_is_taken_and_a_broken_one_is_no_protobuf():
    spans = [{"id": f"{number + 1:016x}", "attributes": {"text": "{[," * 10_000}} for number in range(100)]
    large = request(*spans).SerializeToString()
    assert len(large) > 2**21
    assert len(spans_of(request_of(large, PROTOBUF))) == 100
    with pytest.raises(BodyError, match="no OTLP protobuf"):
        request_of(large[:-1], PROTOBUF)


def test_ids_that_are_none_numbers_that_are_none_and_long_texts():
    sent = request({"attributes": {"nan": float("nan"), "long": "x" * (2**20 + 5)}}, {"trace": "00"}, {"id": "00"})
    (span,) = spans_of(sent)
    assert span.attributes["nan"] is None
    assert len(span.attributes["long"]) == 2**20


def test_portions_are_as_they_came():
    sent = request({}, {"name": "b", "attributes": {"k": "v"}}, {"name": "c"}, resource={"service.name": "app", "n": 1})
    first, second, third = (span.span_id.hex() for span in sent.resource_spans[0].scope_spans[0].spans)
    parts = portions(sent, {first: "one", second: "two", third: "one"})
    assert {*parts} == {"one", "two"}
    one = ExportTraceServiceRequest.FromString(parts["one"])
    assert one.resource_spans[0].resource == sent.resource_spans[0].resource
    assert one.resource_spans[0].scope_spans[0].scope.name == "tests"
    spans = sent.resource_spans[0].scope_spans[0].spans
    assert [*one.resource_spans[0].scope_spans[0].spans] == [spans[0], spans[2]]
    assert portions(sent, {}) == {}
