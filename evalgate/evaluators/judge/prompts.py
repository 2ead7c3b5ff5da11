"""What a judge is asked about one run: a named judge's prompt or the user's own, with the material between tags."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evalgate.errors import CandidateError
from evalgate.evaluators.score import EvaluatorFaultError, OutputFaultError
from evalgate.evaluators.view import View, text_of
from evalgate.paths import parse
from evalgate.records import Direction, Json, JsonObject
from evalgate.suite.delimiting import GUARD, code_for, delimited
from evalgate.suite.judge_file import LoadedJudge, load_judge
from evalgate.suite.judge_prompts import PROMPTS
from evalgate.suite.judges import JUDGES, NamedJudge
from evalgate.suite.sandbox import CODE
from evalgate.suite.template import TemplateProblem, Text, compile_delimited, variables_of

PLACE: Final = re.compile(r"\{\{(\w+)\}\}")
EXPECTED: Final = frozenset({"expected", "reference"})


class Prompt(ABC):
    """What one judge is asked. `scores` has its labels, in the order in which it is told of them."""

    scores: Mapping[str, float]
    direction: Direction
    steps: bool = False
    """Whether the labels are steps of a scale, rather than names."""
    inputs: Mapping[str, str]
    """By parameter, the path that it stands for unless `input_mapping` says otherwise."""
    parameters: frozenset[str] | None
    """What `input_mapping` may name; None: anything."""

    def load(self) -> None:  # noqa: B027 - one kind is whole by itself
        """Import and compile what filling it takes. Raises ConfigurationError."""

    @abstractmethod
    def fill(self, view: View, labels: Iterable[str]) -> list[JsonObject]:
        """Return the messages about one run, which tell of `labels` in their order.

        Raises OutputFaultError where there is no output to judge, EvaluatorFaultError where something else is missing.
        """


def prompt_of(judge: str, root: Path) -> Prompt:
    """Return the prompt of a named judge, or of the file below `root`. Raises CandidateError for a file in error."""
    named = JUDGES.get(judge)
    return FilePrompt(load_judge(root, judge), judge) if named is None else NamedPrompt(judge, named)


class NamedPrompt(Prompt):
    """A prompt of evalgate's or of phoenix-evals', word for word; its parameters stand between tags."""

    def __init__(self, name: str, named: NamedJudge) -> None:
        self.scores = named.labels
        self.direction = named.direction
        self.inputs = {parameter: path for parameter, path in named.inputs.items() if path is not None}
        self.parameters = frozenset(named.inputs)
        self._name = name
        self._phoenix = named.phoenix
        self._templates: list[tuple[str, str]] = []

    def load(self) -> None:
        """Import phoenix-evals where the prompt is its own."""
        if self._phoenix is None:
            self._templates = [("user", PROMPTS[self._name])]
            return
        from phoenix.evals import metrics

        template = getattr(metrics, self._phoenix).PROMPT.template
        self._templates = [(message["role"], message["content"]) for message in template]

    def fill(self, view: View, labels: Iterable[str]) -> list[JsonObject]:
        """Put the parameters in."""
        values = {name: material(view, name) for name in sorted(self.parameters or ())}
        code = code_for(values.values())
        return [
            {"role": "system", "content": GUARD},
            *(
                {"role": role, "content": PLACE.sub(lambda found: delimited(values[found[1]], code), template)}
                for role, template in self._templates
            ),
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Turn:
    """One message of a judge file, compiled."""

    role: str
    content: Text | str
    index: int


class FilePrompt(Prompt):
    """A prompt of the user's own."""

    def __init__(self, loaded: LoadedJudge, file: str) -> None:
        self.scores = loaded.judge.scores
        self.direction = loaded.judge.direction
        self.steps = loaded.judge.rubric is not None
        self.inputs = {}
        self.parameters = None
        self.loaded = loaded
        self.file = file
        self.reads: frozenset[str] = frozenset()
        """The names that its templates read."""
        self._turns: list[_Turn] = []

    def load(self) -> None:
        """Compile the templates. Raises CandidateError at the place of what is none."""
        reads: frozenset[str] = frozenset()
        self._turns = []
        for index, message in enumerate(self.loaded.judge.messages):
            place = ("messages", index, "content")
            try:
                reads |= variables_of(message.content)
                content = compile_delimited(message.content, place=place)
            except TemplateProblem as problem:
                raise CandidateError(
                    f"not a template: {problem.message}",
                    location=self.loaded.place(place, problem.line or 1),
                    next_step="repair the template; {% raw %} … {% endraw %} keeps braces as text",
                ) from None
            self._turns.append(_Turn(role=message.role, content=content, index=index))
        self.reads = reads

    def fill(self, view: View, labels: Iterable[str]) -> list[JsonObject]:
        """Put in what the templates name."""
        return self.rendered(view.subject.example.id, self._variables(view), labels)

    def rendered(self, example: str, variables: dict[str, Json], labels: Iterable[str]) -> list[JsonObject]:
        """Return the messages with these variables in them, between tags. Raises EvaluatorFaultError."""
        # Every run has a trace of its own: with its id in the code, no verdict would be found in the cache again.
        of_the_run = {"trace_id": None} if "trace_id" in variables else {}
        variables[CODE] = code_for([json.dumps({**variables, **of_the_run}, ensure_ascii=False)])
        messages: list[JsonObject] = [{"role": "system", "content": GUARD}]
        for turn in self._turns:
            try:
                text = turn.content if isinstance(turn.content, str) else turn.content.render(variables)
            except TemplateProblem as problem:
                raise EvaluatorFaultError(
                    f"example {example!r}: {self.file}, message {turn.index + 1}: {problem.message}",
                    type="Template",
                ) from None
            messages.append({"role": turn.role, "content": text})
        meanings = self.loaded.judge.meanings
        if meanings:
            heading = "The scale:" if self.steps else "The labels:"
            told = "\n".join(f"- {label}: {meanings[label]}" for label in labels if label in meanings)
            messages[-1] = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{heading}\n{told}"}
        return messages

    def _variables(self, view: View) -> dict[str, Json]:
        variables = {**view.subject.fields(), **view.every_mapped()}
        if "output" in self.reads and variables["output"] is None:
            raise OutputFaultError("the output is null")
        if self.reads & EXPECTED and not view.has("expected") and view.subject.expected is None:
            view.dataset_fault("has no expected answer; give it an `output`")
        return variables


def material(view: View, name: str) -> str:
    """Return what stands for the parameter `name` as text."""
    value = view.mapped(name)
    if value is not None:
        return text_of(value)
    path = view.path_of(name)
    root = parse(path)[0]
    if root == "output":
        raise OutputFaultError(f"the {path.replace('.', ' ', 1)} is null" if "." in path else "the output is null")
    if root == "tool_calls":
        return "[]"
    if root == "expected":
        view.dataset_fault("has no expected answer; give it an `output`")
    raise EvaluatorFaultError(
        f"example {view.subject.example.id!r}: the judge's {name} is {path}, and there is none; return it with"
        f" evalgate.Result(…, {root}=…), or map {name} to something else with input_mapping",
        type="NothingToJudge",
    )
