"""Who is in which split of a dataset, read and set: the server keeps no history of it; datasets share the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from evalgate.encoding import printable
from evalgate.phoenix.answers import Answer, read_answer
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.datasets.records import Dataset, Version

_ALL: Final = 10_000_000
"""Of a GraphQL list: every page of it costs the server as much as the whole."""
_AT_ONCE: Final = 1000
"""Examples whose splits are set by one call: databases bound the parameters of a statement."""
_GREY: Final = "#808080"

_SPLITS: Final = "query ($dataset: ID!) { node(id: $dataset) { ... on Dataset { splits { id name } } } }"
_ALL_SPLITS: Final = "query ($first: Int) { datasetSplits(first: $first) { edges { node { id name } } } }"
_NEW_SPLIT: Final = (
    "mutation ($name: String!, $color: String!)"
    " { createDatasetSplit(input: {name: $name, color: $color, description: null, metadata: {}})"
    " { datasetSplit { id } } }"
)
_SET_SPLITS: Final = (
    "mutation ($input: SetDatasetExamplesSplitsInput!) { setDatasetExamplesSplits(input: $input) { examples { id } } }"
)


class _Named(Answer):
    id: str = ""
    name: str = ""


class _Member(Answer):
    id: str


class _Edge(Answer):
    node: _Member


class _Edges(Answer):
    edges: tuple[_Edge, ...]


class _SplitsNode(Answer):
    splits: tuple[_Named, ...]


class _OfSplits(Answer):
    node: _SplitsNode | None


class _OfMembers(Answer):
    node: dict[str, _Edges] | None


class _Split(Answer):
    id: str
    name: str


class _SplitEdge(Answer):
    node: _Split


class _SplitEdges(Answer):
    edges: tuple[_SplitEdge, ...]


class _AllSplits(Answer):
    datasetSplits: _SplitEdges  # noqa: N815  # as GraphQL names it


async def split_ids(connection: Connection, dataset: Dataset) -> dict[str, str]:
    """Return the id of every split that an example of the dataset is in, by its name. Raises PhoenixError."""
    doing = f"the splits of {printable(dataset.name)} could not be read"
    answer = await connection.graphql(_SPLITS, doing=doing, variables={"dataset": dataset.id})
    node = read_answer(_OfSplits, answer, connection, doing=doing).node
    if node is None:
        raise _gone(connection, doing)
    return {each.name: each.id for each in node.splits}


async def memberships(connection: Connection, dataset: Dataset, version: Version) -> dict[str, tuple[str, ...]]:
    """Return the splits of each example of a version that is in any, sorted, by its node id. Raises PhoenixError."""
    splits = await split_ids(connection, dataset)
    if not splits:
        return {}
    doing = f"the splits of {printable(dataset.name)} could not be read"
    answer = await connection.graphql(
        _members_query(len(splits)),
        doing=doing,
        variables={
            "dataset": dataset.id,
            "version": version.id,
            "first": _ALL,
            **{f"s{number}": [identity] for number, identity in enumerate(splits.values())},
        },
    )
    node = read_answer(_OfMembers, answer, connection, doing=doing).node
    if node is None:
        raise _gone(connection, doing)
    found: dict[str, list[str]] = {}
    for number, name in enumerate(splits):
        for edge in node[f"s{number}"].edges if f"s{number}" in node else ():
            found.setdefault(edge.node.id, []).append(name)
    return {member: tuple(sorted(names)) for member, names in found.items()}


def _members_query(splits: int) -> str:
    """Return the query for the examples of so many splits; asked for the splits of each example it takes far longer."""
    declared = ", ".join(f"$s{number}: [ID!]" for number in range(splits))
    asked = " ".join(
        f"s{number}: examples(datasetVersionId: $version, splitIds: $s{number}, first: $first)"
        " { edges { node { id } } }"
        for number in range(splits)
    )
    return (
        f"query ($dataset: ID!, $version: ID, $first: Int, {declared})"
        f" {{ node(id: $dataset) {{ ... on Dataset {{ {asked} }} }} }}"
    )


async def set_splits(connection: Connection, dataset: Dataset, moved: Mapping[str | None, Sequence[str]]) -> None:
    """Put examples, by their node ids, into one split each and out of all others; None: into none.

    Raises PhoenixError.
    """
    known = await _all_splits(connection)
    doing = f"the splits of {printable(dataset.name)} could not be set"
    for split, nodes in moved.items():
        if split is not None and split not in known:
            known = await _with_split(connection, split, doing)
        for start in range(0, len(nodes), _AT_ONCE):
            value = {
                "datasetId": dataset.id,
                "exampleIds": nodes[start : start + _AT_ONCE],
                "datasetSplitIds": [] if split is None else [known[split]],
            }
            await connection.graphql(_SET_SPLITS, doing=doing, variables={"input": value})


async def _with_split(connection: Connection, name: str, doing: str) -> dict[str, str]:
    """Make a split, or find that somebody has made it since; return all there are."""
    refused: PhoenixError | None = None
    try:
        await connection.graphql(_NEW_SPLIT, doing=doing, variables={"name": name, "color": _GREY}, again=False)
    except PhoenixError as error:
        refused = error
    known = await _all_splits(connection)
    if name not in known:
        raise refused or _gone(connection, doing)
    return known


def _gone(connection: Connection, doing: str) -> PhoenixError:
    message = f"{doing}: {connection.address.shown} does not have it any more"
    return PhoenixError(message, status=404, next_step="look at what it has, and try again")


async def _all_splits(connection: Connection) -> dict[str, str]:
    """Return the id of every split of the server by its name: all datasets share them."""
    doing = "the splits could not be listed"
    answer = await connection.graphql(_ALL_SPLITS, doing=doing, variables={"first": _ALL})
    edges = read_answer(_AllSplits, answer, connection, doing=doing).datasetSplits.edges
    return {edge.node.name: edge.node.id for edge in edges}
