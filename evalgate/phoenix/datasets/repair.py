"""Ids for the examples of a dataset that have none of their own, so that an edit leaves them what they are.

Phoenix gives no id to an example that is there. So each is added anew with one, in its splits and with its span, and
the one without is removed. What an example is called follows from its node, so that a repair that was cut off goes on.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalgate.canonical import content_hash
from evalgate.encoding import printable
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.pushing import OURS, Why, patch_examples
from evalgate.phoenix.datasets.reading import find_dataset, find_version, read_version
from evalgate.phoenix.datasets.records import Dataset, StoredExample, Version
from evalgate.phoenix.datasets.uploading import upload_body


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """What a repair would do: each example without an id, and the one that it gets. `examples` counts all there are."""

    dataset: Dataset
    version: Version
    examples: int
    names: tuple[tuple[StoredExample, str], ...]


async def repair_of(connection: Connection, name: str) -> Repair:
    """Return what a repair of the dataset would do; nothing is written. Raises DatasetError and PhoenixError."""
    dataset = await find_dataset(connection, name)
    version = await find_version(connection, dataset, None)
    stored = await read_version(connection, dataset, version)
    taken = {each.id: each for each in stored if each.id is not None}
    unnamed = [each for each in stored if each.id is None]
    names = tuple((each, _name(each, taken)) for each in unnamed)
    return Repair(dataset=dataset, version=version, examples=len(stored), names=names)


async def repair(connection: Connection, planned: Repair, why: Why) -> Version:
    """Do it and return the version that it made. Raises PhoenixError; doing it again goes on with what is left."""
    dataset = planned.dataset
    doing = f"ids could not be given to the examples of {printable(dataset.name)}"
    examples = [(name, _content(each), each.splits, each.span_id) for each, name in planned.names]
    body = upload_body(dataset.name, examples)
    await connection.rest("POST", "v1/datasets/upload", doing=doing, query={"sync": "true"}, body=body)
    said = {
        "versionDescription": why.message,
        "versionMetadata": {
            OURS: {
                "push": secrets.token_hex(8),
                "version": why.evalgate,
                **({"by": why.by} if why.by is not None else {}),
                "repaired": {each.node_id: name for each, name in planned.names},
            }
        },
    }
    removals = [{"remove": {"exampleId": each.node_id}} for each, _ in planned.names]
    return await patch_examples(connection, dataset, removals, said)


def _name(example: StoredExample, taken: Mapping[str, StoredExample]) -> str:
    """Return the id that an example gets: of its number in Phoenix, with a mark where another one has that."""
    number = _number(example.node_id)
    name = f"example-{number}" if number else f"example-{content_hash(example.node_id)[:8]}"
    other = taken.get(name)
    if other is None or _content(other) == _content(example):
        return name
    return f"{name}-{content_hash([example.node_id, _content(example)])[:6]}"


def _number(node_id: str) -> str | None:
    try:
        text = base64.b64decode(node_id, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    found = re.fullmatch(r"\w+:(\d+)", text, re.ASCII)
    return found[1] if found else None


def _content(example: StoredExample) -> dict[str, Any]:
    return {"input": example.input, "output": example.output, "metadata": example.metadata}


def first_names(planned: Repair, shown: int) -> Sequence[str]:
    """Return what the first examples are called now and would be."""
    return [f"{each.node_id} → {name}" for each, name in planned.names[:shown]]
