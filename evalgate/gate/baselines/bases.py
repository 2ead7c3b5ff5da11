"""The commits that a build is compared with, and their trees, held until the build ends."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from evalgate.errors import BaselineError, ConfigurationError
from evalgate.git.history import Base, commit_of, first_parent, merge_base
from evalgate.git.repository import Repository
from evalgate.git.work_trees import place_in
from evalgate.git.worktrees import cache_folder, worktree
from evalgate.suite.baselines import BaselineKind, BaselineRef
from evalgate.yaml_source import parse_yaml

_WORKFLOWS: Final = ".github/workflows/"
_CONFIGS: Final = (".yaml", ".yml")

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
        name = self._as_named(repository)
        if (tree / name).is_file():
            return tree / name
        changes = repository.changes(base.commit)
        was = {change.path: change.was for change in changes}.get(name.as_posix())
        if was is not None and (tree / was).is_file():
            return tree / was
        # Edited so much while it was moved that git does not know it again: else a change could shed its gate so.
        gone = [tree / change.path for change in changes if not (repository.root / change.path).exists()]
        return _likest(self._config, [path for path in gone if path.suffix in _CONFIGS and path.is_file()])

    def edited_workflows(self, base: Base) -> list[str]:
        """Return the workflows that name evalgate and that the change edits, adds or takes away, sorted."""
        root, tree = self._repository().root, self.tree(base)
        names = {
            name
            for change in self._repository().changes(base.commit)
            for name in (change.path, change.was)
            if name is not None and name.startswith(_WORKFLOWS)
        }
        return sorted(name for name in names if any(_mentions(folder / name) for folder in (root, tree)))

    def refuse_tracked(self, *stores: Path) -> None:
        """Raise ConfigurationError where a store is part of the change: what is in it would be what it brings along."""
        repository = self._repository()
        for store in stores:
            if repository.tracks(store):
                raise ConfigurationError(
                    f"{store} is committed: a pull request would be measured by what it brings along",
                    next_step=f"git rm --cached {store}, and leave .evalgate/ to git's ignored files",
                )

    def refuse_links(self, *files: Path) -> None:
        """Raise ConfigurationError where the change brings a link in the place of a file that is to be written."""
        repository = self._repository()
        for file in files:
            if repository.tracks_link(file):
                raise ConfigurationError(
                    f"{file} is, or goes through, a link that is committed: what is written would be written elsewhere",
                    next_step=f"git rm the link in the place of {file}",
                )

    def in_work_tree(self, path: Path) -> Path:
        """Return where the folder of a tree is in the work tree. Raises BaselineError for one outside of every tree."""
        for tree in self._trees.values():
            if path.resolve().is_relative_to(tree.resolve()):
                return self._repository().root / path.resolve().relative_to(tree.resolve())
        raise BaselineError(
            f"a suite of the base commit has its root outside of the repository, at {path}",
            next_step="make `root` a folder of the repository, there",
        )

    def _as_named(self, repository: Repository) -> Path:
        """Return the config's path in the repository as it is written: a link in its place is another file."""
        named, root = Path(os.path.normpath(self._config)), repository.root.resolve()
        above = next((folder for folder in named.parents if folder.resolve() == root), None)
        return named.relative_to(above) if above is not None else self.within(self._config)

    def within(self, path: Path) -> Path:
        """Return where a path of the work tree is in every tree. Raises BaselineError where it is outside."""
        root = self._repository().root
        place = place_in(root, path)
        if place is None:
            raise BaselineError(
                f"{path} is not in the repository at {root.resolve()}, so no commit has it",
                next_step="make `root` a folder of the repository, or set `baseline:` to {task: …} or null",
            )
        return place

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


def _mentions(path: Path) -> bool:
    return path.is_file() and b"evalgate" in path.read_bytes()


def _likest(config: Path, gone: Sequence[Path]) -> Path | None:
    """Return which of the files that a change took away was its config: that with most of its suites; None: none."""
    own = _suites(config)
    found = {path: _suites(path) for path in sorted(gone)}
    configs = [path for path, suites in found.items() if suites is not None]
    return max(configs, key=lambda path: len((found[path] or set()) & (own or set())), default=None)


def _suites(path: Path) -> set[str] | None:
    """Return the names of the suites that a file declares; None where it is no config."""
    try:
        raw = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    declared = raw.get("suites") if isinstance(raw, dict) else None
    return {*map(str, declared)} if isinstance(declared, dict) else None
