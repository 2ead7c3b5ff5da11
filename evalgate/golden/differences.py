"""What changed between two datasets, by example id and by path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalgate.golden.raw import Path
from evalgate.golden.versions import example_hash, version_of_hashes
from evalgate.paths import MISSING
from evalgate.records import Example, Json


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One place of an example that differs. `before` or `after` is None with `added` or `removed` set."""

    path: str
    before: Json
    after: Json
    added: bool = False
    removed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """An example whose content changed under the same id."""

    id: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetDiff:
    """Two datasets side by side. Ids are in the order of the file that has them."""

    before_version: str
    after_version: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[Edit, ...]
    unchanged: int


def diff(before: Iterable[Example], after: Iterable[Example]) -> DatasetDiff:
    """Compare two datasets by example id. Holds one of them in memory."""
    old = {example.id: example for example in before}
    left = dict.fromkeys(old)
    old_hashes = {identity: example_hash(example) for identity, example in old.items()}
    new_hashes: list[bytes] = []
    added: list[str] = []
    edited: list[Edit] = []
    unchanged = 0
    for example in after:
        own = example_hash(example)
        new_hashes.append(bytes.fromhex(own))
        if example.id not in old:
            added.append(example.id)
            continue
        del left[example.id]
        if old_hashes[example.id] == own:
            unchanged += 1
        else:
            edited.append(Edit(id=example.id, changes=tuple(_changes(old[example.id], example))))
    return DatasetDiff(
        before_version=version_of_hashes(bytes.fromhex(one) for one in old_hashes.values()),
        after_version=version_of_hashes(new_hashes),
        added=tuple(added),
        removed=tuple(left),
        edited=tuple(edited),
        unchanged=unchanged,
    )


def _changes(before: Example, after: Example) -> Iterator[FieldChange]:
    for name in ("input", "output", "metadata", "split"):
        yield from _between((name,), getattr(before, name), getattr(after, name))


def _between(path: Path, before: Any, after: Any) -> Iterator[FieldChange]:
    """Yield the smallest differing places; lists of different lengths differ as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _between((*path, key), before.get(key, MISSING), after.get(key, MISSING))
    elif _is_list(before) and _is_list(after) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _between((*path, index), one, other)
    elif before is MISSING:
        yield FieldChange(path=_written(path), before=None, after=after, added=True)
    elif after is MISSING:
        yield FieldChange(path=_written(path), before=before, after=None, removed=True)
    elif before != after or type(before) is not type(after):
        yield FieldChange(path=_written(path), before=before, after=after)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _written(path: Path) -> str:
    """Return a path as `evalgate.paths` reads it back."""
    text = ""
    for step in path:
        plain = isinstance(step, str) and step and not set(step) & set('.[]"')
        text += f".{step}" if plain else f"[{step}]" if isinstance(step, int) else f'["{step}"]'
    return text.removeprefix(".")
