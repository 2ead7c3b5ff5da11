"""What a change edits of the definitions that decide about it: config keys, evaluators' files, golden examples."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from evalgate.decision.number_words import count, some
from evalgate.golden.reading import read_examples
from evalgate.golden.versions import example_hash
from evalgate.records import Example
from evalgate.suite.config import Config, DatasetRef, Suite
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.inputs import evaluator_files, hash_files
from evalgate.suite.settings import shown

_WORDS: Final = 60
_NAMED: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing that the base commit and the change define differently. `suite` is None for what all suites share."""

    suite: str | None = None
    key: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A dataset of one of the two: where it is and how it is read."""

    root: Path
    ref: DatasetRef

    @property
    def path(self) -> Path:
        """Return the file."""
        return self.ref.path(self.root)

    def whole(self) -> Iterator[Example]:
        """Yield every example of the file, whatever its split."""
        return read_examples(self.path, fields=self.ref.fields)

    def takes(self, example: Example) -> bool:
        """Return whether its suite runs an example of the file."""
        return self.ref.split is None or example.split == self.ref.split


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleChanges:
    """What a change does to the examples that the base commit runs, by id.

    `edited` has, by example, which of its parts differ. `beyond` counts those that the base has and does not run.
    """

    first: bool = False
    """The base runs none."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    edited: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beyond: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.edited or self.beyond)


def alike(base: Source, own: Source) -> bool:
    """Return whether both read one content in one way: then nothing of it has to be read to know that it is equal."""
    same = (base.ref.fields, base.ref.split) == (own.ref.fields, own.ref.split)
    there = base.path.is_file() and own.path.is_file() and base.path.suffix == own.path.suffix
    return same and there and filecmp.cmp(base.path, own.path, shallow=False)


Known = Mapping[str, tuple[str, bool]]
"""By id, each example's hash and whether its suite runs it."""


def known_examples(source: Source) -> Known:
    """Return what is in a dataset. Raises DatasetError and ErrorGroup where it cannot be read."""
    return {example.id: (example_hash(example), source.takes(example)) for example in source.whole()}


def compare_examples(base: Source, known: Known, own: Source) -> ExampleChanges:
    """Return what the change's dataset makes of the base's, which has `known`. Raises as `known_examples` does."""
    left = dict.fromkeys(name for name, (_, taken) in known.items() if taken)
    if not left:
        return ExampleChanges(first=True)
    added: list[str] = []
    edited: dict[str, Example] = {}
    beyond = 0
    for example in own.whole():
        if not own.takes(example):
            continue
        if example.id not in known:
            # The base's split decides which examples are run; one of another split is none of this suite's.
            if base.takes(example):
                added.append(example.id)
        elif not known[example.id][1]:
            beyond += 1
        else:
            left.pop(example.id, None)
            if known[example.id][0] != example_hash(example):
                edited[example.id] = example
    return ExampleChanges(
        added=tuple(added),
        removed=tuple(left),
        edited=dict(_parts(base, edited)) if edited else {},
        beyond=beyond,
    )


