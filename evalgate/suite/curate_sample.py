"""Which candidates are chosen for people to look at: `sample:` of a profile."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, field_validator

from evalgate.suite.judging import ModelName
from evalgate.suite.model import ConfigModel, DottedPath

WORDS: Final = ("random", "cluster", "label", "uncertainty", "failure")
"""What candidates are chosen by, beside a field."""
_FIELD: Final = re.compile(r"(metadata|input|source)\..+")


def _by(text: str) -> str:
    if text not in WORDS and _FIELD.fullmatch(text) is None:
        raise ValueError(
            f"{text[:40]!r} is nothing to choose by: {', '.join(WORDS)}, or a field like metadata.lang or source.model"
        )
    return text


By = Annotated[DottedPath, AfterValidator(_by)]


class Sample(ConfigModel):
    """How many candidates are chosen, and by what. The same file, options and seed choose the same."""

    size: int = Field(default=20, gt=0, le=100_000)
    """How many wait for review once it has ended: what was chosen before, and is not reviewed, counts."""
    by: tuple[By, ...] = Field(default=("cluster",), min_length=1)
    """cluster (what is asked about), label (of `curate label`) or a field (`metadata.lang`) choose from every group;
    uncertainty and failure choose what judges are not sure of, and what failed, first and alone; random chooses at
    random. Several together: `[metadata.lang, failure]`."""
    least: int = Field(default=2, ge=0, le=1_000)
    """So many of every group, in the dataset and chosen together, come before the rest, which goes by shares of
    production."""
    seed: int = Field(default=0, ge=0)
    """Settles every draw."""
    holdout: float = Field(default=0.2, ge=0.0, lt=1.0)
    """The share of chosen candidates that go to the split `holdout`; the others go to `regression`. By a hash of the
    conversation: an example never moves. 0: no splits."""
    clusters: int | None = Field(default=None, gt=0, le=200)
    """How many groups `cluster` makes; without it as many as set questions apart best."""
    embedding: ModelName | None = None
    """A model of embeddings, as `endpoint/model`, that says what questions are about; without it their words do."""
    thresholds: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    """By an annotation's name: the score from which on it is good; without it 0.5, for scores from 0 to 1."""

    @field_validator("by", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value
