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
from evalgate.phoenix.answers import listed
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.layout import NAME, showable, withheld
from evalgate.records import Example, Json

_MARK: Final = "Made by evalgate."
"""The beginning of what such a dataset says of itself; it is there from the moment that the dataset is."""
_PATCH: Final = (
    "mutation ($dataset: ID!, $metadata: JSON!) { patchDataset(input: {datasetId: $dataset, metadata: $metadata})"
    " { dataset { id } } }"
)
_TRIES: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What experiments stand on: a version of a dataset, and Phoenix's own id of each of its examples by theirs."""

    dataset: str
    version: str
    nodes: Mapping[str, str]


async def pinned_ground(connection: Connection, name: str, version: str) -> Ground:
    """Return a version of a dataset that is Phoenix's. Raises PhoenixError, also where either is gone."""
    found = await _look_up(connection, name)
    if found is None:
        raise PhoenixError(
            f"the dataset {printable(name)} is not in {connection.address.shown} any more",
            status=404,
            next_step="measure again with the dataset that it has: evalgate run",
        )
    examples = await _examples(connection, found["id"], version, name)
    return Ground(dataset=found["id"], version=version, nodes=_nodes(examples))


async def version_ground(connection: Connection, dataset: str, version: str) -> Ground:
    """Return a version of a dataset by their ids. Raises PhoenixError, also where either is gone."""
    examples = await _examples(connection, dataset, version, "a dataset")
    return Ground(dataset=dataset, version=version, nodes=_nodes(examples))


async def mirrored_ground(
    connection: Connection, name: str, examples: Sequence[Example], *, of: str, withhold: bool
) -> Ground:
    """Return the version of the dataset `name` that holds exactly `examples`, made now where there is none.

    `of` is the file that it mirrors. Raises PhoenixError, also for a dataset of that name that evalgate did not make.
    """
    wanted = [_sent(example, withhold=withhold) for example in examples]
    for attempt in range(_TRIES):
        found = await _look_up(connection, name)
        if found is None:
            await _make(connection, name, wanted, of)
            continue
        _require_own(found, connection, name)
        version = None if attempt == 0 else await _upload(connection, name, wanted, action="update")
        try:
            there = await _examples(connection, found["id"], version, name)
        except PhoenixError as error:
            if error.status != 404 or attempt:
                raise
            continue  # made, and nothing in it yet: another build is at it, or was killed
        if _same(wanted, there["examples"]):
            return Ground(dataset=found["id"], version=there["version_id"], nodes=_nodes(there))
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
    found = await _look_up(connection, name)
    if found is not None:
        known = found.get("metadata")
        kept = {**(known if isinstance(known, dict) else {}), NAME: {"mirrors": printable(of)}}
        doing = f"what the dataset {printable(name)} is could not be written"
        await connection.graphql(_PATCH, doing=doing, variables={"dataset": found["id"], "metadata": kept})


def _require_own(found: Mapping[str, Any], connection: Connection, name: str) -> None:
    metadata = found.get("metadata")
    marked = isinstance(metadata, dict) and isinstance(metadata.get(NAME), dict)
    if marked or str(found.get("description") or "").startswith(_MARK):
        return
    raise PhoenixError(
        f"{connection.address.shown} has a dataset {printable(name)} that evalgate did not make: it is left alone",
        status=409,
        next_step="rename it there, or name another one under `phoenix.dataset`",
    )


async def _look_up(connection: Connection, name: str) -> dict[str, Any] | None:
    doing = f"the dataset {printable(name)} could not be looked up"
    answer = await connection.rest("GET", "v1/datasets", doing=doing, query={"name": name, "limit": 1})
    found = listed(answer, connection, doing=doing)
    return next((each for each in found if each.get("name") == name and isinstance(each.get("id"), str)), None)


async def _examples(connection: Connection, dataset: str, version: str | None, name: str) -> dict[str, Any]:
    """Return the id of a version, the latest for None, and its examples, as the server has them."""
    doing = f"the examples of {printable(name)} could not be read"
    query = {} if version is None else {"version_id": version}
    answer = await connection.rest("GET", f"v1/datasets/{dataset}/examples", doing=doing, query=query)
    found = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("version_id"), str) or not _are_examples(found):
        raise PhoenixError(f"{doing}: {connection.address.shown} gave no usable answer", status=200)
    return found


def _are_examples(found: Mapping[str, Any]) -> bool:
    examples = found.get("examples")
    return isinstance(examples, list) and all(
        isinstance(each, dict) and isinstance(each.get("id"), str) and isinstance(each.get("node_id"), str)
        for each in examples
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
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("version_id"), str):
        raise PhoenixError(f"{doing}: {connection.address.shown} gave no usable answer", status=200)
    return str(data["version_id"])


def _sent(example: Example, *, withhold: bool) -> dict[str, Json]:
    parts: dict[str, Json] = {"input": example.input, "output": example.output or {}, "metadata": example.metadata}
    return {
        "id": showable(example.id),
        **{key: (withheld(value) if withhold else showable(value)) for key, value in parts.items()},
    }


def _same(wanted: Sequence[Mapping[str, Json]], there: Iterable[Mapping[str, Any]]) -> bool:
    stored = {each["id"]: each for each in there}
    keys = ("input", "output", "metadata")
    return len(stored) == len(wanted) and all(
        (at := stored.get(str(each["id"]))) is not None and all(at.get(key) == each[key] for key in keys)
        for each in wanted
    )


def _nodes(found: Mapping[str, Any]) -> dict[str, str]:
    return {each["id"]: each["node_id"] for each in found["examples"]}
