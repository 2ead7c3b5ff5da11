"""git, on real repositories, hostile ones included."""

import os
import shutil
from pathlib import Path

import pytest

from evalgate.errors import BaselineError, MeasurementError
from evalgate.git.repository import Change, Repository
from tests.unit.git.repositories import commit, git, repository


def test_head_branch_and_files_of_a_clean_tree(tree):
    found = repository(tree / "sub")
    assert found.root == tree
    assert found.head() == git(tree, "rev-parse", "HEAD")
    assert found.branch() == "main"
    assert not found.is_dirty()
    assert found.files(tree) == [".gitignore", "a.py", "sub/b é.py"]
    assert found.files(tree / "sub") == ["b é.py"]


def test_new_files_count_and_ignored_and_deleted_ones_do_not(tree):
    (tree / "new\nline.py").write_text("n")
    (tree / "x.log").write_text("x")
    (tree / "a.py").unlink()
    (tree / "link").symlink_to("nowhere")
    found = repository(tree)
    assert found.is_dirty()
    assert found.files(tree) == [".gitignore", "link", "new\nline.py", "sub/b é.py"]


def test_a_changed_file_is_dirt(tree):
    (tree / "a.py").write_text("changed")
    assert repository(tree).is_dirty()


def test_what_python_compiled_is_no_dirt(tree):
    """Running the task leaves it behind, in a repository that does not ignore it."""
    for folder in ("__pycache__", "sub/__pycache__"):
        (tree / folder).mkdir()
        (tree / folder / "a.cpython-313.pyc").write_bytes(b"compiled")
    assert not repository(tree).is_dirty()
    (tree / "sub" / "new.py").write_text("n")
    assert repository(tree).uncommitted() == ["sub/new.py"]


def test_before_the_first_commit_there_is_a_branch_and_no_head(tmp_path):
    git(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / "a.py").write_text("a")
    found = repository(tmp_path)
    assert (found.head(), found.branch(), found.is_dirty()) == (None, "trunk", True)
    assert found.files(tmp_path) == ["a.py"]


def test_a_detached_head_has_no_branch(tree):
    git(tree, "checkout", "-q", "--detach")
    found = repository(tree)
    assert found.branch() is None
    assert found.head() == git(tree, "rev-parse", "HEAD")


def test_no_repository_and_no_git_are_both_none(tmp_path, tree):
    empty = tmp_path / "empty"
    empty.mkdir()
    outside = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    assert Repository.find(empty, environ=outside) is None
    assert Repository.find(tree, environ={"PATH": str(empty)}) is None
    assert Repository.find(tmp_path / "absent", environ=os.environ) is None


