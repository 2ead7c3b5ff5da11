"""Whether a change leaves a suite as it is, told by the files that GitHub lists of it: a fork's word for that is none.

Only what is certain counts: a suite of which all is watched, and no file near what it watches among those listed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.records import Side
from evalgate.suite.inputs import task_files


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """The files that a change adds, edits, renames or removes, relative to `top`, the repository. `config` is whole."""

    files: Collection[str]
    top: Path
    config: Path

    def leaves(self, suite: PreparedSuite) -> bool:
        """Return whether nothing that a suite runs is among them, and nothing of it has to be measured all the same."""
        ref = suite.suite.baseline_ref
        side = next(side for side in suite.sides if side.side is Side.CANDIDATE)
        certain = side.fingerprint.complete and suite.evaluators.complete
        if ref is None or not ref.of_commit or not certain:
            return False
        if any(check.without_comparisons().gating for check in suite.suite.checks.values()):
            return False  # rules about the candidate alone are held to every change
        paths = [self.top.resolve() / name for name in self.files]
        near = [self.config.resolve(), *_places(side)]
        return not any(path == place or place in path.parents for path in paths for place in near)


def _places(side: PreparedSide) -> list[Path]:
    """Return the files that a side watches, where links among them lead, and the folders of its globs."""
    root = side.root.resolve()
    files = task_files(side.task, side.root, [])
    globs = [root.joinpath(*_plain(pattern)) for pattern in side.task.inputs or ()]
    return [*(root / name for name in files), *((root / name).resolve() for name in files), *globs]


def _plain(pattern: str) -> list[str]:
    """Return the parts of a glob before the first that is none of a plain path."""
    parts: list[str] = []
    for part in PurePosixPath(pattern).parts:
        if any(letter in part for letter in "*?["):
            break
        parts.append(part)
    return parts
