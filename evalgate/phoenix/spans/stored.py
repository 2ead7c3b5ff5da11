"""Spans as a Phoenix server gives them by REST: one record, and the pages that hold them, bounded in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.phoenix.annotations.spans import Project
from evalgate.phoenix.answers import Answer, Page, pages, read_answer
from evalgate.phoenix.connection import Connection, LargeAnswerError

_SPANS: Final = 1000
"""Spans of one page, the most that a server gives."""
_TRACES: Final = 50
"""Traces that are asked for at once: their ids stand in an address."""
_FEWEST: Final = 8
"""By so many times fewer spans are asked for where a page was too large."""
_LARGE: Final = 32 * 1024**2
"""Bytes of one page of several spans."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSpan:
    """A span as the server has it. Times are in ISO 8601; `attributes` are flat, by OpenInference's names."""

    trace_id: str
    span_id: str
    parent: str | None
    name: str
    start: str
    end: str
    attributes: Mapping[str, Any]
    status: str = "UNSET"

    @property
    def kind(self) -> str:
        """Return what the span is about, in capitals: LLM, CHAIN … or UNKNOWN."""
        return str(self.attributes.get("openinference.span.kind") or "UNKNOWN").upper()


class _Context(Answer):
    trace_id: str
    span_id: str


class _Stored(Answer):
    name: str
    context: _Context
    span_kind: str
    parent_id: str | None = None
    start_time: str
    end_time: str
    status_code: str = "UNSET"
    attributes: dict[str, Any]


class _StoredSpans(Page):
    data: tuple[_Stored, ...]

    def things(self) -> Iterator[str]:
        """Yield the spans' ids: the rest of them may be large."""
        return (each.context.span_id for each in self.data)


async def spans_of(connection: Connection, project: Project, traces: Sequence[str]) -> AsyncIterator[StoredSpan]:
    """Yield every span of some traces of a project, page by page. Raises PhoenixError."""
    doing = _doing(project)
    for first in range(0, len(traces), _TRACES):
        query = {"trace_id": list(traces[first : first + _TRACES]), "limit": _SPANS}
        async for page in pages(_StoredSpans, connection, _path(project), doing=doing, query=query):
            for each in page.data:
                yield _stored(each)


async def page_of(
    connection: Connection, project: Project, query: Mapping[str, Any], *, cursor: str | None, limit: int
) -> tuple[list[StoredSpan], str | None, int]:
    """Return the spans of one page, the cursor of the next one (None after the last), and how many to ask for then.

    Where spans are so large that a page of them would fill the memory, fewer are asked for. Raises PhoenixError.
    """
    doing = _doing(project)
    while True:
        asked = {**query, "limit": limit, **({} if cursor is None else {"cursor": cursor})}
        largest = _LARGE if limit > 1 else None
        try:
            answer = await connection.rest("GET", _path(project), doing=doing, query=asked, largest=largest)
        except LargeAnswerError:
            if limit == 1:
                raise
            limit = max(1, limit // _FEWEST)
            continue
        page = read_answer(_StoredSpans, answer, connection, doing=doing)
        spans = [_stored(each) for each in page.data]
        size = sum(len(value) for span in spans for value in span.attributes.values() if isinstance(value, str))
        following = min(_SPANS, limit * 2) if size < _LARGE // 8 else max(1, limit // 2)
        return spans, page.next_cursor or None, following


def _path(project: Project) -> str:
    return f"v1/projects/{project.id}/spans"


def _doing(project: Project) -> str:
    return f"the spans of {printable(project.name)} could not be read"


def _stored(span: _Stored) -> StoredSpan:
    return StoredSpan(
        trace_id=span.context.trace_id,
        span_id=span.context.span_id,
        parent=span.parent_id or None,
        name=span.name,
        start=span.start_time,
        end=span.end_time,
        status=span.status_code,
        attributes={"openinference.span.kind": span.span_kind, **span.attributes},
    )
