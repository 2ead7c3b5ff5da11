"""A prompt file: chat messages with templates, tools, the form of the answer; read with the place of every error."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Tag, model_validator

from evalgate.errors import Location
from evalgate.suite.model import ConfigModel, DottedPath
from evalgate.suite.model_file import FileKind, ModelFile, read_model_file

_KIND: Final = FileKind(
    name="prompt file",
    key="the task's prompt:",
    form="correct it: a prompt file has messages: [{role, content}], and may have tools, tool_choice, response_format",
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
    _source: ModelFile[PromptFile] = field(repr=False, compare=False)

    def place(self, path: tuple[str | int, ...], line: int = 1) -> Location:
        """Return where `path` (`("messages", 0, "content")`) stands; `line` counts within a text of many lines."""
        return self._source.place(path, line)


def load_prompt(root: Path, file: str) -> LoadedPrompt:
    """Read the prompt file `file` below `root`.

    Raises CandidateError with the file, line and column of what is wrong, all of it at once.
    """
    found = read_model_file(root, file, PromptFile, _KIND)
    return LoadedPrompt(prompt=found.value, file=file, _source=found)
