"""Real repositories to ask: one of its own, and a remote with clones of it."""

from pathlib import Path

import pytest

from tests.unit.git.repositories import git, history


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one commit."""
    top = tmp_path / "tree"
    (top / "sub").mkdir(parents=True)
    git(top, "init", "-q", "-b", "main")
    (top / "a.py").write_text("a")
    (top / "sub" / "b é.py").write_text("b")
    (top / ".gitignore").write_text("*.log\n")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "one")
    return top


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository: main with 80 commits, a branch that left it after 70 and has 60 of its own, a tag."""
    work, bare = tmp_path / "work", tmp_path / "remote.git"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    history(work, "main", 80)
    git(work, "tag", "-a", "v1", "-m", "v1", "main~20")
    git(work, "branch", "feature", "main~10")
    history(work, "feature", 60)
    git(work, "clone", "-q", "--bare", str(work), str(bare))
    return bare


@pytest.fixture
def clone(remote: Path, tmp_path: Path):
    """Clone the remote as CI does: of a given depth, one branch checked out."""

    def make(*options: str, branch: str = "feature") -> Path:
        where = tmp_path / f"clone{len(list(tmp_path.glob('clone*')))}"
        git(tmp_path, "clone", "-q", "--branch", branch, *options, remote.as_uri(), str(where))
        return where

    return make