def test_variables_of_another_repository_are_ignored(tree, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q", "-b", "other")
    environ = {
        **os.environ,
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": f"touch {tmp_path}/ran",
    }
    found = Repository.find(tree, environ=environ)
    assert found is not None
    assert (found.root, found.branch(), found.is_dirty()) == (tree, "main", False)
    assert not (tmp_path / "ran").exists()


def test_nothing_that_a_repository_configures_is_run(tree, tmp_path):
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{ran}'\ncat\n")
    program.chmod(0o755)
    git(tree, "config", "core.fsmonitor", str(program))
    git(tree, "config", "core.pager", str(program))
    git(tree, "config", "diff.external", str(program))
    git(tree, "config", "filter.evil.clean", str(program))
    git(tree, "config", "filter.evil.required", "true")
    for hook in ("post-index-change", "post-checkout", "pre-commit"):
        path = tree / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(program.read_text())
        path.chmod(0o755)
    (tree / ".gitattributes").write_text("*.py filter=evil\n")
    (tree / "a.py").write_text("z")
    os.utime(tree / "sub" / "b é.py", (1, 1))
    found = repository(tree)
    assert found.is_dirty()
    assert found.files(tree) == [".gitattributes", ".gitignore", "a.py", "sub/b é.py"]
    assert found.head() is not None
    assert not ran.exists()


def test_a_git_in_the_tree_itself_is_not_run(tree):
    fake = tree / "git"
    fake.write_text(f"#!/bin/sh\ntouch '{tree}/ran'\n")
    fake.chmod(0o755)
    found = Repository.find(tree, environ={**os.environ, "PATH": f".:{os.environ['PATH']}"})
    assert found is not None
    assert not (tree / "ran").exists()


def test_a_submodule_is_one_entry(tree, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q", "-b", "main")
    (library / "l.py").write_text("l")
    git(library, "add", ".")
    git(library, "commit", "-q", "-m", "library")
    git(tree, "submodule", "--quiet", "add", str(library), "vendored")
    git(tree, "commit", "-q", "-m", "submodule")
    found = repository(tree)
    assert "vendored" in found.files(tree)
    assert not found.is_dirty()


def test_a_worktree_of_a_repository_is_a_tree_of_its_own(tree, tmp_path):
    git(tree, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    found = repository(tmp_path / "side")
    assert (found.root, found.branch()) == (tmp_path / "side", "side")


def test_a_broken_repository_is_said_to_be_unreadable(tree):
    found = repository(tree)
    (tree / ".git" / "index").write_bytes(b"rubbish")
    with pytest.raises(MeasurementError, match="git does not read"):
        found.is_dirty()
    with pytest.raises(MeasurementError, match="git does not read"):
        found.files(tree)


def test_a_root_outside_of_the_repository_is_refused(tree, tmp_path):
    with pytest.raises(ValueError, match="is not in the subpath"):
        repository(tree).files(tmp_path)


def wrapper(where: Path, script: str) -> str:
    """Put a `git` in a folder that does something first; return that folder and the rest of PATH."""
    where.mkdir()
    program = where / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{where}:{os.environ['PATH']}"


def test_a_repository_of_someone_else_is_explained_with_what_repairs_it(tree, tmp_path):
    real = shutil.which("git")
    path = wrapper(tmp_path / "bin", f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"')
    with pytest.raises(BaselineError) as caught:
        repository(tree, PATH=path, HOME=str(tmp_path))
    assert caught.value.message == (
        f"git refuses the repository at {tree}: its folder belongs to another user than this one"
    )
    assert caught.value.next_step == f"git config --global --add safe.directory {tree}"
    assert Repository.find(tree, environ={"PATH": path, "HOME": str(tmp_path)}) is None
    git(tmp_path, "config", "--global", "--add", "safe.directory", str(tree))
    assert repository(tree, PATH=path, HOME=str(tmp_path)).root == tree


def test_no_git_and_no_repository_are_told_apart(tmp_path, tree):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BaselineError, match=r"git does not run in .*/tree, and the baseline is a commit"):
        Repository.at(tree, environ={"PATH": str(empty)})
    with pytest.raises(BaselineError, match="/empty is in no work tree of git"):
        Repository.at(empty, environ=os.environ)
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(BaselineError, match="is in no work tree of git"):
        Repository.at(tmp_path / "bare.git", environ=os.environ)


def test_what_changed_since_a_commit_follows_renames_and_the_work_tree(tree):
    long = "".join(f"line {number}\n" for number in range(40))
    base = commit(tree, prompt_txt=long)
    git(tree, "mv", "prompt.txt", "sub/new prompt é.txt")
    (tree / "sub" / "new prompt é.txt").write_text(long + "and one more\n")
    (tree / "a.py").write_text("changed")
    git(tree, "rm", "-q", "--cached", ".gitignore")
    assert repository(tree).changes(base) == [
        Change(path=".gitignore"),
        Change(path="a.py"),
        Change(path="sub/new prompt é.txt", was="prompt.txt"),
    ]


def test_a_filter_whose_name_cannot_be_switched_off_is_refused(tree, tmp_path):
    """`-c filter.a=b.clean=` would set another key, and the program would run."""
    with (tree / ".git" / "config").open("a") as config:
        config.write(f'[filter "a=b"]\n\tclean = touch {tmp_path}/ran\n')
    (tree / ".gitattributes").write_text("*.py filter=a=b\n")
    (tree / "a.py").write_text("z")
    with pytest.raises(MeasurementError, match="names a program in a way that cannot be switched off"):
        repository(tree).is_dirty()
    assert not (tmp_path / "ran").exists()
