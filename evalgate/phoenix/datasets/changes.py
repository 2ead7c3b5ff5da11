"""What pushing a golden file to a dataset in Phoenix would change; nothing is written here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.errors import ConfigurationError, DatasetError, ErrorGroup
from evalgate.golden.differences import DatasetDiff, diff
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.reading import (
    aligned,
    golden_examples,
    latest_version,
    look_up_dataset,
    read_version,
)
from evalgate.phoenix.datasets.records import Dataset, StoredExample, Version
from evalgate.records import Example

_NODE: Final = "DatasetExample:"
_SHOWN: Final = 10
_LARGEST: Final = 2**63
_FIELDS: Final = ("input", "output", "metadata")


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """A file beside the newest version of a dataset. `dataset` is None for a name that is new.

    `version` is None where the dataset has nothing in it yet. `diff` goes from Phoenix to the file.
    """

    name: str
    dataset: Dataset | None
    version: Version | None
    stored: Mapping[str, StoredExample]
    own: Mapping[str, Example]
    diff: DatasetDiff
    delete: bool
    """Whether what the file lacks is removed."""

    @property
    def removed(self) -> tuple[str, ...]:
        """Return the ids that a push would remove."""
        return self.diff.removed if self.delete else ()

    @property
    def kept(self) -> tuple[str, ...]:
        """Return the ids that the file lacks and Phoenix keeps."""
        return () if self.delete else self.diff.removed

    def __bool__(self) -> bool:
        return bool(self.dataset is None or self.diff.added or self.diff.edited or self.removed)

    def expected(self) -> dict[str, Example]:
        """Return what the dataset should hold afterwards, by id."""
        left = golden_examples(self.name, [self.stored[each] for each in self.kept])
        return {**{each.id: each for each in left}, **self.own}

    def operations(self) -> Iterator[dict[str, Any]]:
        """Yield what is to be done to its content, as GraphQL takes it. Splits are no content there."""
        for each in self.diff.added:
            yield {"add": {"value": {**contents(self.own[each]), "externalId": each}}}
        for edit in self.diff.edited:
            old, new = self.stored[edit.id], contents(self.own[edit.id])
            for name in _FIELDS:
                if getattr(old, name) != new[name] or _types(getattr(old, name)) != _types(new[name]):
                    yield {"replace": {"exampleId": old.node_id, "field": name.upper(), "value": new[name]}}
        for each in self.removed:
            yield {"remove": {"exampleId": self.stored[each].node_id}}


def contents(example: Example) -> dict[str, Any]:
    """Return an example's content as Phoenix keeps it: what is not there is empty."""
    return {"input": example.input, "output": example.output or {}, "metadata": example.metadata}


async def compare_with(connection: Connection, name: str, own: Iterable[Example], *, delete: bool) -> Changes:
    """Return what a push of `own` to the dataset `name` would change.

    Raises ErrorGroup for examples that Phoenix would not keep as they are, DatasetError and ErrorGroup for what is
    wrong with those that it has, and PhoenixError.
    """
    mine = {example.id: example for example in own}
    _refuse_unkept(mine.values())
    dataset = await look_up_dataset(connection, name)
    version = await latest_version(connection, dataset) if dataset is not None else None
    stored: tuple[StoredExample, ...] = ()
    if dataset is not None and version is not None:
        stored = await read_version(connection, dataset, version)
    before = golden_examples(name, aligned(stored, mine))
    return Changes(
        name=name,
        dataset=dataset,
        version=version,
        stored={each.id: each for each in stored if each.id is not None},
        own=mine,
        diff=diff(before, mine.values()),
        delete=delete,
    )


def is_node_id(text: str) -> bool:
    """Return whether a text is what Phoenix takes for its own id of an example."""
    try:
        return base64.b64decode(text, validate=True).decode().startswith(_NODE)
    except (binascii.Error, ValueError):
        return False


def _refuse_unkept(examples: Iterable[Example]) -> None:
    wrong: list[ConfigurationError] = []
    for example in examples:
        if example.id != example.id.strip():
            wrong.append(_unkept(example, "its id begins or ends with a space, which Phoenix drops"))
        elif is_node_id(example.id):
            wrong.append(_unkept(example, "its id reads as one of Phoenix's own ids, which stand for other examples"))
        if example.split is not None and example.split != example.split.strip():
            wrong.append(_unkept(example, "its split begins or ends with a space, which Phoenix drops"))
        if (number := next(_too_large([example.input, example.output, example.metadata]), None)) is not None:
            wrong.append(_unkept(example, f"{number!r} is a number that Phoenix cannot give back: write it as text"))
    if wrong:
        more = len(wrong) - _SHOWN
        listed = [*wrong[:_SHOWN], *([DatasetError(f"{more:,} more of that kind")] if more > 0 else [])]
        raise ErrorGroup(listed, next_step="correct the file, then push it again")


def _unkept(example: Example, why: str) -> DatasetError:
    return DatasetError(printable(f"example {example.id[:60]!r}: {why}"))


def _too_large(value: Any) -> Iterator[int | float]:
    """Yield the numbers with which a version cannot be read any more: PostgreSQL makes integers of large floats."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            stack += item.values()
        elif isinstance(item, list | tuple):
            stack += item
        elif (isinstance(item, int) and not -_LARGEST <= item < 2 * _LARGEST) or (
            isinstance(item, float) and abs(item) >= _LARGEST
        ):
            yield item


def _types(value: Any) -> Any:
    """Return the shape of a value by its types: 1, 1.0 and true are equal to Python, and not the same."""
    if isinstance(value, Mapping):
        return {key: _types(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_types(each) for each in value]
    return type(value)
