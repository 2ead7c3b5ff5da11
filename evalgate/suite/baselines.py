"""What `baseline:` may say in one word: a commit to run, or what is stored, here or in Phoenix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

BASELINES: Final = (
    "merge-base (where this change left its target), merge-base:<ref>, git:<branch, tag or commit>, {task: …} (a second"
    " task), build:<id> or build:latest (a stored build), file:<path> (an exported journal), phoenix-tag:<name> and"
    " experiment:<id> (experiments in Phoenix)"
)
PROMOTED: Final = "baseline"
"""The tag in Phoenix of the baseline that was set last."""
_REF: Final = re.compile(r"(?!-)(?!.*(?:\.\.|@\{|//|\.lock(?:/|$)))[^\s~^:?*\[\\\x00-\x1f\x7f]+(?<![./])")
"""What git takes as a name, without its expressions: `main~3` is a place that moves by itself."""


class BaselineKind(StrEnum):
    """Where the other side comes from."""

    MERGE_BASE = "merge-base"
    """The commit at which the change left its target."""
    GIT = "git"
    BUILD = "build"
    FILE = "file"
    PHOENIX_TAG = "phoenix-tag"
    EXPERIMENT = "experiment"


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineRef:
    """A baseline in one word. `name` is what stands behind the colon: a ref, a build, a file, a tag, an
    experiment."""

    kind: BaselineKind
    name: str | None = None

    @property
    def in_phoenix(self) -> bool:
        """Whether it is an experiment in Phoenix, found by a tag of its dataset or by its id."""
        return self.kind in (BaselineKind.PHOENIX_TAG, BaselineKind.EXPERIMENT)

    @property
    def is_set(self) -> bool:
        """Whether storing a commit's runs moves it: stored runs of commits are found, and the latest is tagged."""
        return self.of_commit or (self.kind is BaselineKind.PHOENIX_TAG and self.name == PROMOTED)

    @property
    def of_commit(self) -> bool:
        """Whether it is a commit, whose own task is run."""
        return self.kind in (BaselineKind.MERGE_BASE, BaselineKind.GIT)


MERGE_BASE: Final = BaselineRef(kind=BaselineKind.MERGE_BASE)
"""The commit at which the change left its target."""


def read_baseline(text: str) -> BaselineRef:
    """Read what `baseline:` says. Raises ValueError, a whole sentence, for what means nothing."""
    kind, colon, name = text.partition(":")
    if kind == BaselineKind.MERGE_BASE and not colon:
        return MERGE_BASE
    if kind not in [*BaselineKind] or not name.strip():
        raise ValueError(f"the baseline {text!r} is none of {BASELINES}")
    ref = BaselineRef(kind=BaselineKind(kind), name=name)
    if ref.of_commit and _REF.fullmatch(name) is None:
        raise ValueError(f"the baseline {text!r} names no branch, tag or commit as git writes them")
    return ref
