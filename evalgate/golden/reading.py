"""A golden dataset file as a stream of examples and problems, whatever its format."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Final, NamedTuple

from evalgate.encoding import NotUtf8Error, decode, printable
from evalgate.errors import ConfigurationError, DatasetError, ErrorGroup, Location
from evalgate.golden.csv_file import JSON_COLUMNS, read_csv
from evalgate.golden.examples import to_example
from evalgate.golden.json_files import read_json_file, read_json_lines
from evalgate.golden.raw import Problem, Raw
from evalgate.golden.yaml_file import read_yaml_file
from evalgate.plain_file import content
from evalgate.records import Example

SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".csv", ".yaml", ".yml")
SHOWN: Final = 50
"""Problems of one file that are printed; the rest is counted."""


class Problems(NamedTuple):
    """The first problems of a file, and how many there are in all."""

    first: tuple[Problem, ...]
    total: int


def read_examples(
    path: FilePath, *, fields: Mapping[str, str] | None = None, split: str | None = None
) -> Iterator[Example]:
    """Yield the examples of a dataset file, of `split` only where one is given; in flat memory for JSONL and CSV.

    Raises DatasetError when the file cannot be read, and ErrorGroup with its first SHOWN problems, after reading all
    of it, when anything in it is wrong. Examples that came before the first problem have been yielded by then.
    A file without examples, or without the split, yields nothing.
    """
    found = ProblemList()
    for item in examples_and_problems(path, fields=fields or {}):
        if isinstance(item, Problem):
            found.add(item)
        elif not found.count and (split is None or item.split == split):
            yield item
    if found.count:
        raise group(path, found.problems(), fields or {})


def examples_and_problems(path: FilePath, *, fields: Mapping[str, str]) -> Iterator[Example | Problem]:
    """Yield every example that is right, ids checked for being unique, and every problem. Raises DatasetError."""
    lines: dict[bytes, int] = {}
    for raw in read_raw(path):
        if isinstance(raw, Problem):
            yield raw
            continue
        identity, example, problems = to_example(raw, fields)
        yield from problems
        if identity is None:
            continue
        key = hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if key in lines:
            message = f"the id {identity[:60]!r} is taken: it first stands on line {lines[key]}"
            yield Problem(message, *raw.find(("id",)))
            continue
        lines[key] = raw.place[0]
        if example is not None:
            yield example


class ProblemList:
    """Collects problems, keeping the first of them and the count of all."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        """Take one more."""
        self.count += 1
        if len(self.kept) < SHOWN:
            self.kept.append(problem)

    def problems(self) -> Problems:
        """Return what was collected."""
        return Problems(tuple(self.kept), self.count)


def group(path: FilePath, problems: Problems, fields: Mapping[str, str], *, following: str | None = None) -> ErrorGroup:
    """Return the exception that shows `problems`; `following` is the command to run once they are gone."""
    mapping = "".join(f" --field {here}={there}" for here, there in fields.items())
    command = following or f"evalgate dataset validate {path}{mapping}"
    return grouped(path, problems.first, problems.total, next_step=f"edit {path}, then run `{command}`")


def grouped(path: FilePath, first: Sequence[Problem], total: int, *, next_step: str) -> ErrorGroup:
    """Return the exception that shows the first problems of a file, each with its place, and counts the others."""
    errors: list[ConfigurationError] = [
        DatasetError(printable(each.message), location=Location(file=str(path), line=each.line, column=each.column))
        for each in first
    ]
    if total > len(first):
        errors.append(DatasetError(f"{total - len(first):,} more problems", location=Location(file=str(path))))
    return ErrorGroup(errors, next_step=next_step)


def read_raw(path: FilePath, *, json_columns: tuple[str, ...] = JSON_COLUMNS) -> Iterator[Raw | Problem]:
    """Yield what a file of any format holds, example by example. Raises DatasetError when it cannot be read.

    `json_columns` are the columns of a CSV file whose cells are JSON.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DatasetError(
            f"{path} is in no known format: {suffix or 'its name has no ending'}",
            next_step=f"give the file one of the endings {', '.join(SUFFIXES)}",
        )
    try:
        if suffix in (".jsonl", ".ndjson"):
            yield from read_json_lines(path)
        elif suffix == ".csv":
            yield from read_csv(path, json_columns=json_columns)
        elif suffix == ".json":
            yield from read_json_file(decode(content(path)))
        else:
            yield from read_yaml_file(decode(content(path)))
    except NotUtf8Error as error:
        yield Problem(error.message, error.line, error.column)
    except FileNotFoundError:
        raise DatasetError(f"the dataset file {path} does not exist", next_step="name a file that exists") from None
    except OSError as error:
        raise DatasetError(
            f"the dataset file {path} cannot be read: {error.strerror}", next_step=f"check what {path} is"
        ) from None
