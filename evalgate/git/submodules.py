"""The submodules of a base commit, from what this clone has of them: no URL that a commit brings along is asked."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from evalgate.errors import BaselineError
from evalgate.git.calls import Git, unreadable
from evalgate.git.repository import Repository


def fill_submodules(repository: Repository, git: Git, tree: Path) -> bool:
    """Write the files of each submodule into a tree that was just checked out. Returns whether there are any.

    One whose folder is empty in the work tree is left empty: no side uses it then. Raises BaselineError for one whose
    commit this clone does not have.
    """
    return _fill(git, "HEAD", of=tree, work_tree=repository.root, tree=tree)


def _fill(git: Git, commit: str, *, of: Path, work_tree: Path, tree: Path) -> bool:
    """Fill `tree` with the submodules of `commit`, which `of` knows, from those that `work_tree` has."""
    links = [link for link in _links(git, commit, of) if (work_tree / link[0] / ".git").exists()]
    for path, pinned in links:
        _write(git, work_tree / path, pinned, tree / path, path)
        _fill(git, pinned, of=work_tree / path, work_tree=work_tree / path, tree=tree / path)
    return bool(links)


def _links(git: Git, commit: str, of: Path) -> Iterator[tuple[str, str]]:
    """Yield (path, commit) of every submodule of a commit."""
    done = git.call(of, "ls-tree", "-r", "-z", "--full-tree", commit)
    if done is None or done.code != 0:
        raise unreadable(of, done)
    for entry in done.names:
        facts, _, path = entry.partition("\t")
        mode, _, pinned = facts.split(" ")
        if mode == "160000":
            yield path, pinned


def _write(git: Git, checked_out: Path, commit: str, target: Path, path: str) -> None:
    own = git.without_programs(checked_out)
    there = own.call(checked_out, "cat-file", "-e", f"{commit}^{{commit}}")
    if there is None or there.code != 0:
        raise BaselineError(
            f"the base commit has the submodule {path} at {commit[:12]}, and this clone of it does not",
            next_step=f"git -C {checked_out} fetch --unshallow, or git -C {checked_out} fetch origin {commit}",
        )
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        # An index and a work tree of this call alone: what is checked out of the submodule is not touched.
        apart = ("--work-tree", str(target))
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        done = own.reach(checked_out, *apart, "read-tree", "--reset", "-u", commit, **index)
    if done is None or done.code != 0:
        raise BaselineError(
            f"the submodule {path} of the base commit cannot be written: {done.why if done else 'no answer from git'}",
            next_step=f"git -C {checked_out} status shows what git makes of it",
        )
