"""A YAML file that holds one model (a prompt, a judge), read with the place of everything that is wrong in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from pydantic import ValidationError

from evalgate.encoding import NotUtf8Error, decode, printable
from evalgate.errors import CandidateError, Location
from evalgate.plain_file import content
from evalgate.suite.model import ConfigModel
from evalgate.suite.wording import complaints
from evalgate.yaml_source import Node, Place, read_yaml

M = TypeVar("M", bound=ConfigModel)
SHOWN: Final = 50
"""Problems of one file that are printed; the rest is counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileKind:
    """How messages speak of such a file: what it is, the key of the config that names it, the form that it has."""

    name: str
    key: str
    form: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFile(Generic[M]):
    """What a file holds and where everything in it stands."""

    value: M
    file: str
    _root: Node = field(repr=False, compare=False)

    def place(self, path: tuple[str | int, ...], line: int = 1) -> Location:
        """Return where `path` (`("messages", 0, "content")`) stands; `line` counts within a text of many lines."""
        node = self._root.at(path)
        if node is None or (line == 1 and not node.block):
            return _location(self.file, self._root.place_of(path))
        return Location(file=self.file, line=node.place[0] - 1 + line + int(node.block))


def read_model_file(root: Path, file: str, model: type[M], kind: FileKind) -> ModelFile[M]:
    """Read the file `file` below `root` as `model`.

    Raises CandidateError with the file, line and column of what is wrong, all of it at once.
    """
    document = read_yaml(_read(root / file, file, kind))
    if document.problems:
        found = [(_location(file, (p.line, p.column)), printable(p.message)) for p in document.problems]
        raise _refusal(file, found, kind)
    node = document.root
    if node is None or node.value is None:
        raise _refusal(file, [(Location(file=file), f"the {kind.name} is empty")], kind)
    raw = node.plain()
    try:
        value = model.model_validate(raw)
    except ValidationError as error:
        wrong = complaints(error.errors(include_url=False), raw, model)
        places = [_location(file, node.place_of(each.path, key=each.on_key)) for each in wrong]
        messages = [printable(each.message) for each in wrong]
        raise _refusal(file, list(zip(places, messages, strict=True)), kind) from None
    return ModelFile(value=value, file=file, _root=node)


def _read(path: Path, file: str, kind: FileKind) -> str:
    try:
        return decode(content(path))
    except FileNotFoundError:
        raise CandidateError(
            f"the {kind.name} {file} does not exist", next_step=f"write it, or correct {kind.key} in the config"
        ) from None
    except NotUtf8Error as problem:
        where = _location(file, (problem.line, problem.column))
        raise CandidateError(problem.message, location=where, next_step="run the command again after that") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a character U+0000 in it
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise CandidateError(
            f"the {kind.name} {printable(file)} cannot be read: {why}", next_step="make it a readable file"
        ) from None


def _refusal(file: str, problems: Sequence[tuple[Location, str]], kind: FileKind) -> CandidateError:
    """Return one error that names every problem at its place: a candidate that does not load, not an ErrorGroup."""
    if len(problems) == 1:
        location, message = problems[0]
        return CandidateError(message, location=location, next_step=kind.form)
    lines = "".join(f"\n  {location}: {message}" for location, message in problems[:SHOWN])
    if (more := len(problems) - SHOWN) > 0:
        lines += f"\n  {file}: {more:,} more"
    return CandidateError(f"{len(problems):,} problems:{lines}", location=Location(file=file), next_step=kind.form)


def _location(file: str, place: Place) -> Location:
    return Location(file=file, line=place[0], column=place[1])
