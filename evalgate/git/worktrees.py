"""Trees of other commits: made once, kept for the next build, held by one build at a time, mended after a crash.

They are not under the work tree and not under its `.git`: programs that look for packages in the folders above their
own (Node does) would find the candidate's. A build holds its tree with a lock that the operating system drops however
the process dies; whoever takes a tree next puts it back to its commit first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalgate.errors import BaselineError
from evalgate.git.calls import Done, Git
from evalgate.git.repository import Repository
from evalgate.git.submodules import fill_submodules

if TYPE_CHECKING:
    from filelock import FileLock

KEPT: Final = 3
"""Trees of one repository that stay for the next build: a setup that is done need not be done again."""
SETUP_MARKERS: Final = Path(".evalgate", "setup")
"""Where, in a tree, setups that are done are remembered; they are forgotten with what the setup left behind."""
_SLOTS: Final = 32
"""Builds that may hold a tree of one commit at once."""


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of all trees: in the user's cache, or in the temporary folder where there is none."""
    named = environ.get("XDG_CACHE_HOME") or (Path(environ["HOME"]) / ".cache" if environ.get("HOME") else None)
    if named is not None and Path(named).is_absolute():
        folder = Path(named) / "evalgate" / "worktrees"
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    return Path(tempfile.gettempdir()) / f"evalgate-{os.getuid() if hasattr(os, 'getuid') else 'user'}" / "worktrees"


@contextmanager
def worktree(repository: Repository, commit: str, folder: Path) -> Iterator[Path]:
    """Hold a tree of `commit` for as long as the context lasts: its files as committed, none of the work tree's.

    Raises BaselineError where it cannot be made.
    """
    home = folder / _key(repository)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock, tree = _take(home, commit)
    except OSError as error:
        raise _refused(commit, f"{home}: {error.strerror}") from error
    try:
        _bring(repository, commit, tree)
        _sweep(repository, home)
        yield tree
    finally:
        lock.release()


def _key(repository: Repository) -> str:
    """Return the name of a repository's trees; its linked work trees share them."""
    done = repository.git.call(repository.root, "rev-parse", "--git-common-dir")
    shared = (repository.root / (done.text if done is not None and done.code == 0 else ".git")).resolve()
    return f"{repository.root.name}-{hashlib.sha256(os.fsencode(shared)).hexdigest()[:12]}"


def _take(home: Path, commit: str) -> tuple[FileLock, Path]:
    """Return the first tree of the commit that no living process holds, and the lock that holds it now."""
    for slot in range(_SLOTS):
        tree = home / f"{commit[:12]}-{slot}"
        if (lock := _locked(tree)) is not None:
            return lock, tree
    raise _refused(commit, f"{_SLOTS} builds hold one each")


def _locked(tree: Path) -> FileLock | None:
    from filelock import FileLock, Timeout

    lock = FileLock(tree.with_name(f"{tree.name}.lock"), blocking=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def _bring(repository: Repository, commit: str, tree: Path) -> None:
    """Make the tree, or put one that was made before back to its commit."""
    ready = _ready(tree)
    git = repository.git.without_programs(repository.root)
    made = ready.is_file() and ready.read_text(encoding="utf-8") == commit and _put_back(git, commit, tree)
    if not made:
        _remove(repository, tree)
        bare = ("--quiet", "--force", "--force", "--detach", "--no-checkout")
        done = git.call(repository.root, "worktree", "add", *bare, str(tree), commit)
        if done is not None and done.code == 0:
            done = _checkout(git, tree, commit)
        if done is None or done.code != 0:
            _remove(repository, tree)
            raise _refused(commit, done.why if done is not None else "git did not answer in time")
    ready.unlink(missing_ok=True)
    if fill_submodules(repository, git, tree):
        _forget_setups(tree)
    ready.write_text(commit, encoding="utf-8")


def _checkout(git: Git, tree: Path, commit: str) -> Done | None:
    """Write the files of the commit; the content of a partial clone and of git-lfs is fetched with it."""
    return git.reach(tree, "reset", "--quiet", "--hard", "--no-recurse-submodules", commit)


def _put_back(git: Git, commit: str, tree: Path) -> bool:
    """Undo what an earlier build left; what git ignores stays, a setup's packages. Returns whether it could."""
    done = _checkout(git, tree, commit)
    if done is None or done.code != 0:
        return False
    left = git.call(tree, "ls-files", "-z", "--others", "--directory", "--exclude-standard")
    cleaned = git.call(tree, "clean", "--quiet", "-ffd")
    if left is None or cleaned is None or left.code or cleaned.code:
        return False
    if left.names:
        # Some of it may have been a setup's: it is done again.
        _forget_setups(tree)
    return True


def _forget_setups(tree: Path) -> None:
    shutil.rmtree(tree / SETUP_MARKERS, ignore_errors=True)


def _sweep(repository: Repository, home: Path) -> None:
    """Remove what no living build holds: trees that were never finished, and all but the latest."""
    trees = [path for path in home.iterdir() if path.is_dir()]
    trees.sort(key=_age, reverse=True)
    for place, tree in enumerate(trees):
        if place < KEPT and _ready(tree).is_file():
            continue
        lock = _locked(tree)
        if lock is not None:
            try:
                _remove(repository, tree)
            finally:
                lock.release()


def _age(tree: Path) -> float:
    try:
        return _ready(tree).stat().st_mtime
    except OSError:
        return 0.0


def _remove(repository: Repository, tree: Path) -> None:
    """Remove a tree and what git notes of it; one that is not there is fine."""
    _ready(tree).unlink(missing_ok=True)
    repository.git.call(repository.root, "worktree", "remove", "--force", "--force", str(tree))
    shutil.rmtree(tree, ignore_errors=True)


def _ready(tree: Path) -> Path:
    """Return the file beside a tree that says that it was finished, with its commit."""
    return tree.with_name(f"{tree.name}.ready")


def _refused(commit: str, why: str) -> BaselineError:
    return BaselineError(
        f"the tree of the base commit {commit[:12]} cannot be made: {why}",
        next_step=f"git worktree add --detach /tmp/base {commit[:12]} shows the same by hand; mend that and run again",
    )
