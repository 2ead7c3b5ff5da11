"""A prompt file: chat messages with templates, tools, the form of the answer; read with the place of every error."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Discriminator, Tag, ValidationError, model_validator

from evalgate.errors import CandidateError, Location
from evalgate.suite.model import ConfigModel, DottedPath


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
    _root: yaml.Node = field(repr=False, compare=False)

    def place(self, path: tuple[str | int, ...], line: int = 1) -> Location:
        """Return where `path` (`("messages", 0, "content")`) stands; `line` counts within a text of many lines."""
        node = _node_at(self._root, path)
        block = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
        if line == 1 and not block:
            return _location(self.file, node)
        return Location(file=self.file, line=node.start_mark.line + line + int(block))


def load_prompt(root: Path, file: str) -> LoadedPrompt:
    """Read the prompt file `file` below `root`.

    Raises CandidateError with the file, line and column of what is wrong, all of it at once.
    """
    text = _read(root / file, file)
    node, data = _parsed(text, file)
    try:
        prompt = PromptFile.model_validate(data)
    except ValidationError as error:
        raise _located(error, node, file) from None
    return LoadedPrompt(prompt=prompt, file=file, _root=node)


def _read(path: Path, file: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise CandidateError(
            f"the prompt file {file} does not exist", next_step="write it, or correct the task's prompt: in the config"
        ) from None
    except OSError as error:
        raise CandidateError(
            f"the prompt file {file} cannot be read: {error.strerror}", next_step="make it a readable file"
        ) from None
    except UnicodeDecodeError as error:
        raise CandidateError(
            f"the prompt file is not UTF-8 (byte {error.start})",
            location=Location(file=file),
            next_step="save it as UTF-8",
        ) from None


def _parsed(text: str, file: str) -> tuple[yaml.Node, Any]:
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            raise CandidateError(
                "the prompt file is empty",
                location=Location(file=file),
                next_step="give it messages: [{role, content}]",
            )
        _refuse_repeated_keys(node, file)
        return node, loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = Location(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Location(file=file)
        raise CandidateError(f"not YAML: {error.problem}", location=where, next_step="repair that line") from None
    except yaml.YAMLError as error:
        raise CandidateError(
            f"not YAML: {' '.join(str(error).split())}", location=Location(file=file), next_step="repair the file"
        ) from None
    except (RecursionError, ValueError) as error:
        raise CandidateError(
            f"not readable: {error}", location=Location(file=file), next_step="repair the file"
        ) from None
    finally:
        if loader is not None:
            loader.dispose()


def _refuse_repeated_keys(root: yaml.Node, file: str) -> None:
    for mapping in _mappings(root, set()):
        seen: set[str] = set()
        for key, _ in mapping.value:
            if key.value in seen:
                raise CandidateError(
                    f"the key {key.value!r} is given twice", location=_location(file, key), next_step="remove one"
                )
            if isinstance(key.value, str):
                seen.add(key.value)


def _mappings(node: yaml.Node, seen: set[int]) -> Iterator[yaml.MappingNode]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value, seen)


def _located(error: ValidationError, root: yaml.Node, file: str) -> CandidateError:
    """Return one error that names every problem at its place."""
    problems = [(_location(file, _problem_node(root, each)), _said(each)) for each in error.errors(include_url=False)]
    following = "a prompt file has messages: [{role, content}], and may have tools, tool_choice, response_format"
    if len(problems) == 1:
        location, message = problems[0]
        return CandidateError(message, location=location, next_step=following)
    lines = "".join(f"\n  {location}: {message}" for location, message in problems)
    return CandidateError(f"{len(problems)} problems:{lines}", location=Location(file=file), next_step=following)


def _said(problem: Any) -> str:
    """Return one of pydantic's problems in words, with the nearest known key for an unknown one."""
    names = [str(each) for each in problem["loc"] if not str(each).startswith("<")]
    where = ".".join(names)
    if problem["type"] == "extra_forbidden":
        known = _known_keys(problem["loc"])
        near = difflib.get_close_matches(names[-1], known, n=1)
        return f"{where} is not a key here" + (
            f": did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
        )
    if problem["type"] == "missing":
        return f"{where} is missing"
    return f"{where + ': ' if where else ''}{problem['msg'].removeprefix('Value error, ')}"


def _known_keys(loc: tuple[str | int, ...]) -> list[str]:
    models: dict[str, type[ConfigModel]] = {"<message>": Message, "<replay>": Replay}
    kind = loc[2] if len(loc) > 3 and loc[0] == "messages" else None
    return list((models[str(kind)] if kind in models else PromptFile).model_fields)


def _node_at(root: yaml.Node, path: tuple[str | int, ...]) -> yaml.Node:
    """Return the node at `path`, as far as it can be followed; pydantic's tags in a path are passed over."""
    node = root
    for step in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), node)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
    return node


def _problem_node(root: yaml.Node, problem: Any) -> yaml.Node:
    """Return what to point at: an unknown key itself, else the value that is wrong."""
    *above, last = problem["loc"] or ("",)
    if problem["type"] == "extra_forbidden":
        parent = _node_at(root, tuple(above))
        if isinstance(parent, yaml.MappingNode):
            return next((key for key, _ in parent.value if key.value == last), parent)
    return _node_at(root, problem["loc"])


def _location(file: str, node: yaml.Node) -> Location:
    return Location(file=file, line=node.start_mark.line + 1, column=node.start_mark.column + 1)
