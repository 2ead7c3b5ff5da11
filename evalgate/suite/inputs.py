"""Which files a task or an evaluator depends on, and the hash of each; nothing outside `root` is ever read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from evalgate.errors import ConfigurationError
from evalgate.suite.evaluator_kinds import JsonSchema, Sql
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.tasks import PromptTask, PythonTask, TaskBase

_NEVER: Final = frozenset(
    {".git", ".evalgate", "__pycache__", ".venv", "node_modules", ".tox", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
)
"""What running leaves behind: equal content would have other files each time."""


def task_files(task: TaskBase, root: Path, tree: Sequence[str]) -> list[str]:
    """Return the files under `root` that the answers of `task` depend on, sorted, with forward slashes.

    They are those that its `inputs` match and its own file; a prompt's file alone; else all of `tree`, the files of
    the whole tree as the caller knows them. Raises ConfigurationError for a glob that leaves `root` or matches nothing.
    """
    own = [task.file] if isinstance(task, PromptTask) and task.file is not None else []
    if isinstance(task, PythonTask):
        own = _python_file(task.python)
    if task.inputs is not None:
        return sorted({*matching_files(root, task.inputs), *own})
    return own if isinstance(task, PromptTask) else sorted(tree)


def evaluator_files(evaluator: Evaluator) -> list[str]:
    """Return the files that one evaluator reads, relative to `root`."""
    parameters = evaluator.parameters
    if isinstance(parameters, JsonSchema) and isinstance(parameters.schema_, str):
        return [parameters.schema_]
    if isinstance(parameters, Sql):
        return [parameters.database]
    if evaluator.judge_file is not None:
        return [evaluator.judge_file]
    return _python_file(evaluator.python or "")


def matching_files(root: Path, globs: Iterable[str]) -> list[str]:
    """Return the files under `root` that the globs match, sorted; a directory stands for everything in it.

    Raises ConfigurationError for a glob that leads out of `root`, by itself or by a symbolic link, or matches nothing.
    """
    found: set[str] = set()
    for pattern in globs:
        pure = PurePosixPath(pattern)
        if pure.is_absolute() or ".." in pure.parts or not pure.parts:
            raise ConfigurationError(
                f"the input {pattern!r} leads out of `root`",
                next_step="write it relative to `root`, or make `root` the directory that holds everything",
            )
        # From Python 3.13 on `**` stands for files too, those of folders that are passed by among them.
        starts = (start for start in root.glob(pattern) if not _NEVER & {*start.relative_to(root).parts})
        matched = {path for start in starts for path in _files_in(start)}
        if not matched:
            raise ConfigurationError(
                f"the input {pattern!r} matches no file under {root}", next_step="correct it under `inputs:`"
            )
        found |= {_inside(path, root, pattern) for path in matched}
    return sorted(found)


def hash_files(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of each file, by name, in order of names; files that are not there are left out.

    A directory (a submodule) stands for everything in it. A link that leads out of `root` counts by where it points.
    """
    hashes: dict[str, str] = {}
    home = root.resolve()
    for name in sorted(name for name in names if not _NEVER & {*PurePosixPath(name).parts}):
        for path in _files_in(root / name):
            key = path.relative_to(root).as_posix()
            if path.resolve().is_relative_to(home):
                with path.open("rb") as file:
                    hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
            else:
                hashes[key] = hashlib.sha256(f"link to {_target(path)}".encode()).hexdigest()
    return hashes


def _target(path: Path) -> str:
    """Return where a file leads that is not under `root`: its own link's text, or that of a folder above it."""
    return (path.readlink() if path.is_symlink() else path.resolve()).as_posix()


def _files_in(path: Path) -> Iterator[Path]:
    """Yield a file, or the files of a directory; nothing that running leaves behind."""
    if path.name in _NEVER:
        return
    if path.is_file():
        yield path
    elif path.is_dir() and not path.is_symlink():
        for below in sorted(path.iterdir()):
            yield from _files_in(below)


def _inside(path: Path, root: Path, pattern: str) -> str:
    if not path.resolve().is_relative_to(root.resolve()):
        raise ConfigurationError(
            f"the input {pattern!r} matches {path.relative_to(root).as_posix()!r}, a link that leads out of `root`",
            next_step="leave the link out, or copy what it points to",
        )
    return path.relative_to(root).as_posix()


def _python_file(target: str) -> list[str]:
    file = target.rpartition(":")[0]
    return [file] if file.endswith(".py") or "/" in file else []
