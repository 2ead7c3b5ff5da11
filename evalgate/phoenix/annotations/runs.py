"""What was said of the runs of an experiment in Phoenix, whoever made it: on the run itself, and on its trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.errors import DatasetError
from evalgate.phoenix.annotations.spans import HUMAN, Said, annotated_spans, look_up_project
from evalgate.phoenix.answers import Answer, PageInfo, read_answer
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.datasets.reading import find_version, get_dataset, read_version
from evalgate.phoenix.datasets.records import Dataset, StoredExample
from evalgate.phoenix.experiments.layout_read import LayoutError, read_experiment, read_run
from evalgate.phoenix.experiments.writing import RemoteExperiment, get_experiment
from evalgate.phoenix.listing import Listing
from evalgate.records import TaskOutcome

_NOT_ONE: Final = frozenset({404, 422})
_PAGE: Final = 100
_RUNS: Final = (
    "query ($experiment: ID!, $first: Int, $after: String) { node(id: $experiment) { ... on Experiment {"
    " runs(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node {"
    " example { id } repetitionNumber traceId output error annotations(first: 100000) { edges { node {"
    " name annotatorKind label score explanation metadata endTime } } } } } } } } }"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnotatedRun:
    """One run that answered, and what was said of it under the name that was asked for.

    `outcome` has what Phoenix has no field for (context, messages …) where evalgate made the run.
    """

    example: StoredExample
    repetition: int
    outcome: TaskOutcome
    said: tuple[Said, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnotatedExperiment:
    """An experiment with its annotated runs.

    `failed` runs and spans `inside` of runs are annotated too, and nothing is made of them; `names` are those of all
    annotations that were found.
    """

    id: str
    dataset: str
    runs: tuple[AnnotatedRun, ...]
    failed: int
    inside: int
    names: frozenset[str]


class _Evaluation(Answer):
    name: str
    annotatorKind: str  # noqa: N815  # as GraphQL names it
    label: str | None = None
    score: float | None = None
    explanation: str | None = None
    metadata: Any = None
    endTime: str = ""  # noqa: N815


class _EvaluationEdge(Answer):
    node: _Evaluation


class _Evaluations(Answer):
    edges: tuple[_EvaluationEdge, ...]


class _OfExample(Answer):
    id: str


class _Run(Answer):
    example: _OfExample
    repetitionNumber: int  # noqa: N815
    traceId: str | None = None  # noqa: N815
    output: Any = None
    error: str | None = None
    annotations: _Evaluations


class _RunEdge(Answer):
    node: _Run


class _Runs(Answer):
    pageInfo: PageInfo  # noqa: N815
    edges: tuple[_RunEdge, ...]


class _Experiment(Answer):
    runs: _Runs


class _ExperimentNode(Answer):
    node: _Experiment


async def annotated_runs(connection: Connection, experiment: str, name: str) -> AnnotatedExperiment:
    """Return the runs of an experiment of which something is said under `name`, whoever said it.

    What is said of a run is its evaluations, and the annotations of the root of its trace. Raises DatasetError for what
    is no experiment, or has no contents; PhoenixError.
    """
    remote = await _found(connection, experiment)
    runs = [run async for run in _runs(connection, remote)]
    traced, inside, names = await _on_traces(connection, remote, name, {each.traceId for each in runs})
    dataset = await get_dataset(connection, remote.dataset)
    examples = await _examples(connection, dataset, remote)
    found: list[AnnotatedRun] = []
    failed = 0
    for run in runs:
        evaluations = [edge.node for edge in run.annotations.edges]
        names |= {each.name for each in evaluations}
        said = (*_on_run(evaluations, name), *traced.get(run.traceId or "", ()))
        if not said:
            continue
        if run.error is not None or run.example.id not in examples:
            failed += 1
            continue
        found.append(
            AnnotatedRun(
                example=examples[run.example.id],
                repetition=run.repetitionNumber,
                outcome=_outcome(run.output, evaluations),
                said=said,
            )
        )
    return AnnotatedExperiment(
        id=experiment,
        dataset=dataset.name,
        runs=tuple(found),
        failed=failed,
        inside=inside,
        names=frozenset(names),
    )


async def people_said(connection: Connection, remote: RemoteExperiment) -> bool:
    """Return whether people annotated an experiment: a run of it, or a span of its traces. Raises PhoenixError."""
    async for run in _runs(connection, remote):
        if any(edge.node.annotatorKind == HUMAN for edge in run.annotations.edges):
            return True
    project = await look_up_project(connection, remote.project) if remote.project is not None else None
    if project is None:
        return False
    for name in project.annotations:
        async for span in annotated_spans(connection, project, name):
            if any(each.kind == HUMAN for each in span.said):
                return True
    return False


async def _found(connection: Connection, experiment: str) -> RemoteExperiment:
    try:
        remote = await get_experiment(connection, experiment)
    except PhoenixError as error:
        if error.status not in _NOT_ONE:
            raise
        remote = None
    if remote is None:
        raise DatasetError(
            f"{connection.address.shown} has no experiment {experiment}",
            next_step="take its id from the address of its page: /datasets/DATASET/experiments/EXPERIMENT",
        )
    try:
        withheld = read_experiment(remote.metadata).withheld
    except LayoutError:
        withheld = False
    if withheld:
        raise DatasetError(
            f"the answers of the experiment {experiment} are not in Phoenix: `phoenix.content` was `hashed`",
            next_step="name an experiment that has its answers, or label answers in a file",
        )
    return remote


async def _runs(connection: Connection, remote: RemoteExperiment) -> AsyncIterator[_Run]:
    """Yield the runs of an experiment page by page: its download in one piece fails for names that no header holds."""
    doing = f"the runs of the experiment {remote.id} could not be read"
    listing = Listing(connection, doing=doing)
    after: str | None = None
    while True:
        variables = {"experiment": remote.id, "first": _PAGE, "after": after}
        answer = await connection.graphql(_RUNS, doing=doing, variables=variables)
        page = read_answer(_ExperimentNode, answer, connection, doing=doing).node.runs
        for edge in page.edges:
            yield edge.node
        on_it = (repr(edge.node) for edge in page.edges)
        after = listing.following(on_it, page.pageInfo.endCursor, more=page.pageInfo.hasNextPage)
        if after is None:
            return


async def _examples(connection: Connection, dataset: Dataset, remote: RemoteExperiment) -> Mapping[str, StoredExample]:
    """Return the examples that the experiment ran on, by the server's own ids."""
    version = await find_version(connection, dataset, remote.dataset_version)
    return {each.node_id: each for each in await read_version(connection, dataset, version)}


