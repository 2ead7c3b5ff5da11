"""What a prompt file sends: its messages filled from an example, its tools and the form of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import Any, Final

from evalgate.errors import CandidateError
from evalgate.paths import resolve
from evalgate.records import Example, JsonObject
from evalgate.suite.prompt import LoadedPrompt, Message, load_prompt
from evalgate.suite.tasks import PromptTask
from evalgate.suite.template import (
    TemplateProblem,
    Tree,
    check_example_path,
    compile_tree,
    dotted,
    example_document,
    example_variables,
    render_tree,
)
from evalgate.tasks.prompt_source import PromptSource, own_parameters

_INSTRUCTS: Final = ("system", "developer")
"""Roles that tell a model what to do: of two such messages nobody knows which one is followed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSource(PromptSource):
    """A prompt file that was found sound. A turn is a message's tree, or the path of messages to put in."""

    turns: tuple[dict[str, Tree] | str, ...]
    variables: Mapping[str, str]

    def messages(self, example: Example) -> list[JsonObject]:
        """Return the messages for `example`. Raises TemplateProblem that names the example and what is missing."""
        variables, absent = example_variables(example, self.variables)
        messages: list[JsonObject] = []
        instructed = False
        for index, turn in enumerate(self.turns):
            try:
                if isinstance(turn, str):
                    held = _replayed(turn, example, place=("messages", index))
                    messages.extend(_uninstructed(held) if instructed else held)
                else:
                    instructed = instructed or turn["role"] in _INSTRUCTS
                    made: Any = render_tree(turn, variables)
                    messages.append(made)
            except TemplateProblem as problem:
                unmapped = ", ".join(f"{name} = {path}" for name, path in absent.items())
                hint = f"; this example has nothing at {unmapped}" if unmapped else ""
                where = f"{self.shown}, {dotted(problem.place)}"
                raise TemplateProblem(f"example {example.id!r}: {where}: {problem.message}{hint}") from None
        return messages


def file_source(task: PromptTask, root: Path, file: str) -> FileSource:
    """Read the prompt file `file` below `root`. Raises CandidateError at the place of what is wrong in it."""
    loaded = load_prompt(root, file)
    return FileSource(
        shown=file,
        tools=loaded.prompt.tools,
        tool_choice=loaded.prompt.tool_choice,
        response_format=loaded.prompt.response_format,
        parameters=own_parameters(task),
        turns=_turns(loaded),
        variables=task.variables,
    )


def _turns(prompt: LoadedPrompt) -> tuple[dict[str, Tree] | str, ...]:
    """Return the compiled turns. Raises CandidateError at the place of what is no template or no possible path."""
    turns: list[dict[str, Tree] | str] = []
    for index, turn in enumerate(prompt.prompt.messages):
        if not isinstance(turn, Message):
            if (problem := check_example_path(turn.replay)) is not None:
                raise CandidateError(
                    f"nothing can ever be replayed: {problem}",
                    location=prompt.place(("messages", index, "replay")),
                    next_step="name a list of messages in the example, like input.messages",
                )
            turns.append(turn.replay)
            continue
        whole = turn.model_dump(mode="json", exclude_none=True)
        try:
            whole["content"] = compile_tree(whole.get("content"), place=("messages", index, "content"))
        except TemplateProblem as problem:
            raise CandidateError(
                f"not a template: {problem.message}",
                location=prompt.place(problem.place, problem.line or 1),
                next_step="repair the template; {% raw %} … {% endraw %} keeps braces as text",
            ) from None
        turns.append(whole)
    return tuple(turns)


def _uninstructed(messages: list[JsonObject]) -> list[JsonObject]:
    """Return a conversation without the instructions that it begins with: those of the prompt are in their place."""
    return list(dropwhile(lambda each: each["role"] in _INSTRUCTS, messages))


def _replayed(path: str, example: Example, *, place: tuple[str | int, ...]) -> list[JsonObject]:
    """Return the messages that `example` holds at `path`, as they are. Raises TemplateProblem."""
    found = resolve(path, example_document(example))
    if not isinstance(found, list | tuple):
        raise TemplateProblem(f"there is no list of messages at {path}", place=place)
    messages: list[JsonObject] = []
    for position, message in enumerate(found):
        if not (isinstance(message, Mapping) and isinstance(message.get("role"), str)):
            raise TemplateProblem(f"{path}.{position} is not a message: it needs a role", place=place)
        messages.append(message)
    return messages
