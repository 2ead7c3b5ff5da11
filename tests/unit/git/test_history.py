"""Which commit is the base: in whole and in shallow clones, with and without a remote."""

import os
import shutil

import pytest

from evalgate.errors import BaselineError, MeasurementError
from evalgate.git.history import Base, commit_of, default_branch, first_parent, merge_base
from tests.unit.git.repositories import commit, git, repository


def count(where):
    return int(git(where, "rev-list", "--count", "HEAD"))


def test_the_merge_base_with_the_remotes_default_branch(clone, remote):
    where = clone()
    expected = git(remote, "rev-parse", "main~10")
    assert merge_base(repository(where)) == Base(commit=expected, name="main")
    assert merge_base(repository(where)).label == f"main@{expected[:7]}"
    assert merge_base(repository(where), "v1").commit == git(remote, "rev-parse", "main~20")


def test_a_branch_of_the_remote_counts_before_an_old_local_one(clone, remote):
    where = clone()
    git(where, "branch", "main", "origin/main~30")
    assert merge_base(repository(where), "main").commit == git(remote, "rev-parse", "main~10")
    assert commit_of(repository(where), "main").commit == git(remote, "rev-parse", "main~30")


@pytest.mark.parametrize(("depth", "after"), [(1, 130), (2, 130), (40, 90), (75, 130)])
def test_a_shallow_clone_is_deepened_until_the_merge_base_is_there(clone, remote, depth, after):
    where = clone("--depth", str(depth), "--no-single-branch")
    assert merge_base(repository(where)).commit == git(remote, "rev-parse", "main~10")
    assert count(where) == after  # no more than it takes, in steps


def test_a_shallow_clone_of_one_branch_fetches_the_target_too(clone, remote):
    where = clone("--depth", "1")
    assert git(where, "branch", "-r") == "origin/feature"
    assert merge_base(repository(where)) == Base(commit=git(remote, "rev-parse", "main~10"), name="main")
    assert merge_base(repository(where), "main").commit == git(remote, "rev-parse", "main~10")


def test_commits_that_were_never_pushed_do_not_keep_a_clone_from_deepening(clone, remote):
    where = clone("--depth", "1")
    commit(where, mine_txt="mine")
    assert merge_base(repository(where)).commit == git(remote, "rev-parse", "main~10")


def test_a_common_commit_is_not_the_base_while_hidden_history_could_hold_a_nearer_one(tmp_path):
    """main was merged into the branch; a clone that does not see that merge would compare with what main was before."""
    work, where = tmp_path / "work", tmp_path / "shallow"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    old = commit(work, a_txt="1")
    git(work, "checkout", "-q", "-b", "feature")
    for number in range(4):
        commit(work, b_txt=str(number))
    git(work, "checkout", "-q", "main")
    new = commit(work, a_txt="2")
    git(work, "checkout", "-q", "feature")
    git(work, "merge", "-q", "--no-edit", "main")
    commit(work, b_txt="end")
    head = git(work, "commit-tree", "-m", "end", "-p", "HEAD", "-p", old, "HEAD^{tree}")
    git(work, "reset", "-q", "--hard", head)
    options = ("--branch", "feature", "--no-single-branch", "--depth", "2")
    git(tmp_path, "clone", "-q", *options, work.as_uri(), str(where))
    assert git(where, "merge-base", "HEAD", "origin/main") == old
    assert merge_base(repository(where), "main").commit == new


def test_a_shallow_clone_without_its_remote_is_explained(clone, remote):
    where = clone("--depth", "1", "--no-single-branch")
    shutil.move(remote, remote.with_name("gone.git"))
    with pytest.raises(BaselineError) as caught:
        merge_base(repository(where))
    assert caught.value.message.startswith(
        "this clone is shallow, its history ends before where it left main; git fetch says: fatal: "
    )
    assert caught.value.next_step == "git fetch --unshallow; in a workflow, `fetch-depth: 0` at actions/checkout"
    git(where, "remote", "remove", "origin")
    git(where, "branch", "main")
    commit(where, mine_txt="mine")
    assert merge_base(repository(where), "main").commit == git(where, "rev-parse", "main")


def test_the_first_parent_of_a_merge_in_a_clone_of_depth_one(tmp_path, remote):
    """As a workflow checks out refs/pull/7/merge."""
    work = tmp_path / "merging"
    git(tmp_path, "clone", "-q", remote.as_uri(), str(work))
    git(work, "merge", "-q", "--no-edit", "-X", "ours", "origin/feature")
    git(work, "push", "-q", "origin", "HEAD:refs/pull/7/merge")
    where = tmp_path / "runner"
    git(tmp_path, "init", "-q", str(where))
    git(where, "remote", "add", "origin", remote.as_uri())
    git(where, "fetch", "-q", "--depth=1", "origin", "refs/pull/7/merge")
    git(where, "checkout", "-q", "FETCH_HEAD")
    expected = Base(commit=git(remote, "rev-parse", "main"), name="main")
    assert first_parent(repository(where), "main") == expected
    assert count(where) == 1  # its history is as shallow as it was


def test_what_is_no_merge_has_no_target_to_read_from_it(clone):
    assert first_parent(repository(clone()), "main") is None