async def _on_traces(
    connection: Connection, remote: RemoteExperiment, name: str, traces: set[str | None]
) -> tuple[Mapping[str, list[Said]], int, set[str]]:
    """Return what is said of the roots of traces, of how many spans below them something is said, and all names."""
    said: defaultdict[str, list[Said]] = defaultdict(list)
    project = await look_up_project(connection, remote.project) if remote.project is not None else None
    if project is None:
        return said, 0, set()
    inside = 0
    async for span in annotated_spans(connection, project, name):
        if span.trace_id not in traces:
            continue
        if span.parent is None:
            said[span.trace_id] += span.said
        else:
            inside += 1
    return said, inside, set(project.annotations)


def _on_run(evaluations: Sequence[_Evaluation], name: str) -> list[Said]:
    """Return what is said of a run under a name; the server keeps one of each, and not who made it."""
    return [
        Said(kind=each.annotatorKind, by="", at=each.endTime, label=each.label, score=each.score)
        for each in evaluations
        if each.name == name
    ]


def _outcome(output: Any, evaluations: Sequence[_Evaluation]) -> TaskOutcome:
    try:
        return read_run({"output": output, "annotations": [each.model_dump() for each in evaluations]}).outcome
    except LayoutError:  # somebody else's
        return TaskOutcome(output=output)
