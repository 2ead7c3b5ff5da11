"""What people and programs said of spans in Phoenix: the annotations of one name, and the spans that they are on."""

from __future__ import annotations

import difflib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from evalgate.encoding import printable
from evalgate.errors import DatasetError
from evalgate.phoenix.answers import Answer, PageInfo, read_answer
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.listing import Listing

HUMAN: Final = "HUMAN"
_PAGES: Final = "px-app:"
_PAGE: Final = 500
_PROJECTS: Final = 10_000

_PROJECT: Final = "query ($name: String!) { getProjectByName(name: $name) { id name spanAnnotationNames } }"
_NAMES: Final = "query ($first: Int) { projects(first: $first) { edges { node { name } } } }"
_ANNOTATED: Final = (
    "query ($project: ID!, $that: String!, $first: Int!, $after: String) { node(id: $project) { ... on Project {"
    " spans(first: $first, after: $after, filterCondition: $that) { edges { node { spanId parentId trace { traceId }"
    " spanAnnotations { name label score explanation annotatorKind identifier updatedAt user { username } } } }"
    " pageInfo { hasNextPage endCursor } } } } }"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project of a server. `annotations` are the names of what is said of its spans."""

    id: str
    name: str
    annotations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One annotation. `by` is who made it, "" where nobody says; `at` when, as the server writes it, `why` in words."""

    kind: str
    by: str
    at: str
    label: str | None
    score: float | None
    why: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnotatedSpan:
    """A span and what was said of it under the name that was asked for. `parent` is None for the root of a trace."""

    trace_id: str
    span_id: str
    parent: str | None
    said: tuple[Said, ...]


class _Named(Answer):
    id: str = ""
    name: str
    spanAnnotationNames: tuple[str, ...] = ()  # noqa: N815  # as GraphQL names it


class _ByName(Answer):
    getProjectByName: _Named | None  # noqa: N815


class _NameEdge(Answer):
    node: _Named


class _NameEdges(Answer):
    edges: tuple[_NameEdge, ...]


class _Projects(Answer):
    projects: _NameEdges


class _User(Answer):
    username: str


class _Annotation(Answer):
    name: str
    label: str | None
    score: float | None
    explanation: str | None
    annotatorKind: str  # noqa: N815
    identifier: str
    updatedAt: str  # noqa: N815
    user: _User | None


class _Trace(Answer):
    traceId: str  # noqa: N815


class _Span(Answer):
    spanId: str  # noqa: N815
    parentId: str | None  # noqa: N815
    trace: _Trace
    spanAnnotations: tuple[_Annotation, ...]  # noqa: N815


class _SpanEdge(Answer):
    node: _Span


class _Spans(Answer):
    edges: tuple[_SpanEdge, ...]
    pageInfo: PageInfo  # noqa: N815


class _Annotated(Answer):
    spans: _Spans


class _AnnotatedNode(Answer):
    node: _Annotated


async def look_up_project(connection: Connection, name: str) -> Project | None:
    """Return the project of this name, None where there is none. Raises PhoenixError."""
    doing = f"the project {printable(name)} could not be looked up"
    answer = await connection.graphql(_PROJECT, doing=doing, variables={"name": name})
    found = read_answer(_ByName, answer, connection, doing=doing).getProjectByName
    return None if found is None else Project(id=found.id, name=found.name, annotations=found.spanAnnotationNames)


async def find_project(connection: Connection, name: str) -> Project:
    """Return the project of this name. Raises DatasetError where there is none, with the nearest name; PhoenixError."""
    found = await look_up_project(connection, name)
    if found is not None:
        return found
    doing = "the projects could not be listed"
    answer = await connection.graphql(_NAMES, doing=doing, variables={"first": _PROJECTS})
    names = [edge.node.name for edge in read_answer(_Projects, answer, connection, doing=doing).projects.edges]
    near = difflib.get_close_matches(name, names, n=1)
    raise DatasetError(
        printable(
            f"{connection.address.shown} has no project {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
        ),
        next_step="name a project that it has",
    )


async def annotated_spans(connection: Connection, project: Project, name: str) -> AsyncIterator[AnnotatedSpan]:
    """Yield each span of a project of which something is said under `name`, whoever said it. Raises PhoenixError."""
    doing = f"the annotations of {printable(project.name)} could not be read"
    that = f"annotations[{json.dumps(name, ensure_ascii=False)}]"
    listing = Listing(connection, doing=doing)
    after: str | None = None
    while True:
        variables = {"project": project.id, "that": that, "first": _PAGE, "after": after}
        answer = await connection.graphql(_ANNOTATED, doing=doing, variables=variables)
        page = read_answer(_AnnotatedNode, answer, connection, doing=doing).node.spans
        for edge in page.edges:
            yield _annotated(edge.node, name)
        on_it = (edge.node.spanId for edge in page.edges)
        after = listing.following(on_it, page.pageInfo.endCursor, more=page.pageInfo.hasNextPage)
        if after is None:
            return


def _annotated(span: _Span, name: str) -> AnnotatedSpan:
    return AnnotatedSpan(
        trace_id=span.trace.traceId,
        span_id=span.spanId,
        parent=span.parentId or None,
        said=tuple(
            Said(
                kind=each.annotatorKind,
                by=_by(each),
                at=each.updatedAt,
                label=each.label,
                score=each.score,
                why=each.explanation,
            )
            for each in span.spanAnnotations
            if each.name == name
        ),
    )


def _by(annotation: _Annotation) -> str:
    """Return who said it: the server's own pages give an id of the user in place of a name."""
    name = annotation.user.username if annotation.user is not None else ""
    return name if name and annotation.identifier.startswith(_PAGES) else annotation.identifier or name
