"""A golden file put into a dataset of Phoenix: in one version that says who, what and why, and never twice.

A call whose answer is lost may have been done. So each version carries a mark of its own, and what the server has is
read again before anything is said to have failed.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.golden.curated import span_of
from evalgate.golden.versions import dataset_version
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.datasets.changes import Changes, compare_with
from evalgate.phoenix.datasets.reading import (
    aligned,
    golden_examples,
    latest_version,
    look_up_dataset,
    read_version,
    versions_of,
)
from evalgate.phoenix.datasets.records import Dataset, StoredExample, Version
from evalgate.phoenix.datasets.splits import memberships, set_splits
from evalgate.phoenix.datasets.uploading import is_uploaded, unlinked, upload, upload_linked

OURS: Final = "evalgate"
"""The key of a version's metadata under which evalgate says what it did."""
_LOOKS: Final = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds between looks for what a call may have done whose answer did not come."""

_CREATE: Final = (
    "mutation ($name: String!, $metadata: JSON) { createDataset(input: {name: $name, metadata: $metadata})"
    " { dataset { id } } }"
)
_PATCH: Final = (
    "mutation ($input: PatchDatasetExamplesInput!) { patchDatasetExamples(input: $input) { dataset { id } } }"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """What a version says of itself: `message` for people, `by` whom, of which commit, from which file, its `tag`."""

    message: str
    by: str | None = None
    commit: str | None = None
    file: str | None = None
    tag: str | None = None
    evalgate: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pushed:
    """What the dataset is now. `exact`: its content hash is the file's, where it holds nothing else."""

    dataset: Dataset
    version: Version
    made: bool
    """Whether a version was made: who is in which split changes without one."""
    exact: bool
    unlinked: tuple[str, ...] = ()
    """Examples that say which span they were made of, and are not linked to it: Phoenix has it no more."""


async def push(connection: Connection, changes: Changes, why: Why) -> Pushed:
    """Do to a dataset what `changes` says, and nothing else; doing it again changes nothing.

    Raises PhoenixError, also where somebody else changed the dataset meanwhile; what was done until then stays.
    """
    dataset = changes.dataset or await _created(connection, changes.name)
    await _require_unmoved(connection, dataset, changes.version)
    said = _said(changes, why)
    changes = await _linked(connection, dataset, changes)
    version, made = changes.version, False
    if operations := [*changes.operations()]:
        version, made = await _patched(connection, dataset, changes, operations, said), True
    if version is None:
        raise PhoenixError(
            f"the dataset {printable(dataset.name)} of {connection.address.shown} is empty, and so is what was pushed",
            status=200,
            next_step="push a file with examples",
        )
    stored = await read_version(connection, dataset, version)
    if await _set_splits(connection, dataset, stored, changes):
        members = await memberships(connection, dataset, version)
        stored = tuple(replace(each, splits=members.get(each.node_id, ())) for each in stored)
    return Pushed(
        dataset=dataset,
        version=version,
        made=made,
        exact=_verified(connection, changes, stored),
        unlinked=unlinked(stored, changes.own),
    )


async def _linked(connection: Connection, dataset: Dataset, changes: Changes) -> Changes:
    """Add those that were made of spans, linked to them, and return what is left to do."""
    new = [each for name in changes.diff.added if span_of((each := changes.own[name]).metadata) is not None]
    if not new:
        return changes
    await upload_linked(connection, dataset, new)
    after = await compare_with(connection, changes.name, changes.own.values(), delete=changes.delete)
    added = {each.id for each in new}
    if {each: one for each, one in after.stored.items() if each not in added} != dict(changes.stored):
        raise _meanwhile(connection, dataset.name)
    return after


async def _created(connection: Connection, name: str) -> Dataset:
    """Make a dataset under a name that is new; of somebody else who makes it at the same time, one is refused."""
    doing = f"the dataset {printable(name)} could not be made"
    mark = secrets.token_hex(8)
    try:
        variables = {"name": name, "metadata": {OURS: {"push": mark}}}
        await connection.graphql(_CREATE, doing=doing, variables=variables, again=False)
    except PhoenixError as error:
        if not error.passing and "already exists" not in error.message:
            raise
        # Without an answer it may have been made; with this one, somebody made it since we looked.
        for seconds in _LOOKS:
            await asyncio.sleep(seconds)
            made = await look_up_dataset(connection, name)
            if made is not None and _mark(made.metadata) == mark:
                return made
            if not error.passing:
                raise _meanwhile(connection, name) from None
        raise
    found = await look_up_dataset(connection, name)
    if found is None:
        raise _meanwhile(connection, name)
    return found


def _mark(metadata: object) -> str | None:
    own = metadata.get(OURS) if isinstance(metadata, Mapping) else None
    mark = own.get("push") if isinstance(own, Mapping) else None
    return mark if isinstance(mark, str) else None


