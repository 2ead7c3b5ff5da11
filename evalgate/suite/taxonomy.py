"""A taxonomy: a YAML file of labels and what each means, the question that they answer, and which mean all is well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, model_validator

from evalgate.suite.model import ConfigModel, nearest
from evalgate.suite.model_file import FileKind, read_model_file

_KIND: Final = FileKind(
    name="taxonomy",
    key="--taxonomy, or label.taxonomy:",
    form="correct it: it has name, question, labels: {label: what it means} and fine: [label, …]",
)
_MOST: Final = 100
_Words = Annotated[str, Field(min_length=1, max_length=80)]


class Taxonomy(ConfigModel):
    """Labels for traces."""

    name: str = Field(pattern=r"^[\w.-]{1,60}$")
    """What the labels are called: the name of the annotations in Phoenix."""
    question: str = Field(min_length=1)
    """What a label answers."""
    labels: dict[_Words, str] = Field(min_length=2, max_length=_MOST)
    """By label, what it means; the model is told."""
    fine: tuple[_Words, ...] = ()
    """The labels that mean that nothing went wrong."""
    several: bool = False
    """Whether a trace may have more than one label, the most important one first."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Taxonomy:
        if self.name == "note":
            raise ValueError("Phoenix keeps the name `note` for itself: choose another")
        unknown = next((each for each in self.fine if each not in self.labels), None)
        if unknown is not None:
            raise ValueError(f"fine names {unknown!r}, which is none of the labels: {nearest(unknown, self.labels)}")
        if len(set(self.fine)) == len(self.labels):
            raise ValueError("every label is fine: at least one has to say what went wrong")
        return self


def load_taxonomy(root: Path, file: str) -> Taxonomy:
    """Read the taxonomy `file` below `root`. Raises CandidateError with the place of all that is wrong in it."""
    return read_model_file(root, file, Taxonomy, _KIND).value
