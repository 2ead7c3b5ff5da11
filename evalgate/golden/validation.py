"""All that is wrong with a dataset file, and what is in it, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from evalgate.errors import ErrorGroup
from evalgate.golden.raw import Problem
from evalgate.golden.reading import ProblemList, Problems, examples_and_problems, group
from evalgate.golden.versions import example_hash, version_of_hashes


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a file holds. `examples` counts the right ones, `splits` them by split (None: without one).

    `version` is None where there are problems.
    """

    path: FilePath
    examples: int
    splits: Mapping[str | None, int]
    version: str | None
    problems: Problems
    fields: Mapping[str, str]

    def error(self) -> ErrorGroup | None:
        """Return the problems as an exception; None where there are none."""
        return group(self.path, self.problems, self.fields) if self.problems.total else None


def validate(path: FilePath, *, fields: Mapping[str, str] | None = None) -> Report:
    """Read all of a dataset file and say what is wrong with it, an absence of examples included.

    Raises DatasetError when the file cannot be read at all.
    """
    hashes: list[bytes] = []
    splits: Counter[str | None] = Counter()
    found = ProblemList()
    for item in examples_and_problems(path, fields=fields or {}):
        if isinstance(item, Problem):
            found.add(item)
        else:
            splits[item.split] += 1
            if not found.count:
                hashes.append(bytes.fromhex(example_hash(item)))
    if not splits and not found.count:
        found.add(Problem("the file has no examples", 1, 1))
    return Report(
        path=path,
        examples=splits.total(),
        splits=dict(splits),
        version=None if found.count else version_of_hashes(hashes),
        problems=found.problems(),
        fields=fields or {},
    )
