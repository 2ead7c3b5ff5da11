"""Experiments in Phoenix: made once, found again, written run by run, taken away. Writing the same twice is once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.phoenix.answers import Answer, Page, pages, read_answer
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.experiments.layout import NAME
from evalgate.records import Json

_PAGE: Final = 100
_RUN_ID: Final = re.compile(r"Experiment run (\S+) already exists")
"""In what a server says that has a run already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteExperiment:
    """An experiment as Phoenix has it. `project` is the name of the project that its traces go to."""

    id: str
    dataset: str
    dataset_version: str
    name: str
    description: str | None
    created_at: str
    project: str | None
    metadata: Mapping[str, Any]

    @property
    def uid(self) -> str | None:
        """Return what evalgate knows it by; None where evalgate did not make it."""
        kept = self.metadata.get(NAME)
        found = kept.get("uid") if isinstance(kept, dict) else None
        return found if isinstance(found, str) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewExperiment:
    """What an experiment is made of. `version` is that of its dataset, `repetitions` how often examples are drawn."""

    dataset: str
    version: str
    name: str
    description: str
    metadata: Mapping[str, Json]
    repetitions: int


class _Experiments(Page):
    data: tuple[Any, ...]


class _Tag(Answer):
    name: str


class _Tags(Answer):
    data: tuple[_Tag, ...]


async def create_experiment(connection: Connection, new: NewExperiment) -> RemoteExperiment:
    """Make an experiment. Where the answer is lost it may be there: `find_experiment` knows. Raises PhoenixError."""
    body = {
        "name": new.name,
        "description": new.description,
        "metadata": new.metadata,
        "version_id": new.version,
        "repetitions": new.repetitions,
    }
    # Not tried again by the connection: what was made and not answered would be made twice.
    answer = await connection.rest(
        *("POST", f"v1/datasets/{new.dataset}/experiments"),
        doing=f"the experiment {new.name} could not be made",
        body=body,
        again=False,
    )
    return _experiment(_data(answer))


async def find_experiment(connection: Connection, dataset: str, uid: str) -> RemoteExperiment | None:
    """Return the experiment of a dataset that has this uid, or None. Raises PhoenixError."""
    async for found in list_experiments(connection, dataset):
        if found.uid == uid:
            return found
    return None


async def list_experiments(connection: Connection, dataset: str) -> AsyncIterator[RemoteExperiment]:
    """Yield the experiments of a dataset, the newest first. Raises PhoenixError."""
    doing = "the experiments of a dataset could not be read"
    path = f"v1/datasets/{dataset}/experiments"
    async for page in pages(_Experiments, connection, path, doing=doing, query={"limit": _PAGE}):
        for each in page.data:
            yield _experiment(each)


async def get_experiment(connection: Connection, experiment: str) -> RemoteExperiment | None:
    """Return an experiment by its id, None where it is gone. Raises PhoenixError."""
    try:
        answer = await connection.rest(
            "GET", f"v1/experiments/{experiment}", doing=f"the experiment {experiment} could not be read"
        )
    except PhoenixError as error:
        if error.status == 404:
            return None
        raise
    return _experiment(_data(answer))


async def update_experiment(
    connection: Connection, experiment: RemoteExperiment, *, description: str, metadata: Mapping[str, Json]
) -> None:
    """Write the description, and metadata beside what others wrote there meanwhile. Raises PhoenixError."""
    now = await get_experiment(connection, experiment.id) or experiment
    body = {"description": description, "metadata": {**now.metadata, **metadata}}
    doing = f"what the experiment {experiment.name} says of itself could not be written"
    await connection.rest("PATCH", f"v1/experiments/{experiment.id}", doing=doing, body=body)


async def delete_experiment(connection: Connection, experiment: str) -> None:
    """Take an experiment and the project of its traces away; one that is gone is gone. Raises PhoenixError."""
    try:
        await connection.rest(
            "DELETE",
            f"v1/experiments/{experiment}",
            doing=f"the experiment {experiment} could not be deleted",
            query={"delete_project": "true"},
        )
    except PhoenixError as error:
        if error.status != 404:
            raise


async def tags_of(connection: Connection, experiment: str) -> tuple[str, ...]:
    """Return the tags of an experiment; none of a server that knows no tags. Raises PhoenixError."""
    doing = f"the tags of the experiment {experiment} could not be read"
    try:
        answer = await connection.rest("GET", f"v1/experiments/{experiment}/tags", doing=doing)
    except PhoenixError as error:
        if error.status == 404 and await get_experiment(connection, experiment) is not None:
            return ()
        raise
    return tuple(each.name for each in read_answer(_Tags, answer, connection, doing=doing).data)


async def post_run(connection: Connection, experiment: str, body: Mapping[str, Json]) -> str:
    """Write a run and return its id; one that is there already stays as it is. Raises PhoenixError."""
    try:
        answer = await connection.rest(
            "POST", f"v1/experiments/{experiment}/runs", doing="a run could not be mirrored", body=body
        )
    except PhoenixError as error:
        known = _RUN_ID.search(error.message) if error.status == 409 else None
        if known is None:
            raise
        return known[1]
    return str(_data(answer)["id"])


async def post_evaluations(connection: Connection, bodies: Sequence[Mapping[str, Json]]) -> None:
    """Write evaluations, each in the place of what was there by its name. Raises PhoenixError."""
    for body in bodies:
        await connection.rest(
            "POST", "v1/experiment_evaluations", doing="an evaluation could not be mirrored", body=body
        )


def _experiment(found: Any) -> RemoteExperiment:
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise PhoenixError("an experiment could not be read: the server's answer is none", status=200)
    metadata = found.get("metadata")
    return RemoteExperiment(
        id=found["id"],
        dataset=str(found.get("dataset_id")),
        dataset_version=str(found.get("dataset_version_id")),
        name=str(found.get("name")),
        description=found.get("description") if isinstance(found.get("description"), str) else None,
        created_at=str(found.get("created_at")),
        project=found.get("project_name") if isinstance(found.get("project_name"), str) else None,
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _data(answer: Any) -> dict[str, Any]:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or "id" not in data:
        raise PhoenixError("the server's answer has no `data`", status=200)
    return data