def _parts(base: Source, edited: Mapping[str, Example]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for before in base.whole():
        after = edited.get(before.id)
        if after is not None:
            parts = ("input", "output", "metadata", "split")
            yield before.id, tuple(part for part in parts if getattr(before, part) != getattr(after, part))


def of_examples(suite: str, changes: ExampleChanges) -> Iterator[Difference]:
    """Yield what is said of them."""
    names = {"output": "answer", "input": "input", "metadata": "metadata", "split": "split"}
    parts = []
    for part, word in names.items():
        ids = [name for name, what in changes.edited.items() if part in what]
        if ids:
            several = word if part == "metadata" or len(ids) == 1 else f"{word}s"
            of = f"metadata of {len(ids):,} changed" if part == "metadata" else f"{len(ids):,} {several} changed"
            parts.append(f"{of} ({_listed(ids)})")
    for several_ids, word in ((changes.removed, "removed"), (changes.added, "added")):
        if several_ids:
            parts.append(f"{count(len(several_ids), 'example')} {word} ({_listed(several_ids)})")
    if changes.beyond:
        parts.append(f"{changes.beyond:,} of other splits taken in")
    if parts:
        yield Difference(suite=suite, key="dataset", message=f"the golden dataset: {', '.join(parts)}")


def _listed(ids: Sequence[str]) -> str:
    return some([_cut(each) for each in ids], _NAMED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluators:
    """The evaluators of one of the two, and where their files are."""

    declared: Sequence[Evaluator]
    root: Path
    endpoints: Mapping[str, Any]

    def parts(self, evaluator: Evaluator) -> dict[str, Any]:
        """Return all that an evaluator's scores depend on, by what it is called."""
        files = {
            f"its file {name}": digest for name, digest in hash_files(self.root, evaluator_files(evaluator)).items()
        }
        addresses = {
            f"endpoints.{name}.base_url": self.endpoints[name].base_url
            for name in {model.partition("/")[0] for model in evaluator.models} & set(self.endpoints)
        }
        return {**evaluator.model_dump(mode="json", by_alias=True), **files, **addresses}


def of_evaluators(suite: str, base: Evaluators, own: Evaluators) -> Iterator[tuple[str, Difference]]:
    """Yield (the evaluator's name, what is said) of every evaluator that the two define differently."""
    ours = {each.label: each for each in own.declared}
    for before in base.declared:
        name = before.label
        key = f"evaluators.{name}"
        after = ours.pop(name, None)
        if after is None:
            yield name, Difference(suite=suite, key=key, message=f"{key}: removed")
            continue
        for path, old, new in _differing(base.parts(before), own.parts(after)):
            if path[0].startswith("its file "):
                message = f"{key}: {path[0]} {'edited' if old and new else 'added' if new else 'gone'}"
                yield name, Difference(suite=suite, key=key, message=message)
            else:
                shared = path[0].startswith("endpoints.")
                yield name, _changed(suite, path if shared else ("evaluators", name, *path), old, new)
    for name in ours:
        yield name, Difference(suite=suite, key=f"evaluators.{name}", message=f"evaluators.{name}: added")


OF_A_SUITE: Final = ("dataset", "checks", "cluster", "repetitions", "baseline", "quarantine")
"""What of a suite is compared key by key. Its task is the change's, and its evaluators are compared by their names."""


def of_suites(name: str, base: Suite, own: Suite) -> Iterator[Difference]:
    """Yield what two suites declare differently beside their tasks, evaluators and examples."""
    old, new = (suite.model_dump(mode="json", by_alias=True, include={*OF_A_SUITE}) for suite in (base, own))
    for path, before, after in _differing(old, new):
        if path != ("dataset", "file"):  # what is in it is compared, wherever it is
            yield _changed(name, path, before, after)


def of_quarantine(suite: str, base: Path | None, own: Path | None) -> Iterator[Difference]:
    """Yield what is said where both set examples aside, by files that differ."""
    if base is None or own is None:
        return
    before, after = (path.read_bytes() if path.is_file() else None for path in (base, own))
    if before != after:
        yield Difference(suite=suite, key="quarantine", message=f"quarantine: {own.name} is edited")


SHARED: Final = ("policy", "budget", "prices", "cache", "phoenix", "release", "notify", "mlflow")
"""The parts of a config that belong to no suite and that a task's definition does not need."""


def of_shared(base: Config, own: Config) -> Iterator[Difference]:
    """Yield what the two declare differently for all suites alike."""
    old, new = (config.model_dump(mode="json", by_alias=True, include=set(SHARED)) for config in (base, own))
    for path, before, after in _differing(old, new):
        yield _changed(None, path, before, after)


Place: TypeAlias = tuple[str, ...]


def _differing(old: Any, new: Any, path: Place = ()) -> Iterator[tuple[Place, Any, Any]]:
    """Yield (path, before, after) of the smallest places that differ; None where nothing is. A list is one value."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from _differing(old.get(key), new.get(key), (*path, str(key)))
    elif old != new:
        yield path, old, new


def _changed(suite: str | None, path: Place, old: Any, new: Any) -> Difference:
    key = ".".join(path)
    if old is None and isinstance(new, Mapping):
        return Difference(suite=suite, key=key, message=f"{key}: added")
    if new is None and isinstance(old, Mapping):
        return Difference(suite=suite, key=key, message=f"{key}: removed")
    return Difference(suite=suite, key=key, message=f"{key}: {_written(path, old)} → {_written(path, new)}")


def _written(path: Place, value: Any) -> str:
    if value is None:
        return "nothing"
    seen = shown(path, value)
    return _cut(seen if isinstance(seen, str) else json.dumps(seen, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}…"
