"""A prompt file: chat messages with templates, tools, the form of the answer; read with the place of every error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Tag, ValidationError, model_validator

from evalgate.encoding import NotUtf8Error, decode, printable
from evalgate.errors import CandidateError, Location
from evalgate.suite.model import ConfigModel, DottedPath
from evalgate.suite.wording import complaints
from evalgate.yaml_source import Node, Place, read_yaml

_FORM: Final = (
    "correct it: a prompt file has messages: [{role, content}], and may have tools, tool_choice, response_format"
)


def _kind_of_content(value: Any) -> str:
    return "<parts>" if isinstance(value, list | tuple) else "<text>"


Content = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[tuple[dict[str, Any], ...], Tag("<parts>")],
    Discriminator(_kind_of_content),
]


class Message(ConfigModel):
    """One message; strings of its content are templates over the example."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Content | None = None
    """Text, or parts as the protocol has them ({type: text, text: …}, {type: image_url, …})."""
    name: str | None = None
    tool_calls: tuple[dict[str, Any], ...] | None = None
    """Calls of an earlier assistant turn, as the protocol has them."""
    tool_call_id: str | None = None
    """Which call a tool's message answers."""

    @model_validator(mode="after")
    def _says_something(self) -> Message:
        if self.content is None and not self.tool_calls:
            raise ValueError("a message needs content")
        return self


class Replay(ConfigModel):
    """A place where messages that the example holds are put in, as data."""

    replay: DottedPath
    """A path to a list of messages, like input.messages."""


def _kind_of_turn(value: Any) -> str:
    replays = "replay" in value if isinstance(value, dict) else isinstance(value, Replay)
    return "<replay>" if replays else "<message>"


Turn = Annotated[
    Annotated[Message, Tag("<message>")] | Annotated[Replay, Tag("<replay>")],
    Discriminator(_kind_of_turn),
]


class PromptFile(ConfigModel):
    """What a prompt task sends, before an example is put in."""

    messages: tuple[Turn, ...]
    tools: tuple[dict[str, Any], ...] = ()
    """Tools as the protocol has them: {type: function, function: {name, parameters}}."""
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    """{type: json_object}, or {type: json_schema, json_schema: {name, schema, strict}}."""

    @model_validator(mode="after")
    def _coherent(self) -> PromptFile:
        if not self.messages:
            raise ValueError("messages is empty")
        if self.tool_choice is not None and not self.tools:
            raise ValueError("tool_choice needs tools")
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedPrompt:
    """A prompt file and where everything in it stands."""

    prompt: PromptFile
    file: str
    _root: Node = field(repr=False, compare=False)

    def place(self, path: tuple[str | int, ...], line: int = 1) -> Location:
        """Return where `path` (`("messages", 0, "content")`) stands; `line` counts within a text of many lines."""
        node = self._root.at(path)
        if node is None or (line == 1 and not node.block):
            return _location(self.file, self._root.place_of(path))
        return Location(file=self.file, line=node.place[0] - 1 + line + int(node.block))


def load_prompt(root: Path, file: str) -> LoadedPrompt:
    """Read the prompt file `file` below `root`.

    Raises CandidateError with the file, line and column of what is wrong, all of it at once.
    """
    document = read_yaml(_read(root / file, file))
    if document.problems:
        raise _refusal(file, [(_location(file, (p.line, p.column)), printable(p.message)) for p in document.problems])
    node = document.root
    if node is None or node.value is None:
        raise _refusal(file, [(Location(file=file), "the prompt file is empty")])
    raw = node.plain()
    try:
        prompt = PromptFile.model_validate(raw)
    except ValidationError as error:
        found = complaints(error.errors(include_url=False), raw, PromptFile)
        places = [_location(file, node.place_of(each.path, key=each.on_key)) for each in found]
        messages = [printable(each.message) for each in found]
        raise _refusal(file, list(zip(places, messages, strict=True))) from None
    return LoadedPrompt(prompt=prompt, file=file, _root=node)


def _read(path: Path, file: str) -> str:
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise CandidateError(
            f"the prompt file {file} does not exist", next_step="write it, or correct the task's prompt: in the config"
        ) from None
    except NotUtf8Error as problem:
        where = _location(file, (problem.line, problem.column))
        raise CandidateError(problem.message, location=where, next_step="run the command again after that") from None
    except OSError as error:
        raise CandidateError(
            f"the prompt file {file} cannot be read: {error.strerror}", next_step="make it a readable file"
        ) from None


def _refusal(file: str, problems: Sequence[tuple[Location, str]]) -> CandidateError:
    """Return one error that names every problem at its place: a candidate that does not load, not an ErrorGroup."""
    if len(problems) == 1:
        location, message = problems[0]
        return CandidateError(message, location=location, next_step=_FORM)
    lines = "".join(f"\n  {location}: {message}" for location, message in problems)
    return CandidateError(f"{len(problems)} problems:{lines}", location=Location(file=file), next_step=_FORM)


def _location(file: str, place: Place) -> Location:
    return Location(file=file, line=place[0], column=place[1])
