"""A judge of the user's own: a YAML file with its prompt and its labels, or with a rubric of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from evalgate.errors import Location
from evalgate.records import Direction
from evalgate.suite.model import ConfigModel
from evalgate.suite.model_file import FileKind, ModelFile, read_model_file

_KIND: Final = FileKind(
    name="judge file",
    key="the evaluator's judge:",
    form="correct it: a judge file has messages: [{role, content}], and labels: {label: score} or rubric: {1: meaning}",
)
_MOST_STEPS: Final = 11


class JudgeMessage(ConfigModel):
    """One message; its text is a template over what the task returned and what the example holds."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str = Field(min_length=1)
    """`{{ input.question }}`, `{{ output }}`, `{{ expected }}`, `{{ context }}` and so on."""


class Label(ConfigModel):
    """One label that a judge may give."""

    score: float
    """What it scores."""
    description: str | None = None
    """When to give it; the judge is told."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return {"score": data} if isinstance(data, int | float) and not isinstance(data, bool) else data


class JudgeFile(ConfigModel):
    """What a judge is asked, and what it may say."""

    messages: tuple[JudgeMessage, ...] = Field(min_length=1)
    labels: dict[str, Label] | None = None
    """The labels, with what each scores."""
    rubric: dict[int, str] | None = None
    """The steps of a scale (1 to 5), with what each means; the score is the step."""
    direction: Direction = Direction.MAXIMIZE
    """Which way is better."""

    @model_validator(mode="after")
    def _says_what_it_gives(self) -> JudgeFile:
        if (self.labels is None) == (self.rubric is None):
            raise ValueError("a judge file needs exactly one of labels and rubric")
        if self.labels is not None:
            if len(self.labels) < 2:
                raise ValueError("labels needs at least two: a judge with one label says nothing")
            if len({label.score for label in self.labels.values()}) < 2:
                raise ValueError("all labels score the same: give at least one of them another score")
        if self.rubric is not None:
            steps = sorted(self.rubric)
            if not 2 <= len(steps) <= _MOST_STEPS or steps != list(range(steps[0], steps[-1] + 1)):
                raise ValueError(f"rubric needs 2 to {_MOST_STEPS} whole numbers in a row, such as 1 to 5")
        return self

    @property
    def scores(self) -> dict[str, float]:
        """Return what each label scores; the steps of a rubric are labels too, in their order."""
        if self.labels is not None:
            return {name: label.score for name, label in self.labels.items()}
        return {str(step): float(step) for step in sorted(self.rubric or {})}

    @property
    def meanings(self) -> dict[str, str]:
        """Return what is said of each label that something is said of."""
        if self.labels is not None:
            return {name: label.description for name, label in self.labels.items() if label.description}
        return {str(step): meaning for step, meaning in sorted((self.rubric or {}).items())}


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedJudge:
    """A judge file and where everything in it stands."""

    judge: JudgeFile
    file: ModelFile[JudgeFile] = field(repr=False, compare=False)

    def place(self, path: tuple[str | int, ...], line: int = 1) -> Location:
        """Return where `path` stands; `line` counts within a text of many lines."""
        return self.file.place(path, line)


def load_judge(root: Path, file: str) -> LoadedJudge:
    """Read the judge file `file` below `root`. Raises CandidateError with the place of all that is wrong in it."""
    found = read_model_file(root, file, JudgeFile, _KIND)
    return LoadedJudge(judge=found.value, file=found)
