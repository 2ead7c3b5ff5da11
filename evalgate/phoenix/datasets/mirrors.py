"""The dataset in Phoenix that a mirrored experiment stands on: a suite's own there, or the mirror of a file.

An experiment is pinned to the version that says what was run, which is read back to be sure: two builds may write at
once, and a server may answer with an older version than it has just made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.phoenix.answers import Answer, read_answer
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.datasets.reading import ExamplesOf, ListedExample, examples_of, look_up_dataset
from evalgate.phoenix.datasets.records import Dataset
from evalgate.phoenix.experiments.layout import NAME, showable, withheld
from evalgate.records import Example, Json

_MARK: Final = "Made by evalgate."
"""The beginning of what such a dataset says of itself; it is there from the moment that the dataset is."""
_PATCH: Final = (
    "mutation ($dataset: ID!, $metadata: JSON!) { patchDataset(input: {datasetId: $dataset, metadata: $metadata})"
    " { dataset { id } } }"
)
_TRIES: Final = 3


class _Version(Answer):
    version_id: str


class _Uploaded(Answer):
    data: _Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What experiments stand on: a version of a dataset, and Phoenix's own id of each of its examples by theirs."""

    dataset: str
    version: str
    nodes: Mapping[str, str]


async def pinned_ground(connection: Connection, name: str, version: str) -> Ground:
    """Return a version of a dataset that is Phoenix's. Raises PhoenixError, also where either is gone."""
    found = await look_up_dataset(connection, name)
    if found is None:
        raise PhoenixError(
            f"the dataset {printable(name)} is not in {connection.address.shown} any more",
            status=404,
            next_step="measure again with the dataset that it has: evalgate run",
        )
    return await version_ground(connection, found.id, version, name=name)


async def version_ground(connection: Connection, dataset: str, version: str, *, name: str = "a dataset") -> Ground:
    """Return a version of a dataset by their ids; `name` is said in errors.

    Raises PhoenixError, also where either is gone.
    """
    there = await examples_of(connection, dataset, version, name=name)
    return Ground(dataset=dataset, version=version, nodes=_nodes(there))


async def mirrored_ground(
    connection: Connection, name: str, examples: Sequence[Example], *, of: str, withhold: bool
) -> Ground:
    """Return the version of the dataset `name` that holds exactly `examples`, made now where there is none.

    `of` is the file that it mirrors. Raises PhoenixError, also for a dataset of that name that evalgate did not make.
    """
    wanted = [_sent(example, withhold=withhold) for example in examples]
    for attempt in range(_TRIES):
        found = await look_up_dataset(connection, name)
        if found is None:
            await _make(connection, name, wanted, of)
            continue
        _require_own(found, connection)
        version = None if attempt == 0 else await _upload(connection, name, wanted, action="update")
        try:
            there = await examples_of(connection, found.id, version, name=name)
        except PhoenixError as error:
            if error.status != 404 or attempt:
                raise
            continue  # made, and nothing in it yet: another build is at it, or was killed
        if _same(wanted, there.examples):
            return Ground(dataset=found.id, version=there.version_id, nodes=_nodes(there))
        await asyncio.sleep(attempt)  # versions that are made within one second may be told apart wrongly
    raise PhoenixError(
        f"the dataset {printable(name)} of {connection.address.shown} does not hold what was written to it: others"
        " write to it at the same time",
        status=409,
    )


async def _make(connection: Connection, name: str, wanted: Sequence[Mapping[str, Json]], of: str) -> None:
    """Make the dataset; where another build made it meanwhile, all is well."""
    try:
        await _upload(connection, name, wanted, action="create", of=of)
    except PhoenixError as error:
        if error.status != 409:
            raise
        return
    found = await look_up_dataset(connection, name)
    if found is not None:
        kept = {**found.metadata, NAME: {"mirrors": printable(of)}}
        doing = f"what the dataset {printable(name)} is could not be written"
        await connection.graphql(_PATCH, doing=doing, variables={"dataset": found.id, "metadata": kept})


def _require_own(found: Dataset, connection: Connection) -> None:
    if isinstance(found.metadata.get(NAME), dict) or (found.description or "").startswith(_MARK):
        return
    raise PhoenixError(
        f"{connection.address.shown} has a dataset {printable(found.name)} that evalgate did not make: it is left"
        " alone",
        status=409,
        next_step="rename it there, or name another one under `phoenix.dataset`",
    )


async def _upload(
    connection: Connection, name: str, wanted: Sequence[Mapping[str, Json]], *, action: str, of: str | None = None
) -> str:
    """Make the dataset what `wanted` is, and return the version that the server says it is."""
    body: dict[str, Any] = {
        "action": action,
        "name": name,
        "inputs": [each["input"] for each in wanted],
        "outputs": [each["output"] for each in wanted],
        "metadata": [each["metadata"] for each in wanted],
        "example_ids": [each["id"] for each in wanted],
    }
    if of is not None:
        body["description"] = f"{_MARK} It mirrors {printable(of)}: what is changed here is written over."
    doing = f"the dataset {printable(name)} could not be written"
    answer = await connection.rest("POST", "v1/datasets/upload", doing=doing, query={"sync": "true"}, body=body)
    return read_answer(_Uploaded, answer, connection, doing=doing).data.version_id


def _sent(example: Example, *, withhold: bool) -> dict[str, Json]:
    parts: dict[str, Json] = {"input": example.input, "output": example.output or {}, "metadata": example.metadata}
    return {
        "id": showable(example.id),
        **{key: (withheld(value) if withhold else showable(value)) for key, value in parts.items()},
    }


def _same(wanted: Sequence[Mapping[str, Json]], there: Iterable[ListedExample]) -> bool:
    stored = {each.id: each for each in there}
    keys = ("input", "output", "metadata")
    return len(stored) == len(wanted) and all(
        (at := stored.get(str(each["id"]))) is not None and all(getattr(at, key) == each[key] for key in keys)
        for each in wanted
    )


def _nodes(found: ExamplesOf) -> dict[str, str]:
    return {each.id: each.node_id for each in found.examples}
