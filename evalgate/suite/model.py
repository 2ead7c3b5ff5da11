"""The base of every config model: strict, frozen, documented by the texts below its attributes."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from evalgate.paths import parse


class ConfigModel(BaseModel):
    """A part of `evalgate.yaml`. Unknown keys are refused; values never change after loading."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        str_strip_whitespace=False,
        protected_namespaces=(),
    )


def _checked_path(value: str) -> str:
    parse(value)
    return value


DottedPath = Annotated[str, AfterValidator(_checked_path)]
"""A place in a JSON value: names joined by dots, like `metadata.lang`."""


Count = Annotated[int, Field(gt=0, le=10**12)]
"""A number of calls or tokens."""
Parallel = Annotated[int, Field(gt=0, le=10_000)]
"""How many at once: as many tasks wait for their turn, whatever there is to do."""
Repetitions = Annotated[int, Field(gt=0, le=1_000)]
"""How often the same is asked."""


def exactly_one(data: Any, names: tuple[str, ...], what: str) -> None:
    """Raise ValueError unless `data`, a mapping, has exactly one of the keys `names`."""
    given = [name for name in names if name in data]
    if len(given) != 1:
        found = " and ".join(given) if given else "none"
        raise ValueError(f"{what} needs exactly one of {', '.join(names)}; found {found}")


def nearest(name: str, known: Collection[str]) -> str:
    """Return how to go on after an unknown `name`: the nearest known one, or all of them."""
    close = closest(name, known)
    if close:
        return f"did you mean `{close}`?"
    return f"known: {', '.join(sorted(known))}" if known else "nothing is known here"


def closest(name: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """Return the known name that `name` most likely means, or None; `cutoff` is a likeness from 0 to 1."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)), None)
