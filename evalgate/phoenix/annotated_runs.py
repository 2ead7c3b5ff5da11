"""The runs of an experiment in Phoenix, whoever made it, with what was said of each: on the run, and on its trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evalgate.errors import DatasetError
from evalgate.phoenix.annotations import Said, annotated_spans, look_up_project
from evalgate.phoenix.answers import Answer, read_answer
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.dataset_records import Dataset, StoredExample
from evalgate.phoenix.datasets import find_version, read_version
from evalgate.phoenix.experiments import RemoteExperiment, get_experiment
from evalgate.phoenix.layout_read import LayoutError, read_experiment, read_run
from evalgate.records import TaskOutcome

_NOT_ONE: Final = frozenset({404, 422})


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
    annotator_kind: str
    label: str | None = None
    score: float | None = None
    end_time: str = ""


class _Run(Answer):
    example_id: str
    repetition_number: int
    output: Any = None
    error: str | None = None
    trace_id: str | None = None
    annotations: tuple[_Evaluation, ...] = ()


class _Runs(Answer):
    runs: tuple[_Run, ...]


class _OneDataset(Answer):
    id: str
    name: str
    created_at: str


class _DatasetAnswer(Answer):
    data: _OneDataset


async def annotated_runs(connection: Connection, experiment: str, name: str) -> AnnotatedExperiment:
    """Return the runs of an experiment of which something is said under `name`, whoever said it.

    What is said of a run is its evaluations, and the annotations of the root of its trace. Raises DatasetError for what
    is no experiment, or has no contents; PhoenixError.
    """
    remote = await _found(connection, experiment)
    doing = f"the runs of the experiment {experiment} could not be read"
    entries = await _entries(connection, remote, doing)
    runs = read_answer(_Runs, {"runs": entries}, connection, doing=doing).runs
    traced, inside, names = await _on_traces(connection, remote, name, {each.trace_id for each in runs})
    dataset = await _dataset(connection, remote.dataset)
    examples = await _examples(connection, dataset, remote)
    found: list[AnnotatedRun] = []
    failed = 0
    for run, entry in zip(runs, entries, strict=True):
        names |= {each.name for each in run.annotations}
        said = (*_on_run(run, name), *traced.get(run.trace_id or "", ()))
        if not said:
            continue
        if run.error is not None or run.example_id not in examples:
            failed += 1
            continue
        outcome = _outcome(run, entry)
        found.append(
            AnnotatedRun(
                example=examples[run.example_id], repetition=run.repetition_number, outcome=outcome, said=tuple(said)
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


async def _entries(connection: Connection, remote: RemoteExperiment, doing: str) -> list[Any]:
    try:
        answer = await connection.rest("GET", f"v1/experiments/{remote.id}/json", doing=doing)
    except PhoenixError as error:
        if error.status != 404:
            raise
        return []  # it has no runs
    return answer if isinstance(answer, list) else []


async def _dataset(connection: Connection, dataset: str) -> Dataset:
    doing = f"the dataset {dataset} could not be read"
    answer = await connection.rest("GET", f"v1/datasets/{dataset}", doing=doing)
    found = read_answer(_DatasetAnswer, answer, connection, doing=doing).data
    return Dataset(id=found.id, name=found.name, created_at=found.created_at)


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


def _on_run(run: _Run, name: str) -> list[Said]:
    """Return the evaluations of a run; the server keeps one of each name, and not who made it."""
    return [
        Said(kind=each.annotator_kind, by="", at=each.end_time, label=each.label, score=each.score)
        for each in run.annotations
        if each.name == name
    ]


def _outcome(run: _Run, entry: Any) -> TaskOutcome:
    try:
        return read_run(entry).outcome
    except LayoutError:  # somebody else's
        return TaskOutcome(output=run.output)
