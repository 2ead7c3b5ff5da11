"""Labels written to spans in Phoenix as annotations of a model: written twice, each is there once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.records import Json, JsonObject

IDENTIFIER: Final = "evalgate"
"""Of one name, a span has one annotation by each identifier."""
_AT_ONCE: Final = 100
_NOT_FOUND: Final = 404
_ABSENT: Final = "do not exist"
"""What a server says of spans that it does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanLabel:
    """What a model said of a span, under `name`."""

    span: str
    name: str
    label: str
    explanation: str
    metadata: JsonObject


async def annotate_spans(connection: Connection, labels: Sequence[SpanLabel]) -> int:
    """Write labels to their spans, in the place of those that were written before; return how many spans are gone.

    Raises PhoenixError.
    """
    gone = 0
    for first in range(0, len(labels), _AT_ONCE):
        gone += await _annotate(connection, labels[first : first + _AT_ONCE])
    return gone


async def _annotate(connection: Connection, labels: Sequence[SpanLabel]) -> int:
    """Write them at once: a server takes all or none, so that where a span is gone its half is tried by itself."""
    data: list[Json] = [_written(each) for each in labels]
    doing = "labels could not be written to spans"
    try:
        await connection.rest("POST", "v1/span_annotations", doing=doing, query={"sync": "true"}, body={"data": data})
    except PhoenixError as error:
        if error.status != _NOT_FOUND or _ABSENT not in error.message:
            raise
        if len(labels) == 1:
            return 1
        half = len(labels) // 2
        return await _annotate(connection, labels[:half]) + await _annotate(connection, labels[half:])
    return 0


def _written(label: SpanLabel) -> JsonObject:
    return {
        "span_id": label.span,
        "name": label.name,
        "annotator_kind": "LLM",
        "identifier": IDENTIFIER,
        "result": {"label": label.label, "explanation": label.explanation},
        "metadata": label.metadata,
    }
