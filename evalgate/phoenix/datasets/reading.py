"""Datasets as a Phoenix server has them: found by name, their versions, and the examples of one version."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.errors import ConfigurationError, DatasetError, ErrorGroup
from evalgate.golden.examples import to_example
from evalgate.golden.json_values import bad_values
from evalgate.golden.raw import Raw
from evalgate.phoenix.answers import Answer, Page, pages, read_answer
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.records import Dataset, StoredExample, Version
from evalgate.phoenix.datasets.splits import memberships
from evalgate.records import Example

LATEST: Final = "latest"
_PAGE: Final = 500
_NAMED: Final = 5


class _Listed(Answer):
    id: str
    name: str
    created_at: str
    example_count: int = 0
    description: str | None = None
    metadata: dict[str, Any] | None = None


class _Datasets(Page):
    data: tuple[_Listed, ...]


class _OneDataset(Answer):
    data: _Listed


class _Version(Answer):
    version_id: str
    created_at: str
    description: str | None = None
    metadata: dict[str, Any] | None = None


class _Versions(Page):
    data: tuple[_Version, ...]


class _Source(Answer):
    span_id: str


class ListedExample(Answer):
    """An example of a version. `id` is `node_id` where nobody gave it one."""

    id: str
    node_id: str
    input: dict[str, Any]
    output: dict[str, Any]
    metadata: dict[str, Any]
    source: _Source | None = None


class ExamplesOf(Answer):
    """The examples of a version, and its id."""

    version_id: str
    examples: tuple[ListedExample, ...]


class _Examples(Answer):
    data: ExamplesOf


async def look_up_dataset(connection: Connection, name: str) -> Dataset | None:
    """Return the dataset of this name, None where there is none. Raises PhoenixError."""
    doing = f"the dataset {printable(name)} could not be looked up"
    answer = await connection.rest("GET", "v1/datasets", doing=doing, query={"name": name, "limit": 1})
    found = read_answer(_Datasets, answer, connection, doing=doing).data
    return next((_dataset(each) for each in found if each.name == name), None)


async def get_dataset(connection: Connection, dataset: str) -> Dataset:
    """Return a dataset by its id. Raises PhoenixError, also where it is gone."""
    doing = f"the dataset {printable(dataset)} could not be read"
    answer = await connection.rest("GET", f"v1/datasets/{dataset}", doing=doing)
    return _dataset(read_answer(_OneDataset, answer, connection, doing=doing).data)


async def list_datasets(connection: Connection) -> AsyncIterator[Dataset]:
    """Yield every dataset of a server, page by page. Raises PhoenixError."""
    doing = "the datasets could not be listed"
    async for page in pages(_Datasets, connection, "v1/datasets", doing=doing, query={"limit": _PAGE}):
        for each in page.data:
            yield _dataset(each)


async def find_dataset(connection: Connection, name: str) -> Dataset:
    """Return the dataset of this name. Raises DatasetError where there is none, with the nearest name; PhoenixError."""
    found = await look_up_dataset(connection, name)
    if found is not None:
        return found
    names = [each.name async for each in list_datasets(connection)]
    near = difflib.get_close_matches(name, names, n=1)
    raise DatasetError(
        printable(
            f"{connection.address.shown} has no dataset {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
        ),
        next_step=f"name one that it has, or make it: `evalgate dataset push FILE --to {printable(name)}`",
    )


async def versions_of(connection: Connection, dataset: Dataset) -> AsyncIterator[Version]:
    """Yield the versions of a dataset, newest first, page by page. Raises PhoenixError."""
    doing = f"the versions of {printable(dataset.name)} could not be listed"
    path = f"v1/datasets/{dataset.id}/versions"
    async for page in pages(_Versions, connection, path, doing=doing, query={"limit": _PAGE}):
        for each in page.data:
            yield Version(
                id=each.version_id,
                created_at=each.created_at,
                description=each.description,
                metadata=each.metadata or {},
            )


async def latest_version(connection: Connection, dataset: Dataset) -> Version | None:
    """Return the newest version, None where nothing was ever put into the dataset. Raises PhoenixError."""
    async for version in versions_of(connection, dataset):
        return version
    return None


async def find_version(connection: Connection, dataset: Dataset, asked: str | None) -> Version:
    """Return a version of the dataset by its id; the newest for `latest` or None.

    Raises DatasetError for one that this dataset does not have: the server itself would take another dataset's.
    """
    async for version in versions_of(connection, dataset):
        if asked in (None, LATEST, version.id):
            return version
    if asked in (None, LATEST):
        raise DatasetError(
            f"the dataset {printable(dataset.name)} of {connection.address.shown} has no version: it is empty",
            next_step=f"evalgate dataset push FILE --to {printable(dataset.name)}",
        )
    raise DatasetError(
        f"the dataset {printable(dataset.name)} of {connection.address.shown} has no version {printable(str(asked))}",
        next_step=f"evalgate dataset history {printable(dataset.name)} lists those that it has",
    )


async def examples_of(connection: Connection, dataset: str, version: str | None, *, name: str) -> ExamplesOf:
    """Return the examples of a version, the latest for None, of a dataset by its id. `name` is said in errors.

    Raises PhoenixError, also where either is gone.
    """
    doing = f"the examples of {printable(name)} could not be read"
    query = {} if version is None else {"version_id": version}
    answer = await connection.rest("GET", f"v1/datasets/{dataset}/examples", doing=doing, query=query)
    return read_answer(_Examples, answer, connection, doing=doing).data


async def read_version(connection: Connection, dataset: Dataset, version: Version) -> tuple[StoredExample, ...]:
    """Return every example of a version in the server's order, each with the splits that it is in now.

    Raises PhoenixError, also where the dataset was deleted meanwhile.
    """
    read = (await examples_of(connection, dataset.id, version.id, name=dataset.name)).examples
    splits = await memberships(connection, dataset, version)
    return tuple(
        StoredExample(
            id=each.id if each.id != each.node_id else None,
            node_id=each.node_id,
            input=each.input,
            output=each.output,
            metadata=each.metadata,
            splits=splits.get(each.node_id, ()),
            span_id=each.source.span_id if each.source is not None else None,
        )
        for each in read
    )


async def newest_examples(connection: Connection, name: str) -> tuple[StoredExample, ...]:
    """Return what the dataset of this name has in its newest version; nothing where there is none.

    Raises as `read_version` does.
    """
    dataset = await look_up_dataset(connection, name)
    version = None if dataset is None else await latest_version(connection, dataset)
    return () if dataset is None or version is None else await read_version(connection, dataset, version)


def golden_examples(name: str, stored: Sequence[StoredExample], *, split: str | None = None) -> list[Example]:
    """Return the examples of the dataset `name` as golden ones, in their order.

    Of several splits an example is shown in `split` where it is in that, else in the first by name; an empty output is
    no expected answer, as the server cannot tell the two apart. Raises DatasetError where examples have no id of their
    own, ErrorGroup for content that no golden dataset can have.
    """
    unnamed = [each for each in stored if each.id is None]
    if unnamed:
        first = ", ".join(each.node_id for each in unnamed[:_NAMED])
        raise DatasetError(
            printable(
                f"{len(unnamed):,} of {len(stored):,} examples of {name} have no external id ({first}"
                f"{', …' if len(unnamed) > _NAMED else ''}): an edit would make other examples of them, and nothing"
                " measured before could be compared"
            ),
            next_step=f"evalgate dataset repair {printable(name)}",
        )
    found: list[Example] = []
    wrong: list[ConfigurationError] = []
    for each in stored:
        value = {
            "id": each.id,
            "input": each.input,
            "output": each.output or None,
            "metadata": each.metadata,
            "split": _one_split(each.splits, split),
        }
        reading = to_example(Raw(value, (1, 1), lambda _: (1, 1)), {})
        messages = [*(message for _, message in bad_values(value)), *(problem.message for problem in reading.problems)]
        wrong += [DatasetError(printable(f"example {str(each.id)[:60]} of {name}: {message}")) for message in messages]
        if reading.example is not None:
            found.append(reading.example)
    if wrong:
        more = [DatasetError(f"{len(wrong) - _NAMED:,} more problems")] if len(wrong) > _NAMED else []
        raise ErrorGroup([*wrong[:_NAMED], *more], next_step=f"mend them in the dataset {printable(name)} in Phoenix")
    return found


def aligned(stored: Sequence[StoredExample], own: Mapping[str, Example]) -> list[StoredExample]:
    """Return stored examples, those that are in an own one's split among others with that alone: it is there."""
    return [
        replace(each, splits=(mine.split,))
        if each.id is not None and (mine := own.get(each.id)) is not None and mine.split in each.splits and mine.split
        else each
        for each in stored
    ]


def _one_split(splits: Sequence[str], wanted: str | None) -> str | None:
    return wanted if wanted in splits else splits[0] if splits else None


def _dataset(listed: _Listed) -> Dataset:
    return Dataset(
        id=listed.id,
        name=listed.name,
        created_at=listed.created_at,
        examples=max(listed.example_count, 0),
        description=listed.description,
        metadata=listed.metadata or {},
    )
