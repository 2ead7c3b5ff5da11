"""Spans of a project by what they have to be, page by page, from wherever a reader stopped.

REST gives spans whole and filters by a few things; what is said of them, and conditions, are GraphQL's, which names the
spans that REST then gives. An older server leaves out filters that it does not know, so each is held to once more.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.errors import ConfigurationError
from evalgate.phoenix.annotations.spans import Project
from evalgate.phoenix.answers import Answer, PageInfo, read_answer
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.listing import Listing
from evalgate.phoenix.spans.stored import StoredSpan, page_of

_FIRST: Final = 200
"""Spans of a first page; more where they are small."""
_NAMED: Final = 100
"""Spans that are named at once: their ids stand in an address."""

_VALID: Final = (
    "query ($project: ID!, $that: String!) { node(id: $project) { ... on Project {"
    " validateSpanFilterCondition(condition: $that) { isValid errorMessage } } } }"
)
_MATCHING: Final = (
    "query ($project: ID!, $that: String!, $first: Int!, $after: String, $range: TimeRange) {"
    " node(id: $project) { ... on Project { spans(first: $first, after: $after, filterCondition: $that,"
    " timeRange: $range, sort: {col: startTime, dir: asc}) { edges { node { spanId spanAnnotations {"
    " name label score annotatorKind } } } pageInfo { hasNextPage endCursor } } } } }"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """What one annotation has to be. Scores are inclusive; None asks for nothing."""

    name: str
    label: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    annotator: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """What spans have to be, all of it; of several values of one thing any will do. Times are in ISO 8601."""

    start: str | None = None
    end: str | None = None
    roots: bool = False
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    condition: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """What somebody said of a span."""

    name: str
    label: str | None
    score: float | None
    annotator: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanPage:
    """Some spans, what was said of them where that was asked, and where to go on; `cursor` is None after the last."""

    spans: tuple[StoredSpan, ...]
    said: Mapping[str, tuple[Annotation, ...]] = field(default_factory=dict)
    cursor: str | None


class _Said(Answer):
    name: str
    label: str | None
    score: float | None
    annotatorKind: str  # noqa: N815  # as GraphQL names it


class _Match(Answer):
    spanId: str  # noqa: N815
    spanAnnotations: tuple[_Said, ...]  # noqa: N815


class _Edge(Answer):
    node: _Match


class _Matches(Answer):
    edges: tuple[_Edge, ...]
    pageInfo: PageInfo  # noqa: N815


class _Project(Answer):
    spans: _Matches


class _ProjectNode(Answer):
    node: _Project


class _Validity(Answer):
    isValid: bool  # noqa: N815
    errorMessage: str | None = None  # noqa: N815


class _Validated(Answer):
    validateSpanFilterCondition: _Validity  # noqa: N815


class _ValidatedNode(Answer):
    node: _Validated


async def selected_spans(
    connection: Connection, project: Project, wanted: Selection, *, cursor: str | None = None
) -> AsyncIterator[SpanPage]:
    """Yield the spans of a project that are as wanted, from `cursor` of an earlier page on, in the server's order.

    Raises ConfigurationError for a condition that the server does not understand, PhoenixError.
    """
    if wanted.remarks or wanted.condition:
        if cursor is None and wanted.condition:
            await _check(connection, project, wanted.condition)
        reading = _named(connection, project, wanted, cursor)
    else:
        reading = _listed(connection, project, wanted, cursor)
    async for page in reading:
        yield page


async def _listed(
    connection: Connection, project: Project, wanted: Selection, cursor: str | None
) -> AsyncIterator[SpanPage]:
    listing = Listing(connection, doing=_doing(project), cursor=cursor)
    query, limit = _query(wanted), _FIRST
    while True:
        spans, cursor, limit = await page_of(connection, project, query, cursor=cursor, limit=limit)
        yield SpanPage(spans=tuple(each for each in spans if _is_as(each, wanted)), cursor=cursor)
        cursor = listing.following((each.span_id for each in spans), cursor, more=cursor is not None)
        if cursor is None:
            return


async def _named(
    connection: Connection, project: Project, wanted: Selection, after: str | None
) -> AsyncIterator[SpanPage]:
    doing = f"the spans of {printable(project.name)} could not be selected"
    asked = {
        "project": project.id,
        "that": _condition(wanted),
        "first": _NAMED,
        "range": {key: value for key, value in (("start", wanted.start), ("end", wanted.end)) if value is not None},
    }
    listing = Listing(connection, doing=_doing(project), cursor=after)
    while True:
        answer = await connection.graphql(_MATCHING, doing=doing, variables={**asked, "after": after})
        found = read_answer(_ProjectNode, answer, connection, doing=doing).node.spans
        said = {
            match.spanId: tuple(
                Annotation(name=each.name, label=each.label, score=each.score, annotator=each.annotatorKind)
                for each in match.spanAnnotations
            )
            for match in (edge.node for edge in found.edges)
        }
        meant = [span for span, all_said in said.items() if _is_said(all_said, wanted.remarks)]
        after = found.pageInfo.endCursor if found.pageInfo.hasNextPage else None
        spans = [each async for each in _by_id(connection, project, wanted, meant)]
        yield SpanPage(spans=tuple(spans), said=said, cursor=after)
        after = listing.following(said, after, more=found.pageInfo.hasNextPage)
        if after is None:
            return


async def _by_id(
    connection: Connection, project: Project, wanted: Selection, spans: Sequence[str]
) -> AsyncIterator[StoredSpan]:
    if not spans:
        return
    listing = Listing(connection, doing=_doing(project))
    query, limit, cursor = {**_query(wanted), "span_id": list(spans)}, _NAMED, None
    while True:
        found, cursor, limit = await page_of(connection, project, query, cursor=cursor, limit=limit)
        for each in found:
            if each.span_id in spans and _is_as(each, wanted):
                yield each
        of_these = (each.span_id for each in found if each.span_id in spans)
        cursor = listing.following(of_these, cursor, more=cursor is not None)
        if cursor is None:
            return


async def _check(connection: Connection, project: Project, condition: str) -> None:
    doing = "the condition could not be checked"
    answer = await connection.graphql(_VALID, doing=doing, variables={"project": project.id, "that": condition})
    found = read_answer(_ValidatedNode, answer, connection, doing=doing).node.validateSpanFilterCondition
    if not found.isValid:
        said = printable(" ".join((found.errorMessage or "it says no more").split()))[:300]
        raise ConfigurationError(
            f"{connection.address.shown} does not understand the condition {printable(condition)[:200]!r}: {said}",
            next_step="try it in the filter above the spans of the project in Phoenix, then give it to --where",
        )


def _doing(project: Project) -> str:
    return f"the spans of {printable(project.name)} could not be read"


def _query(wanted: Selection) -> dict[str, Any]:
    """Return what is asked of REST; by `sort` and `order` spans come as they were stored, so that a cursor holds."""
    # A text is written as JSON: 42 would be read as a number.
    attributes = dict(wanted.attributes)
    if len(wanted.sessions) == 1:
        attributes["session.id"] = wanted.sessions[0]
    asked = {
        "sort": "id",
        "order": "asc",
        "start_time": wanted.start,
        "end_time": wanted.end,
        "parent_id": "null" if wanted.roots else None,
        "span_kind": list(wanted.kinds),
        "name": list(wanted.names),
        "status_code": list(wanted.statuses),
        "attribute": [f"{key}:{json.dumps(value, ensure_ascii=False)}" for key, value in attributes.items()],
    }
    return {key: value for key, value in asked.items() if value}


def _condition(wanted: Selection) -> str:
    parts = [f"annotations[{json.dumps(each.name, ensure_ascii=False)}]" for each in wanted.remarks]
    return " and ".join([*parts, *([f"({wanted.condition})"] if wanted.condition else [])])


def _is_as(span: StoredSpan, wanted: Selection) -> bool:
    own = span.attributes
    return (
        not (wanted.roots and span.parent is not None)
        and (not wanted.kinds or span.kind in wanted.kinds)
        and (not wanted.names or span.name in wanted.names)
        and (not wanted.statuses or span.status in wanted.statuses)
        and (not wanted.sessions or str(own.get("session.id")) in wanted.sessions)
        and all(key in own and _same(own[key], value) for key, value in wanted.attributes.items())
    )


def _same(one: Any, other: str | float) -> bool:
    """Return whether two values are equal as JSON has it: true is no 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _is_said(said: Sequence[Annotation], wanted: Sequence[Remark]) -> bool:
    return all(any(_is_meant(each, remark) for each in said) for remark in wanted)


def _is_meant(said: Annotation, wanted: Remark) -> bool:
    return (
        said.name == wanted.name
        and wanted.label in (None, said.label)
        and wanted.annotator in (None, said.annotator)
        and (wanted.at_least is None or (said.score is not None and said.score >= wanted.at_least))
        and (wanted.at_most is None or (said.score is not None and said.score <= wanted.at_most))
    )
