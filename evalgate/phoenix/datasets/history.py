"""How a dataset in Phoenix came to be what it is: its versions, with what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.pushing import OURS
from evalgate.phoenix.datasets.reading import ListedExample, examples_of, versions_of
from evalgate.phoenix.datasets.records import Dataset, Version

_AT_ONCE: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryEntry:
    """One version. What nobody said of it is None; `examples` is how many it has."""

    version: str
    created_at: str
    examples: int
    message: str | None
    by: str | None = None
    commit: str | None = None
    added: int | None = None
    edited: int | None = None
    removed: int | None = None


async def history(connection: Connection, dataset: Dataset, *, limit: int) -> list[HistoryEntry]:
    """Return the newest versions of a dataset, newest first, at most `limit`. Raises PhoenixError."""
    versions: list[Version] = []
    async for version in versions_of(connection, dataset):
        versions.append(version)
        if len(versions) >= limit:
            break
    counts: dict[str, int] = {}
    for start in range(0, len(versions), _AT_ONCE):
        counts |= await _counts(connection, dataset, versions[start : start + _AT_ONCE])
    return [_entry(each, counts.get(each.id, 0)) for each in versions]


async def versions_with(
    connection: Connection, dataset: Dataset, example: str, *, limit: int
) -> tuple[list[tuple[Version, ListedExample | None]], bool]:
    """Return the newest versions of a dataset, newest first, with what each has of an example; at most `limit`.

    It ends with the one before the example was added. Also returns whether it goes back that far, or to the dataset's
    first. Splits have no history. Raises PhoenixError.
    """
    found: list[tuple[Version, ListedExample | None]] = []
    seen = False
    async for version in versions_of(connection, dataset):
        if len(found) >= limit:
            return found, False
        listed = (await examples_of(connection, dataset.id, version.id, name=dataset.name)).examples
        own = next((each for each in listed if each.id == example), None)
        found.append((version, own))
        if own is None and seen:
            # What was removed and came back has a life before: it is told from here on.
            return found, True
        seen = seen or own is not None
    return found, True


async def _counts(connection: Connection, dataset: Dataset, versions: list[Version]) -> dict[str, int]:
    """Return how many examples each version has, all of them asked for at once."""
    names = {f"v{number}": version.id for number, version in enumerate(versions)}
    declared = ", ".join(f"${name}: ID" for name in names)
    asked = " ".join(f"{name}: exampleCount(datasetVersionId: ${name})" for name in names)
    document = f"query ($dataset: ID!, {declared}) {{ node(id: $dataset) {{ ... on Dataset {{ {asked} }} }} }}"
    doing = f"the examples of {printable(dataset.name)} could not be counted"
    answer = await connection.graphql(document, doing=doing, variables={"dataset": dataset.id, **names})
    node = answer.get("node")
    found = node if isinstance(node, Mapping) else {}
    return {version: count for name, version in names.items() if isinstance(count := found.get(name), int)}


def _entry(version: Version, examples: int) -> HistoryEntry:
    own = version.metadata.get(OURS)
    said: Mapping[str, Any] = own if isinstance(own, Mapping) else {}

    def text(key: str) -> str | None:
        return value if isinstance(value := said.get(key), str) else None

    def count(key: str) -> int | None:
        return value if isinstance(value := said.get(key), int) else None

    return HistoryEntry(
        version=version.id,
        created_at=version.created_at,
        examples=examples,
        message=version.description,
        by=text("by"),
        commit=text("commit"),
        added=count("added"),
        edited=count("edited"),
        removed=count("removed"),
    )
