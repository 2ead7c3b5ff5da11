"""Tags of experiments: names that a team moves, each on one experiment of a dataset. `baseline` is Phoenix's badge."""

from __future__ import annotations

from typing import Final

from evalgate.encoding import printable
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.experiments.writing import get_experiment, list_experiments, tags_of
from evalgate.suite.baselines import PROMOTED

_SINCE: Final = (19, 21)
_BASELINE: Final = "query ($dataset: ID!) { node(id: $dataset) { ... on Dataset { baselineExperiment { id } } } }"
_LOOKED_AT: Final = 500
"""Experiments, the newest ones, that are asked for tags of other names: each takes a request."""


class NoTagsError(PhoenixError):
    """The server is older than tags."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(
            f"{connection.address.shown} knows no tags of experiments: it is older than {'.'.join(map(str, _SINCE))}",
            status=404,
            next_step="upgrade that server, or name the experiment itself: `baseline: experiment:<id>`",
        )


async def tagged(connection: Connection, dataset: str, name: str) -> str | None:
    """Return the id of the experiment of a dataset (its id) that has a tag; None where none has it.

    Only `baseline` can be asked for; of another name the newest experiments are asked for theirs. Raises NoTagsError
    for a server without tags, and PhoenixError.
    """
    held = await _baseline(connection, dataset)
    if name == PROMOTED:
        return held
    left = _LOOKED_AT
    async for experiment in list_experiments(connection, dataset):
        if name in await tags_of(connection, experiment.id):
            return experiment.id
        left -= 1
        if not left:
            break
    return None


async def _baseline(connection: Connection, dataset: str) -> str | None:
    doing = f"the tag {PROMOTED} could not be looked up"
    try:
        data = await connection.graphql(_BASELINE, doing=doing, variables={"dataset": dataset})
    except PhoenixError as error:
        if "Cannot query field" in error.message or _is_older(connection):
            raise NoTagsError(connection) from None
        raise
    if _is_older(connection):  # it shows a baseline that nothing can move
        raise NoTagsError(connection)
    node = data.get("node")
    found = node.get("baselineExperiment") if isinstance(node, dict) else None
    return found["id"] if isinstance(found, dict) and isinstance(found.get("id"), str) else None


def _is_older(connection: Connection) -> bool:
    return connection.version is not None and connection.version < _SINCE


async def move_tag(connection: Connection, experiment: str, name: str, description: str) -> None:
    """Move a tag to an experiment (its id): no other one of its dataset has it any more.

    Raises NoTagsError for a server without tags, and PhoenixError.
    """
    body = {"name": name, "description": description}
    doing = f"the tag {printable(name)} could not be moved to the experiment {experiment}"
    try:
        await connection.rest("POST", f"v1/experiments/{experiment}/tags", doing=doing, body=body)
    except PhoenixError as error:
        if error.status in (404, 405) and await get_experiment(connection, experiment) is not None:
            raise NoTagsError(connection) from None
        raise
