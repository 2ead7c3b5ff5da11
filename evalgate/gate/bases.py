"""The commits that a build is compared with, and their trees, held until the build ends."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from evalgate.errors import BaselineError
from evalgate.git.history import Base, commit_of, first_parent, merge_base
from evalgate.git.repository import Repository
from evalgate.git.worktrees import cache_folder, worktree
from evalgate.suite.baselines import BaselineKind, BaselineRef

_HERE: Final = frozenset({"HEAD", "@"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a change is meant for, where somebody says it: a flag, or the event that a workflow runs on.

    `merged`: what is checked out is the change merged into it, so its first parent is the base. `change`: the event is
    about a change, so that what is checked out cannot be the base.
    """

    ref: str | None = None
    commit: str | None = None
    merged: bool = False
    change: bool = False


class Bases:
    """Finds base commits and makes their trees, each once for a build."""

    def __init__(self, config: Path, *, environ: Mapping[str, str], target: Target, every: bool = False) -> None:
        """`config` is the config file: its repository is the one that is asked.

        `every`: suites are measured also where nothing that they run has changed.
        """
        self.every = every
        self._config, self._environ, self._target = config.absolute(), environ, target
        self._stack = ExitStack()
        self._trees: dict[str, Path] = {}
        self._found: dict[BaselineRef, Base] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def base(self, ref: BaselineRef) -> Base:
        """Return the commit of a baseline. Raises BaselineError where there is none."""
        if ref not in self._found:
            self._found[ref] = self._resolved(ref)
        return self._found[ref]

    def is_checked_out(self, base: Base) -> bool:
        """Return whether the work tree is the commit, with nothing changed: comparing it would be with itself."""
        repository = self._repository()
        return repository.head() == base.commit and not repository.is_dirty()

    def require_a_change(self, base: Base, ref: BaselineRef) -> None:
        """Raise BaselineError where the work tree is the base itself though it cannot be meant to be."""
        named = ref.name or self._target.ref
        if not (self._target.change or named in _HERE) or not self.is_checked_out(base):
            return
        if self._target.change:
            raise BaselineError(
                f"what is checked out is {base.label} itself, and not the change that is to be compared with it",
                next_step="check the change out: actions/checkout on the event pull_request, without `ref:`",
            )
        raise BaselineError(
            f"{named} is what is checked out, and nothing of it is changed: it would be compared with itself",
            next_step="name what you ship, `baseline: merge-base` or `git:<branch or tag>`; evalgate noise compares it"
            " with itself",
        )

    def tree(self, base: Base) -> Path:
        """Return a tree of the commit, made when it is first asked for. Raises BaselineError."""
        if base.commit not in self._trees:
            held = worktree(self._repository(), base.commit, cache_folder(self._environ))
            self._trees[base.commit] = self._stack.enter_context(held)
        return self._trees[base.commit]

    def config(self, base: Base) -> Path | None:
        """Return the config file in the tree of the commit, by the name that it had there; None where it has none."""
        repository, tree = self._repository(), self.tree(base)
        name = self.within(self._config)
        if (tree / name).is_file():
            return tree / name
        moved = {change.path: change.was for change in repository.changes(base.commit)}
        was = moved.get(name.as_posix())
        return tree / was if was is not None and (tree / was).is_file() else None

    def within(self, path: Path) -> Path:
        """Return where a path of the work tree is in every tree. Raises BaselineError where it is outside."""
        root = self._repository().root.resolve()
        try:
            return path.resolve().relative_to(root)
        except ValueError:
            raise BaselineError(
                f"{path} is not in the repository at {root}, so no commit has it",
                next_step="make `root` a folder of the repository, or set `baseline:` to {task: …} or null",
            ) from None

    def _repository(self) -> Repository:
        return Repository.at(self._config.parent, environ=self._environ)

    def _resolved(self, ref: BaselineRef) -> Base:
        repository = self._repository()
        if ref.kind is BaselineKind.GIT and ref.name is not None:
            return commit_of(repository, ref.name)
        target = self._target
        if ref.name is not None:
            return merge_base(repository, ref.name)
        if target.merged and (parent := first_parent(repository, target.ref)) is not None:
            return parent
        if target.commit is not None:
            return Base(commit=commit_of(repository, target.commit).commit, name=target.ref)
        return merge_base(repository, target.ref)
