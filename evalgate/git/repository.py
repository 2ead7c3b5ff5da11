"""One work tree as git sees it: where it stands, what it holds, what it differs by."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evalgate.errors import BaselineError, ConfigurationError, MeasurementError
from evalgate.git.calls import Git, unreadable

_COMPILED: Final = re.compile(r"^\?\? (?:.*/)?__pycache__/$")
"""A folder that git does not know, in which Python keeps what it compiled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One file that differs between two commits. `was` is its earlier name where it was renamed or moved."""

    path: str
    was: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A commit: its id in full, when it was made (ISO 8601), by whom, and the first line of its message."""

    id: str
    at: str
    author: str
    subject: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """One work tree. `root` is its directory, `git` what it is asked with."""

    root: Path
    git: Git

    @classmethod
    def find(cls, path: Path, *, environ: Mapping[str, str] | None = None) -> Repository | None:
        """Return the repository that `path` is in; None where there is none, no git, or it belongs to someone else.

        Of `environ` (default: this process's) only what git needs to start is passed on: GIT_DIR and its like would
        show another repository.
        """
        try:
            return cls.at(path, environ=environ)
        except BaselineError:
            return None

    @classmethod
    def at(cls, path: Path, *, environ: Mapping[str, str] | None = None) -> Repository:
        """Return the repository that `path` is in, as `find` does. Raises BaselineError that says why there is none."""
        git = Git.of(os.environ if environ is None else environ)
        found = git.call(path, "rev-parse", "--show-toplevel")
        where = path.resolve()
        if found is None:
            raise BaselineError(
                f"git does not run in {where}, and the baseline is a commit",
                next_step="install git, or set `baseline:` to {task: …} or file:<path>",
            )
        if found.code == 0 and found.text:
            return cls(root=Path(found.text), git=git)
        if "dubious ownership" in found.error:
            quoted = re.search(r"repository at '([^']+)'", found.error)
            owned = quoted[1] if quoted else str(where)
            raise BaselineError(
                f"git refuses the repository at {owned}: its folder belongs to another user than this one",
                next_step=f"git config --global --add safe.directory {owned}",
            )
        raise BaselineError(
            f"{where} is in no work tree of git, and the baseline is a commit",
            next_step="git init and commit what you ship today, or set `baseline:` to {task: …} or file:<path>",
        )

    def head(self) -> str | None:
        """Return the commit that is checked out, in full; None before the first commit."""
        return self._text("rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}")

    def branch(self) -> str | None:
        """Return the branch that is checked out, also before its first commit; None on a detached HEAD."""
        return self._text("symbolic-ref", "--quiet", "--short", "HEAD")

    def author(self) -> str:
        """Return who commits here, `Name <address>`. Raises ConfigurationError where git does not know."""
        ident = self._text("var", "GIT_AUTHOR_IDENT")
        if ident is None:
            raise ConfigurationError(
                "git does not know who you are, and this is signed with your name",
                next_step='git config user.name "Your Name" && git config user.email you@example.com',
            )
        return ident.rpartition(">")[0] + ">"

    def latest_tag(self, patterns: Sequence[str]) -> str | None:
        """Return the tag of one of these patterns that comes last before what is checked out; None where none does.

        What HEAD itself is tagged with is not it.
        """
        wanted = [f"--match={pattern}" for pattern in patterns]
        return self._text("describe", "--tags", "--abbrev=0", *wanted, "HEAD^")

    def uncommitted(self) -> list[str]:
        """Return the files that differ from what is checked out, those that git does not know yet included, sorted.

        A submodule counts by its commit alone, and what Python compiled, which running the task leaves behind, does
        not. Raises MeasurementError when git cannot tell.
        """
        listing = (
            "status",
            "--porcelain",
            "-z",
            "--no-renames",
            "--untracked-files=normal",
            "--ignore-submodules=dirty",
        )
        told = self._names(*listing, git=self.git.without_filters(self.root))
        return sorted(name[3:] for name in told if not _COMPILED.search(name))

    def is_dirty(self) -> bool:
        """Return whether the work tree differs from its commit, as `uncommitted` says it."""
        return bool(self.uncommitted())

    def files(self, folder: Path) -> list[str]:
        """Return the files under `folder`, relative to it and sorted: tracked ones and new ones that are not ignored.

        A submodule is one entry, its directory. Files that were deleted without git are left out.
        Raises MeasurementError when git cannot tell, and ValueError when `folder` is outside of the repository.
        """
        here = folder.resolve().relative_to(self.root.resolve())
        listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
        listed = set(self._names(*listing, cwd=folder))
        return sorted(name.removesuffix("/") for name in listed if _there(self.root / here / name))

    def tracks(self, path: Path) -> bool:
        """Return whether a file is part of what is checked out, or a link to it is. False for one outside."""
        return self._lists(path.resolve(), *_links(path))

    def tracks_link(self, path: Path) -> bool:
        """Return whether a link that is part of what is checked out stands in the place of a file, or in its way."""
        return self._lists(*_links(path))

    def _lists(self, *paths: Path) -> bool:
        root = self.root.resolve()
        inside = [each.relative_to(root).as_posix() for each in paths if each.is_relative_to(root)]
        if not inside:
            return False
        done = self.git.call(root, "ls-files", "-z", "--", *inside)
        return done is None or done.code != 0 or bool(done.names)

    def changes(self, base: str) -> list[Change]:
        """Return what the work tree as it stands changed since the commit `base`, by name; renamed files once.

        New files that git does not know yet are left out. Raises MeasurementError when git cannot tell.
        """
        options = (
            "-z",
            "--name-status",
            "--find-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--ignore-submodules=dirty",
        )
        told = iter(self._names("diff", *options, base, "--", git=self.git.without_filters(self.root)))
        found = []
        for status in told:
            first = next(told)
            moved = status[:1] in ("R", "C")
            found.append(Change(path=next(told), was=first) if moved else Change(path=first))
        return sorted(found, key=lambda change: change.path)

    def is_shallow(self) -> bool:
        """Return whether this clone lacks commits that came before: its oldest one seems to have made everything."""
        return self._text("rev-parse", "--is-shallow-repository") == "true"

    def commits_of(self, name: str, *, limit: int) -> list[Commit]:
        """Return the latest commits that changed a file, by its name from the root, newest first, at most `limit`.

        Under the name that it has now; none before the first commit. Raises MeasurementError when git cannot tell.
        """
        if self.head() is None:
            return []
        form = "--format=%H%x1f%aI%x1f%an%x1f%s"
        told = self._names("log", "-z", f"--max-count={limit}", "--no-show-signature", form, "--", name)
        parts = (each.split("\x1f", 3) for each in told)
        return [Commit(id=commit, at=at, author=author, subject=said) for commit, at, author, said in parts]

    def text_at(self, commit: str, name: str, *, limit: int) -> str | None:
        """Return a text file of a commit, by its name from the root; None where the commit has no such file.

        Raises MeasurementError where it is longer than `limit` bytes, or no UTF-8.
        """
        named = f"{commit}:{name}"
        size = self._text("cat-file", "-s", named)
        if size is None or self._text("cat-file", "-t", named) != "blob":
            return None
        done = self.git.call(self.root, "cat-file", "blob", named) if int(size) <= limit else None
        if done is None or done.code != 0:
            raise MeasurementError(f"{name} of {commit[:7]} is longer than {limit:,} bytes, or cannot be read")
        try:
            return done.out.decode("utf-8")
        except UnicodeDecodeError:
            raise MeasurementError(f"{name} of {commit[:7]} is no UTF-8") from None

    def _text(self, *arguments: str) -> str | None:
        """Return the one line that git prints; None when it says no."""
        done = self.git.call(self.root, *arguments)
        return (done.text.strip() or None) if done is not None and done.code == 0 else None

    def _names(self, *arguments: str, cwd: Path | None = None, git: Git | None = None) -> list[str]:
        done = (git or self.git).call(cwd or self.root, *arguments)
        if done is None or done.code != 0:
            raise unreadable(self.root, done)
        return done.names


def _there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _links(path: Path) -> list[Path]:
    """Return the links on the way to a file and in its place, each by where it stands itself."""
    whole = path.absolute()
    return [each.parent.resolve() / each.name for each in (whole, *whole.parents) if each.is_symlink()]
