"""Tags of experiments: names that a team moves, each on one experiment of a dataset. `baseline` is Phoenix's badge."""

from __future__ import annotations

from typing import Any, Final

from evalgate.encoding import printable
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.experiments import get_experiment

_SINCE: Final = "19.21"
_TAGS: Final = (
    "query ($dataset: ID!) { node(id: $dataset) { ... on Dataset { experimentTags { name experiment { id } } } } }"
)


class NoTagsError(PhoenixError):
    """The server is older than tags."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(
            f"{connection.address.shown} knows no tags of experiments: it is older than {_SINCE}",
            status=404,
            next_step="upgrade that server, or name the experiment itself: `baseline: experiment:<id>`",
        )


async def tagged(connection: Connection, dataset: str, name: str) -> str | None:
    """Return the id of the experiment of a dataset (its id) that has a tag; None where none has it.

    Raises NoTagsError for a server without tags, and PhoenixError.
    """
    doing = f"the tag {printable(name)} could not be looked up"
    try:
        data = await connection.graphql(_TAGS, doing=doing, variables={"dataset": dataset})
    except PhoenixError as error:
        if "experimentTags" in error.message:  # it names the field that it does not know
            raise NoTagsError(connection) from None
        raise
    for each in _listed(data.get("node")):
        found = each.get("experiment") if isinstance(each, dict) and each.get("name") == name else None
        if isinstance(found, dict) and isinstance(found.get("id"), str):
            return str(found["id"])
    return None


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


def _listed(node: Any) -> list[Any]:
    found = node.get("experimentTags") if isinstance(node, dict) else None
    return found if isinstance(found, list) else []