def test_a_ref_is_a_branch_a_tag_or_a_sha_also_where_only_the_remote_has_it(clone, remote):
    where = clone("--depth", "1")
    old = git(remote, "rev-parse", "main~20")
    assert commit_of(repository(where), "v1") == Base(commit=old, name="v1")
    assert commit_of(repository(where), "main").commit == git(remote, "rev-parse", "main")
    far = git(remote, "rev-parse", "feature~5")
    assert commit_of(repository(where), far) == Base(commit=far, name=None)
    assert commit_of(repository(where), far[:9]).label == far[:7]
    assert count(where) == 1


@pytest.mark.parametrize("ref", ["nowhere", "0" * 40])
def test_a_ref_that_nobody_has_is_named(clone, ref):
    where = clone()
    with pytest.raises(BaselineError) as caught:
        commit_of(repository(where), ref)
    assert caught.value.message == f"{where} has no branch, tag or commit {ref}, and neither has its remote"
    assert caught.value.next_step is not None
    assert caught.value.next_step.startswith(f"git fetch origin {ref}, or name what to compare with: ")
    with pytest.raises(BaselineError, match=f"has no branch, tag or commit {ref}"):
        merge_base(repository(where), ref)


def test_without_a_commit_there_is_nothing_to_compare_with(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    with pytest.raises(BaselineError, match="nothing is committed yet"):
        merge_base(repository(tmp_path))


def test_the_first_commit_is_its_own_base(tree):
    assert merge_base(repository(tree)) == Base(commit=git(tree, "rev-parse", "HEAD"), name="main")
    git(tree, "checkout", "-q", "--detach")
    assert merge_base(repository(tree)).commit == git(tree, "rev-parse", "HEAD")


def test_a_repository_of_one_branch_with_a_name_of_its_own(tree):
    git(tree, "branch", "-m", "trunk")
    assert merge_base(repository(tree)).name == "trunk"
    git(tree, "branch", "second")
    with pytest.raises(BaselineError, match=r"nobody says what .* is compared with"):
        merge_base(repository(tree))


def test_histories_without_a_common_commit_are_said(tree):
    git(tree, "checkout", "-q", "--orphan", "apart")
    head = commit(tree, a_py="b")
    main = git(tree, "rev-parse", "main")
    with pytest.raises(BaselineError) as caught:
        merge_base(repository(tree))
    assert caught.value.message == (
        f"HEAD ({head[:7]}) and main ({main[:7]}) have no commit in common: there is no merge base"
    )


def test_a_linked_worktree_has_the_base_of_its_own_branch(tree, tmp_path):
    first = git(tree, "rev-parse", "HEAD")
    git(tree, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    commit(tree, a_py="2")
    commit(tmp_path / "side", a_py="3")
    assert merge_base(repository(tmp_path / "side")) == Base(commit=first, name="main")


@pytest.mark.parametrize("key", ["core.sshCommand", "core.askPass", "credential.helper"])
def test_a_fetch_runs_no_program_that_the_repository_configures(clone, remote, tmp_path, key):
    where = clone("--depth", "1")
    git(where, "config", "core.alternateRefsCommand", f"touch {tmp_path}/ran; true")
    git(where, "config", key, f"touch {tmp_path}/ran; git-upload-pack")
    assert merge_base(repository(where)).commit == git(remote, "rev-parse", "main~10")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("key", ["remote.origin.uploadpack", "core.gitProxy"])
def test_a_program_that_could_not_be_switched_off_is_refused(clone, tmp_path, key):
    where = clone("--depth", "1")
    git(where, "config", key, f"touch {tmp_path}/ran; git-upload-pack")
    with pytest.raises(MeasurementError, match=f"in a way that cannot be switched off: '{key.lower()}'"):
        merge_base(repository(where))
    assert not (tmp_path / "ran").exists()


def test_a_remote_whose_address_is_a_program_is_not_asked(clone, tmp_path):
    where = clone("--depth", "1")
    git(where, "remote", "set-url", "origin", f"ext::sh -c touch% {tmp_path}/ran")
    git(where, "config", "protocol.ext.allow", "always")
    with pytest.raises(BaselineError, match="transport 'ext' not allowed"):
        merge_base(repository(where), "main")
    assert not (tmp_path / "ran").exists()


def test_no_variable_of_git_reaches_a_fetch(clone, remote, tmp_path):
    where = clone("--depth", "1")
    hostile = {"GIT_SSH_COMMAND": f"touch {tmp_path}/ran", "GIT_DIR": str(tmp_path), "GIT_EXEC_PATH": str(tmp_path)}
    assert merge_base(repository(where, **hostile)).commit == git(remote, "rev-parse", "main~10")
    assert not (tmp_path / "ran").exists()
    assert os.environ.get("GIT_DIR") is None


def test_the_default_branch_is_the_remotes_else_a_usual_one_else_the_only_one(clone, tmp_path):
    """Whatever is checked out; no remote is asked."""
    where = clone()
    assert default_branch(repository(where)) == "main"
    git(where, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/feature")
    assert default_branch(repository(where)) == "feature"
    alone = tmp_path / "alone"
    alone.mkdir()
    git(alone, "init", "-q", "-b", "trunk")
    assert default_branch(repository(alone)) == "trunk"
    commit(alone, a_txt="1")
    git(alone, "checkout", "-q", "-b", "master")
    git(alone, "checkout", "-q", "-b", "change")
    assert default_branch(repository(alone)) == "master"
