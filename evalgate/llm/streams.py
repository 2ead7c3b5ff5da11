"""Streamed answers, when they have arrived whole: server-sent events, and AWS's binary event streams."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Final

from evalgate.records import Json, JsonObject

EVENT_STREAM: Final = "text/event-stream"
AWS_EVENT_STREAM: Final = "application/vnd.amazon.eventstream"

_PRELUDE: Final = 12
_CHECKSUM: Final = 4
_SIZES: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; 6 and 7, bytes and text, say their own length."""
_TEXT: Final = 7


def is_stream(content_type: str) -> bool:
    """Return whether a response's content type is that of a stream."""
    return content_type.startswith((EVENT_STREAM, AWS_EVENT_STREAM))


def events(body: bytes, content_type: str = EVENT_STREAM) -> Iterator[JsonObject]:
    """Yield the JSON objects that a stream carries; what is none, or cut off, is left out.

    One of AWS's has its type beside it, which becomes a key `:event-type` or `:exception-type` of the object.
    """
    if content_type.startswith(AWS_EVENT_STREAM):
        yield from _aws_events(body)
        return
    for line in body.splitlines():
        if line.startswith(b"data:") and (event := _object(line[5:])) is not None:
            yield event


def _aws_events(body: bytes) -> Iterator[JsonObject]:
    for headers, payload in _frames(body):
        event = _object(payload)
        if event is None:
            continue
        inner = event.get("bytes")
        if isinstance(inner, str):  # InvokeModel: the model's own event, in base64
            try:
                event = _object(base64.b64decode(inner)) or {}
            except ValueError:  # no base64
                continue
        yield {**event, **{name: headers[name] for name in (":event-type", ":exception-type") if name in headers}}


def _frames(body: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """Yield (headers that are text, payload) of every whole frame."""
    at = 0
    while at + _PRELUDE + _CHECKSUM <= len(body):
        length, of_headers = struct.unpack_from(">II", body, at)
        payload_at = at + _PRELUDE + of_headers
        payload_end = at + length - _CHECKSUM
        if payload_end + _CHECKSUM > len(body) or payload_at > payload_end:
            return
        try:
            headers = _headers(body[at + _PRELUDE : payload_at])
        except (struct.error, KeyError, IndexError):
            return
        yield headers, body[payload_at:payload_end]
        at += length


def _headers(block: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(block):
        name = block[at + 1 : at + 1 + block[at]].decode("utf-8", "replace")
        at += 1 + block[at]
        kind = block[at]
        at += 1
        if kind in _SIZES:
            at += _SIZES[kind]
            continue
        (length,) = struct.unpack_from(">H", block, at)
        value = block[at + 2 : at + 2 + length]
        at += 2 + length
        if kind == _TEXT:
            found[name] = value.decode("utf-8", "replace")
    return found


def _object(text: bytes) -> Mapping[str, Json] | None:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None
