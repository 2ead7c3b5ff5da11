"""A judge of the user's own: a YAML file with its prompt, and its labels, its scale, or that it compares answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from evalgate.errors import Location
from evalgate.records import Direction
from evalgate.suite.judges import PREFERENCES, SHOWN
from evalgate.suite.model import ConfigModel
from evalgate.suite.model_file import FileKind, ModelFile, read_model_file

_KIND: Final = FileKind(
    name="judge file",
    key="the evaluator's judge:",
    form="correct it: it has messages: [{role, content}], and labels: {label: score}, rubric: [what 1 means, …] or"
    " pairwise: true",
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
    rubric: tuple[str, ...] | None = None
    """A scale: what 1 means, what 2 means, and so on; the score is the number."""
    pairwise: bool = False
    """It is shown two answers, `{{ answer_a }}` and `{{ answer_b }}`, and says which is the better, A, B or tie."""
    direction: Direction = Direction.MAXIMIZE
    """Which way is better."""

    @model_validator(mode="after")
    def _says_what_it_gives(self) -> JudgeFile:
        if sum((self.labels is not None, self.rubric is not None, self.pairwise)) != 1:
            raise ValueError("a judge file needs exactly one of labels, rubric and pairwise: true")
        if self.pairwise and "direction" in self.model_fields_set:
            raise ValueError("direction means nothing to a judge that is pairwise: the preferred answer is the better")
        if self.labels is not None:
            if len(self.labels) < 2:
                raise ValueError("labels needs at least two: a judge with one label says nothing")
            if len({label.score for label in self.labels.values()}) < 2:
                raise ValueError("all labels score the same: give at least one of them another score")
        if self.rubric is not None and not 2 <= len(self.rubric) <= _MOST_STEPS:
            raise ValueError(f"rubric needs 2 to {_MOST_STEPS} steps; it has {len(self.rubric)}")
        return self

    @property
    def scores(self) -> dict[str, float]:
        """Return what each label scores; the steps of a rubric are labels too, in their order."""
        if self.pairwise:
            return dict(PREFERENCES)
        if self.labels is not None:
            return {name: label.score for name, label in self.labels.items()}
        return {str(step): float(step) for step in range(1, len(self.rubric or ()) + 1)}

    @property
    def meanings(self) -> dict[str, str]:
        """Return what is said of each label that something is said of."""
        if self.pairwise:
            return dict(zip(SHOWN, ("Answer A is better.", "Answer B is better.", "Neither is better."), strict=True))
        if self.labels is not None:
            return {name: label.description for name, label in self.labels.items() if label.description}
        return {str(step): meaning for step, meaning in enumerate(self.rubric or (), 1)}


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
