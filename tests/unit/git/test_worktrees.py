"""Trees of a base commit: what they hold, who may hold them, and what is left after a crash."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalgate.errors import BaselineError
from evalgate.git.worktrees import KEPT, cache_folder, worktree
from tests.unit.git.repositories import commit, git, repository

HOLD = """
import pathlib, sys, time
from evalgate.git.repository import Repository
from evalgate.git.worktrees import worktree
with worktree(Repository.at(pathlib.Path(sys.argv[1])), sys.argv[2], pathlib.Path(sys.argv[3])) as tree:
    print(tree, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "trees"


def holding(tree, base, folder):
    """Another process that holds a tree; it and the tree."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, tree, base, folder], stdout=subprocess.PIPE, text=True)
    held = Path(process.stdout.readline().strip())
    assert held.is_relative_to(folder)  # "" would be the folder that the tests run in
    return process, held


def killed(process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)


def test_a_tree_has_the_files_of_its_commit_and_none_of_the_work_tree(tree, folder):
    base = git(tree, "rev-parse", "HEAD")
    commit(tree, a_py="changed", new_py="new")
    (tree / "untracked.py").write_text("u")
    with worktree(repository(tree), base, folder) as made:
        assert (made / "a.py").read_text() == "a"
        assert (made / "sub" / "b é.py").read_text() == "b"
        assert sorted(path.name for path in made.iterdir()) == [".git", ".gitignore", "a.py", "sub"]
        assert git(made, "rev-parse", "HEAD") == base
        assert not made.is_relative_to(tree)
    assert repository(tree).files(tree) == [".gitignore", "a.py", "new.py", "sub/b é.py", "untracked.py"]


def test_the_next_build_finds_it_as_it_was_whatever_the_last_one_left(tree, folder):
    base = git(tree, "rev-parse", "HEAD")
    with worktree(repository(tree), base, folder) as made:
        (made / "a.py").write_text("edited by a task")
        (made / "sub" / "b é.py").unlink()
        (made / "left over").mkdir()
        (made / "left over" / "file").write_text("x")
        (made / "kept.log").write_text("what git ignores: a setup's packages")
        first, number = made, (made / "a.py").stat().st_ino
    with worktree(repository(tree), base, folder) as made:
        assert made == first
        assert (made / "a.py").read_text() == "a"
        assert sorted(path.name for path in made.iterdir()) == [".git", ".gitignore", "a.py", "kept.log", "sub"]
    assert number


def test_a_setup_is_forgotten_with_what_it_left(tree, folder):
    """Its packages were no files that git ignores, so they are gone: the marker that says it is done must go too."""
    (tree / ".gitignore").write_text(".evalgate\n*.log\n")
    base = commit(tree)
    with worktree(repository(tree), base, folder) as made:
        marker = made / ".evalgate" / "setup" / "done"
        marker.parent.mkdir(parents=True)
        marker.write_text("done")
        (made / "packages.log").write_text("ignored")
    with worktree(repository(tree), base, folder):
        assert marker.exists()
        (made / "packages").write_text("not ignored")
    with worktree(repository(tree), base, folder):
        assert not marker.exists()


def test_two_builds_at_once_have_a_tree_each(tree, folder):
    base = git(tree, "rev-parse", "HEAD")
    process, other = holding(tree, base, folder)
    try:
        with worktree(repository(tree), base, folder) as made:
            assert made != other
            (made / "a.py").write_text("mine")
            assert (other / "a.py").read_text() == "a"
    finally:
        killed(process)


@pytest.mark.parametrize("broken", [False, True])
def test_a_tree_whose_owner_was_killed_is_put_back_or_made_anew(tree, folder, broken):
    base = git(tree, "rev-parse", "HEAD")
    process, other = holding(tree, base, folder)
    (other / "a.py").write_text("half written")
    if broken:
        (other / ".git").write_text("rubbish")
    killed(process)
    with worktree(repository(tree), base, folder) as made:
        assert (made / "a.py").read_text() == "a"
        assert git(made, "rev-parse", "HEAD") == base
        assert (made == other) is not broken
    assert len(git(tree, "worktree", "list").splitlines()) == 2


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1])
def test_killed_while_it_is_made_it_is_made_anew(tree, folder, after):
    for number in range(300):
        (tree / f"file{number}.txt").write_text("x" * 1000)
    base = commit(tree)
    process = subprocess.Popen([sys.executable, "-c", HOLD, tree, base, folder], stdout=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not list(folder.glob("*/*.lock")):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(after)
    killed(process)
    with worktree(repository(tree), base, folder) as made:
        assert git(made, "status", "--porcelain") == ""
        assert len(list(made.glob("file*.txt"))) == 300
    deadline = time.monotonic() + 10
    while len(git(tree, "worktree", "list").splitlines()) > 2:  # the git of the killed build may have gone on meanwhile
        assert time.monotonic() < deadline
        with worktree(repository(tree), base, folder) as again:
            assert again == made
    assert [path for path in folder.glob("*/*") if path.is_dir()] == [made]


def test_only_the_latest_trees_are_kept_and_those_that_are_held(tree, folder):
    commits = [commit(tree, a_py=str(number)) for number in range(KEPT + 2)]
    process, held = holding(tree, commits[0], folder)
    try:
        for each in commits:
            with worktree(repository(tree), each, folder) as made:
                last = made
        trees = {path for path in folder.glob("*/*") if path.is_dir()}
        assert {held, last} <= trees
        assert len(trees) == KEPT + 1
        listed = git(tree, "worktree", "list").splitlines()
        assert len(listed) == len(trees) + 1
    finally:
        killed(process)


def test_worktrees_of_the_users_own_are_left_alone(tree, folder, tmp_path):
    git(tree, "worktree", "add", "-q", "-b", "side", str(tmp_path / "usb" / "side"))
    (tmp_path / "usb").rename(tmp_path / "unplugged")
    for number in range(KEPT + 2):
        with worktree(repository(tree), commit(tree, a_py=str(number)), folder):
            pass
    (tmp_path / "unplugged").rename(tmp_path / "usb")
    assert git(tmp_path / "usb" / "side", "status", "--porcelain") == ""


def test_hooks_and_filters_of_the_repository_do_not_run_and_those_of_the_user_do(tree, folder, tmp_path):
    ran = tmp_path / "ran"
    (tree / ".gitattributes").write_text("*.py filter=evil\n*.bin filter=lfs\n")
    base = commit(tree, b_bin="pointer")
    hook = tree / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    hook.chmod(0o755)
    git(tree, "config", "filter.evil.smudge", f"touch '{ran}'; cat")
    git(tree, "config", "filter.evil.required", "true")
    (tree / "included").write_text(f"[filter \"evil\"]\n\tprocess = touch '{ran}'\n")
    git(tree, "config", "include.path", str(tree / "included"))
    git(tmp_path, "config", "--global", "filter.lfs.smudge", "sed s/pointer/content/")
    with worktree(repository(tree, HOME=str(tmp_path)), base, folder) as made:
        assert (made / "a.py").read_text() == "a"
        assert (made / "b.bin").read_text().strip() == "content"
    assert not ran.exists()


def test_git_lfs_as_a_workflow_installs_it_in_the_repository_runs(tree, folder, tmp_path):
    """`actions/checkout` with `lfs: true` writes the filter to .git/config; as pointers, base files would be others."""
    (tree / ".gitattributes").write_text("*.bin filter=lfs\n")
    base = commit(tree, b_bin="pointer")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "git-lfs"
    program.write_text("#!/bin/sh\nsed s/pointer/content/\n")
    program.chmod(0o755)
    git(tree, "config", "filter.lfs.smudge", "git-lfs smudge -- %f")
    git(tree, "config", "filter.lfs.required", "true")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    with worktree(repository(tree, PATH=path), base, folder) as made:
        assert (made / "b.bin").read_text().strip() == "content"


@pytest.fixture
def with_submodule(tree, tmp_path):
    """A repository with a submodule that has one itself."""
    inner, library = tmp_path / "inner", tmp_path / "library"
    for where in (inner, library):
        where.mkdir()
        git(where, "init", "-q", "-b", "main")
    commit(inner, i_py="inner 1")
    git(library, "submodule", "--quiet", "add", str(inner), "in ner")
    commit(library, l_py="library 1")
    git(tree, "submodule", "--quiet", "add", str(library), "vendored")
    git(tree, "submodule", "--quiet", "update", "--init", "--recursive")
    return tree


def test_submodules_are_those_of_the_base_commit(with_submodule, folder):
    tree = with_submodule
    base = commit(tree)
    commit(tree / "vendored", l_py="library 2")
    commit(tree, a_py="2")
    for _ in range(2):
        with worktree(repository(tree), base, folder) as made:
            assert (made / "vendored" / "l.py").read_text() == "library 1"
            assert (made / "vendored" / "in ner" / "i.py").read_text() == "inner 1"
            assert repository(made).files(made) == [".gitignore", ".gitmodules", "a.py", "sub/b é.py", "vendored"]
            (made / "vendored" / "l.py").write_text("edited by a task")
            (made / "vendored" / "left").write_text("by a task")
    assert (tree / "vendored" / "l.py").read_text() == "library 2"
    assert git(tree / "vendored", "status", "--porcelain") == ""


def test_a_submodule_that_the_work_tree_does_not_have_is_left_empty(with_submodule, folder):
    tree = with_submodule
    base = commit(tree)
    git(tree, "submodule", "--quiet", "deinit", "--all")
    with worktree(repository(tree), base, folder) as made:
        assert list((made / "vendored").iterdir()) == []


def test_a_submodule_whose_commit_is_not_here_is_explained(with_submodule, folder):
    tree = with_submodule
    base = commit(tree)
    pinned = git(tree, "rev-parse", "HEAD:vendored")
    git(tree / "vendored", "checkout", "-q", "--orphan", "other")
    commit(tree / "vendored", l_py="other")
    for ref in ("main", "remotes/origin/main", "remotes/origin/HEAD"):
        git(
            tree / "vendored",
            "update-ref",
            "-d",
            f"refs/{ref.replace('main', 'heads/main', 1) if ref == 'main' else ref}",
        )
    git(tree / "vendored", "-c", "gc.reflogExpire=now", "reflog", "expire", "--expire=now", "--all")
    git(tree / "vendored", "prune", "--expire=now")
    with pytest.raises(BaselineError) as caught, worktree(repository(tree), base, folder):
        pass
    assert caught.value.message == (
        f"the base commit has the submodule vendored at {pinned[:12]}, and this clone of it does not"
    )
    assert not list(folder.glob("*/*.ready"))


def test_linked_worktrees_of_one_repository_share_its_trees(tree, folder, tmp_path):
    git(tree, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    base = git(tree, "rev-parse", "HEAD")
    with worktree(repository(tree), base, folder) as made:
        first = made
    with worktree(repository(tmp_path / "side"), base, folder) as made:
        assert made.parent.name.split("-")[-1] == first.parent.name.split("-")[-1]


def test_a_folder_that_cannot_be_written_is_said(tree, tmp_path):
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(BaselineError, match=r"the tree of the base commit \w{12} cannot be made: .*: Not a directory"),
        worktree(repository(tree), git(tree, "rev-parse", "HEAD"), tmp_path / "file" / "trees"),
    ):
        pass


def test_a_commit_that_is_gone_is_said(tree, folder):
    with (
        pytest.raises(BaselineError, match=r"the tree of the base commit 000000000000 cannot be made: fatal: "),
        worktree(repository(tree), "0" * 40, folder),
    ):
        pass


def test_the_trees_are_in_the_users_cache_or_the_temporary_folder(tmp_path):
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "evalgate" / "worktrees"
    assert cache_folder({"HOME": str(tmp_path)}) == tmp_path / ".cache" / "evalgate" / "worktrees"
    for nowhere in ({}, {"HOME": "/proc/nobody"}, {"XDG_CACHE_HOME": "relative"}):
        assert cache_folder(nowhere).name == "worktrees"
        assert cache_folder(nowhere).parent.name == f"evalgate-{os.getuid()}"
