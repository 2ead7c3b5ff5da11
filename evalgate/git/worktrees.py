"""Trees of other commits: made once, kept for the next build, held by one build at a time, mended after a crash.

They are not under the work tree and not under its `.git`: programs that look for packages in the folders above their
own (Node does) would find the candidate's. A build holds its tree with a lock that the operating system drops however
the process dies; whoever takes a tree next puts it back to its commit first.
"""

from __future__ import annotations

import hashlib
import os
import secrets
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
    git = repository.git.without_programs(repository.root)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock, tree = _kept(repository, git, commit, home) or _made(repository, git, commit, home)
    except OSError as error:
        raise _refused(commit, f"{home}: {error.strerror}") from error
    try:
        _sweep(repository, home)
        yield tree
    finally:
        lock.release()


def _key(repository: Repository) -> str:
    """Return the name of a repository's trees; its linked work trees share them."""
    done = repository.git.call(repository.root, "rev-parse", "--git-common-dir")
    shared = (repository.root / (done.text if done is not None and done.code == 0 else ".git")).resolve()
    return f"{repository.root.name}-{hashlib.sha256(os.fsencode(shared)).hexdigest()[:12]}"


def _kept(repository: Repository, git: Git, commit: str, home: Path) -> tuple[FileLock, Path] | None:
    """Return a tree of an earlier build that nobody holds, put back to its commit, and the lock that holds it now."""
    for ready in sorted(home.glob(f"{commit}-*.ready")):
        tree = ready.with_suffix("")
        lock = _locked(tree)
        if lock is None:
            continue
        try:
            if ready.is_file() and _put_back(repository, git, commit, tree):
                return lock, tree
        except BaseException:
            lock.release()
            raise
        _discard(repository, tree, lock)
    return None


def _made(repository: Repository, git: Git, commit: str, home: Path) -> tuple[FileLock, Path]:
    """Return a new tree and the lock that holds it.

    Its name is its own: the git of a build that was killed may go on for a while in the tree that it was making.
    """
    tree = home / f"{commit}-{secrets.token_hex(4)}"
    lock = _locked(tree)
    if lock is None:
        raise _refused(commit, f"{tree} is held")
    try:
        _make(repository, git, commit, tree)
    except BaseException:
        _discard(repository, tree, lock)
        raise
    return lock, tree


def _make(repository: Repository, git: Git, commit: str, tree: Path) -> None:
    bare = ("--quiet", "--force", "--force", "--detach", "--no-checkout")
    done = git.call(repository.root, "worktree", "add", *bare, str(tree), commit)
    if done is not None and done.code == 0:
        done = _checkout(git, tree, commit)
    if done is None or done.code != 0:
        raise _refused(commit, done.why if done is not None else "git did not answer in time")
    fill_submodules(repository, git, tree)
    _ready(tree).touch()


def _locked(tree: Path) -> FileLock | None:
    """Return the lock of a tree, taken; None where a living process has it."""
    from filelock import FileLock, Timeout

    lock = FileLock(_lock_file(tree), blocking=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def _checkout(git: Git, tree: Path, commit: str) -> Done | None:
    """Write the files of the commit; the content of a partial clone and of git-lfs is fetched with it."""
    return git.reach(tree, "reset", "--quiet", "--hard", "--no-recurse-submodules", commit)


def _put_back(repository: Repository, git: Git, commit: str, tree: Path) -> bool:
    """Undo what an earlier build left; what git ignores stays, a setup's packages. Returns whether it could."""
    done = _checkout(git, tree, commit)
    if done is None or done.code != 0:
        return False
    left = git.call(tree, "ls-files", "-z", "--others", "--directory", "--exclude-standard")
    cleaned = git.call(tree, "clean", "--quiet", "-ffd")
    if left is None or cleaned is None or left.code or cleaned.code:
        return False
    if fill_submodules(repository, git, tree) or left.names:
        # Some of what is gone may have been a setup's: it is done again.
        shutil.rmtree(tree / SETUP_MARKERS, ignore_errors=True)
    _ready(tree).touch()
    return True


def _sweep(repository: Repository, home: Path) -> None:
    """Remove what no living build holds: trees that were never finished, and all but the latest."""
    told = repository.git.call(repository.root, "worktree", "list", "--porcelain", "-z")
    noted = [Path(entry.removeprefix("worktree ")) for entry in (told.names if told else [])]
    trees = {path for path in home.iterdir() if path.is_dir()} | {path for path in noted if path.parent == home}
    for place, tree in enumerate(sorted(trees, key=_age, reverse=True)):
        if place < KEPT and _ready(tree).is_file():
            continue
        lock = _locked(tree)
        if lock is not None:
            _discard(repository, tree, lock)


def _age(tree: Path) -> float:
    try:
        return _ready(tree).stat().st_mtime
    except OSError:
        return 0.0


def _discard(repository: Repository, tree: Path, lock: FileLock) -> None:
    """Remove a tree that is held, and what git notes of it; one that is not there is fine."""
    _ready(tree).unlink(missing_ok=True)
    shutil.rmtree(tree, ignore_errors=True)
    repository.git.call(repository.root, "worktree", "remove", "--force", "--force", str(tree))
    _lock_file(tree).unlink(missing_ok=True)
    lock.release()


def _lock_file(tree: Path) -> Path:
    return tree.with_name(f"{tree.name}.lock")


def _ready(tree: Path) -> Path:
    """Return the file beside a tree that says that it was finished."""
    return tree.with_name(f"{tree.name}.ready")


def _refused(commit: str, why: str) -> BaselineError:
    return BaselineError(
        f"the tree of the base commit {commit[:12]} cannot be made: {why}",
        next_step=f"git worktree add --detach /tmp/base {commit[:12]} shows the same by hand; mend that and run again",
    )
