"""Examples put into a dataset of Phoenix by its upload, the one call that takes spans and ids of deleted examples.

It makes a version without a description. So whoever uploads leaves something to be said by the version after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalgate.encoding import printable
from evalgate.golden.curated import span_of, uncurated
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.changes import contents
from evalgate.phoenix.datasets.records import Dataset, StoredExample
from evalgate.records import Example


async def upload(connection: Connection, dataset: Dataset, examples: Sequence[Example]) -> None:
    """Add examples; done twice, it is done once. Raises PhoenixError."""
    await _sent(connection, dataset, [(each.id, contents(each), each.split, None) for each in examples])


async def upload_linked(connection: Connection, dataset: Dataset, examples: Sequence[Example]) -> None:
    """Add examples, each linked to the span that it was made of, as yet without `metadata.curated`.

    With that the next version has something to say it with, also where this process ends in between. A span that
    the server does not have is no error for it: see `unlinked`. Raises PhoenixError.
    """
    rows = []
    for each in examples:
        content = {**contents(each), "metadata": uncurated(each.metadata)}
        rows.append((each.id, content, each.split, span_of(each.metadata)))
    await _sent(connection, dataset, rows)


def is_uploaded(stored: StoredExample, own: Example) -> bool:
    """Return whether this is what `upload_linked` makes of an example."""
    content = contents(own)
    return (stored.input, stored.output, stored.metadata) == (
        content["input"],
        content["output"],
        uncurated(own.metadata),
    ) and stored.metadata != own.metadata


def unlinked(stored: Iterable[StoredExample], own: Mapping[str, Example]) -> tuple[str, ...]:
    """Return the ids of the examples that name a span and are not linked to it."""
    return tuple(
        each.id
        for each in stored
        if each.id is not None
        and (mine := own.get(each.id)) is not None
        and (span := span_of(mine.metadata)) is not None
        and each.span_id != span
    )


async def _sent(
    connection: Connection,
    dataset: Dataset,
    examples: Sequence[tuple[str, Mapping[str, Any], str | None, str | None]],
) -> None:
    body = upload_body(dataset.name, examples)
    doing = f"examples could not be added to {printable(dataset.name)}"
    await connection.rest("POST", "v1/datasets/upload", doing=doing, query={"sync": "true"}, body=body)


def upload_body(
    name: str, examples: Sequence[tuple[str, Mapping[str, Any], str | Sequence[str] | None, str | None]]
) -> dict[str, Any]:
    """Return the body of an upload that adds: (id, content, its split or splits, its span) of each example."""
    return {
        "action": "append",
        "name": name,
        "inputs": [content["input"] for _, content, _, _ in examples],
        "outputs": [content["output"] for _, content, _, _ in examples],
        "metadata": [content["metadata"] for _, content, _, _ in examples],
        "splits": [split if split is None or isinstance(split, str) else [*split] for _, _, split, _ in examples],
        "span_ids": [span for _, _, _, span in examples],
        "example_ids": [identity for identity, _, _, _ in examples],
    }