async def _require_unmoved(connection: Connection, dataset: Dataset, compared: Version | None) -> None:
    """Raise PhoenixError where the dataset has moved since it was compared: the answer was for what was shown."""
    now = await latest_version(connection, dataset)
    if (now.id if now is not None else None) != (compared.id if compared is not None else None):
        raise _meanwhile(connection, dataset.name)


def _meanwhile(connection: Connection, name: str) -> PhoenixError:
    return PhoenixError(
        f"somebody else changed the dataset {printable(name)} of {connection.address.shown} meanwhile",
        status=409,
        next_step="look at the difference and push again: the same command",
    )


def _said(changes: Changes, why: Why) -> dict[str, Any]:
    # Of a push that was cut off after an upload: added all the same.
    half = [each.id for each in changes.diff.edited if is_uploaded(changes.stored[each.id], changes.own[each.id])]
    own = {
        "push": secrets.token_hex(8),
        "version": why.evalgate,
        "by": why.by,
        "commit": why.commit,
        "file": why.file,
        "tag": why.tag,
        "content": dataset_version(changes.expected().values()),
        "added": len(changes.diff.added) + len(half),
        "edited": len(changes.diff.edited) - len(half),
        "removed": len(changes.removed),
    }
    kept = {key: value for key, value in own.items() if value is not None}
    return {"versionDescription": why.message, "versionMetadata": {OURS: kept}}


async def _patched(
    connection: Connection,
    dataset: Dataset,
    changes: Changes,
    operations: Sequence[Mapping[str, Any]],
    said: Mapping[str, Any],
) -> Version:
    """Make the version, and return it as the server has it."""
    try:
        return await patch_examples(connection, dataset, operations, said)
    except PhoenixError as error:
        if "already taken" not in error.message:
            raise
    # An id of an example that was deleted once stays taken, and only an upload brings it back: in a version without
    # a description, so the one that has it comes next.
    await upload(connection, dataset, [changes.own[each] for each in changes.diff.added])
    left = [each for each in operations if "add" not in each]
    if not left:
        version = await latest_version(connection, dataset)
        stored = await read_version(connection, dataset, version) if version is not None else ()
        one = next(each for each in stored if each.id in changes.diff.added)
        left = [{"replace": {"exampleId": one.node_id, "field": "METADATA", "value": one.metadata}}]
    return await patch_examples(connection, dataset, left, said)


async def patch_examples(
    connection: Connection, dataset: Dataset, operations: Sequence[Mapping[str, Any]], said: Mapping[str, Any]
) -> Version:
    """Do several things to a dataset's examples in one version, or none of them. `said` has its mark.

    Raises PhoenixError; where the answer is lost, after having looked whether it was done.
    """
    doing = f"the dataset {printable(dataset.name)} could not be changed"
    mark = _mark(said["versionMetadata"]) or ""
    value = {"datasetId": dataset.id, "operations": [*operations], **said}
    try:
        await connection.graphql(_PATCH, doing=doing, variables={"input": value}, again=False)
    except PhoenixError as error:
        found = await _marked(connection, dataset, mark) if error.passing or error.status == 200 else None
        for seconds in _LOOKS if error.passing else ():
            if found is not None:
                break
            await asyncio.sleep(seconds)
            found = await _marked(connection, dataset, mark)
        if found is None:
            raise _too_old(error) from None
        return found
    found = await _marked(connection, dataset, mark)
    if found is None:
        raise _meanwhile(connection, dataset.name)
    return found


def _too_old(error: PhoenixError) -> PhoenixError:
    if "patchDatasetExamples" in error.message or "PatchDatasetExamplesInput" in error.message:
        step = "take a newer Phoenix server: this one cannot change several examples in one version"
        return PhoenixError(error.message, status=error.status, next_step=step)
    return error


async def _marked(connection: Connection, dataset: Dataset, mark: str) -> Version | None:
    """Return the version that has the mark among the newest ones."""
    seen = 0
    async for version in versions_of(connection, dataset):
        if _mark(version.metadata) == mark:
            return version
        seen += 1
        if seen > 50:
            return None
    return None


async def _set_splits(
    connection: Connection, dataset: Dataset, stored: Sequence[StoredExample], changes: Changes
) -> bool:
    """Put examples of the file into the splits that it says; return whether any was in another."""
    moved: dict[str | None, list[str]] = {}
    for each in aligned(stored, changes.own):
        own = changes.own.get(each.id or "")
        if own is not None and each.splits != (() if own.split is None else (own.split,)):
            moved.setdefault(own.split, []).append(each.node_id)
    if not moved:
        return False
    await set_splits(connection, dataset, moved)
    return True


def _verified(connection: Connection, changes: Changes, stored: Sequence[StoredExample]) -> bool:
    """Return whether what the server has now has the hash of what was meant; raise PhoenixError where it is else.

    A database may write 1e20 as an integer: that is the same to whoever reads it, and another hash.
    """
    wanted = changes.expected()
    now = {each.id: each for each in golden_examples(changes.name, aligned(stored, wanted))}
    if now != wanted:
        raise _meanwhile(connection, changes.name)
    return dataset_version(now.values()) == dataset_version(wanted.values())
