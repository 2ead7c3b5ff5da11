"""Guidelines: a YAML file of what traces taught, each with its sources, and what was set aside for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field

from evalgate.suite.model import ConfigModel
from evalgate.suite.model_file import FileKind, read_model_file

_KIND: Final = FileKind(
    name="file of guidelines",
    key="--guidelines",
    form="correct it: it has guidelines: [{text, sources: [id, …]}, …]",
)


class SetAside(ConfigModel):
    """What contradicted a guideline, and did not hold."""

    text: str = Field(min_length=1)
    sources: tuple[str, ...] = ()
    """The ids of the traces that taught it."""
    why: str = ""
    """Why it was set aside."""


class Guideline(ConfigModel):
    """One guideline."""

    text: str = Field(min_length=1)
    """What to do, in one sentence."""
    sources: tuple[str, ...] = ()
    """The ids of the traces that taught it; none for one that a person wrote."""
    also: tuple[str, ...] = ()
    """Other words that it was found in."""
    set_aside: tuple[SetAside, ...] = ()
    """What contradicted it."""


class Guidelines(ConfigModel):
    """All of them, in the order in which they came."""

    guidelines: tuple[Guideline, ...] = ()


def load_guidelines(root: Path, file: str) -> Guidelines:
    """Read the guidelines in `file` below `root`, none where it is not there.

    Raises CandidateError with the place of all that is wrong in it.
    """
    return read_model_file(root, file, Guidelines, _KIND).value if (root / file).exists() else Guidelines()
