"""Mirrored experiments read back: verified before anything of them is believed, run by run, in flat memory.

Whatever a server answers is data of unknown origin: of known types and sizes, or refused with the reason.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from evalgate.encoding import printable
from evalgate.errors import BaselineError
from evalgate.phoenix.answers import Answer, PageInfo, read_answer
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.experiments.layout_read import LayoutError, read_experiment, read_run
from evalgate.phoenix.experiments.records import ExperimentRecord, RunRecord
from evalgate.phoenix.experiments.sound import is_sample, is_sound, moment
from evalgate.phoenix.experiments.writing import RemoteExperiment
from evalgate.phoenix.listing import Listing

_CLOCKS: Final = timedelta(hours=1)
"""By so much two machines' clocks may differ."""
_PAGE: Final = 100
_RUNS: Final = (
    "query ($experiment: ID!, $first: Int, $after: String) { node(id: $experiment) { ... on Experiment {"
    " runs(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node { output"
    " annotations(first: 100000) { edges { node { name score label explanation metadata } } } } } } } } }"
)
_MOST_SAMPLES: Final = 10_000


class _Said(Answer):
    node: dict[str, Any]


class _Annotations(Answer):
    edges: tuple[_Said, ...]


class _Run(Answer):
    output: Any = None
    annotations: _Annotations


class _Edge(Answer):
    node: _Run


class _Runs(Answer):
    pageInfo: PageInfo  # noqa: N815  # as GraphQL names it
    edges: tuple[_Edge, ...]


class _Experiment(Answer):
    runs: _Runs


class _Answered(Answer):
    node: _Experiment


def record_of(remote: RemoteExperiment) -> ExperimentRecord:
    """Return what an experiment mirrors, all of which is there.

    Raises BaselineError, with the reason, for one that evalgate did not make, that is not whole, that has no contents,
    or that is another one's by now.
    """
    try:
        record = _typed(read_experiment(remote.metadata))
    except LayoutError as error:
        raise unusable(remote, str(error)) from None
    if not record.complete:
        raise unusable(
            remote,
            "it is not whole: its build was not over, or was cut off, when it was last mirrored",
            "finish it where it was measured: evalgate run --resume, then evalgate phoenix sync",
        )
    if record.withheld:
        raise unusable(remote, "its contents were withheld (`phoenix.content: hashed`)")
    try:
        older = moment(remote.created_at) < moment(record.build.created_at) - _CLOCKS
    except ValueError:
        raise unusable(remote, "the server does not say when it was made") from None
    if older:
        raise unusable(remote, "it is older than the build that it says it mirrors")
    return record


async def read_runs(
    connection: Connection, remote: RemoteExperiment, record: ExperimentRecord
) -> AsyncIterator[RunRecord]:
    """Yield the runs of an experiment. Raises BaselineError where one is damaged or they are not all there.

    Raises PhoenixError.
    """
    doing = f"the runs of the experiment {printable(remote.id)} could not be read"
    seen: set[tuple[str, str]] = set()
    contents: dict[str, tuple[int, str]] = {}
    evaluators = frozenset(spec.name for spec in record.specs)
    async for entry in _entries(connection, remote, doing):
        try:
            run = read_run(entry)
        except LayoutError as error:
            raise unusable(remote, f"of one of its runs, {error}") from None
        place = (run.example_id, run.sample)
        if not is_sound(run, evaluators) or place in seen:
            raise unusable(remote, "the record of a run is damaged")
        if contents.setdefault(run.example_id, (run.position, run.content)) != (run.position, run.content):
            raise unusable(remote, "its runs were given two versions of one example")
        seen.add(place)
        if len(seen) > record.runs:
            break
        yield run
    if len(seen) != record.runs:
        raise unusable(
            remote,
            f"it has {record.runs:,} runs, and {len(seen):,} of them are there"
            if len(seen) < record.runs
            else f"it has more than its {record.runs:,} runs",
            "put them back from where it was measured: evalgate phoenix sync",
        )


async def _entries(connection: Connection, remote: RemoteExperiment, doing: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the runs of an experiment with all that is said of them, page by page.

    The server's download of an experiment has the same in one piece, and fails for names that no header can hold.
    """
    listing = Listing(connection, doing=doing)
    after: str | None = None
    while True:
        asked = {"experiment": remote.id, "first": _PAGE, "after": after}
        data = await connection.graphql(_RUNS, doing=doing, variables=asked)
        runs = read_answer(_Answered, data, connection, doing=doing).node.runs
        for edge in runs.edges:
            said = [each.node for each in edge.node.annotations.edges]
            yield {"output": edge.node.output, "annotations": said}
        on_it = (repr(edge.node) for edge in runs.edges)
        after = listing.following(on_it, runs.pageInfo.endCursor, more=runs.pageInfo.hasNextPage)
        if after is None:
            return


def unusable(remote: RemoteExperiment, reason: str, next_step: str | None = None) -> BaselineError:
    """Return the error for an experiment that nothing can be compared with."""
    return BaselineError(
        f"the experiment {printable(remote.name)} ({printable(remote.id)}) cannot be compared with: {reason}",
        next_step=next_step or "name another experiment, or store a baseline: evalgate baseline set",
    )


@cache
def _adapter() -> TypeAdapter[ExperimentRecord]:
    return TypeAdapter(ExperimentRecord)


def _typed(record: ExperimentRecord) -> ExperimentRecord:
    """Return the record, of the types and in the bounds that it says. Raises LayoutError where it is not."""
    try:
        found = _adapter().validate_json(json.dumps(asdict(record), allow_nan=False), strict=True)
        moment(found.build.created_at)
    except (ValidationError, ValueError, RecursionError):
        raise LayoutError("the record of the experiment is damaged") from None
    times = [found.repetitions, *(draw.candidate for draw in found.draws), *(draw.baseline for draw in found.draws)]
    names = [*found.samples, *(draw.key for draw in found.draws if draw.key is not None)]
    if (
        not all(0 <= each <= _MOST_SAMPLES for each in (*times, len(found.draws), len(found.samples)))
        or not all(map(is_sample, names))
        or found.runs < 0
    ):
        raise LayoutError("the record of the experiment is damaged")
    return found
