"""Where a work tree is and what lies in it, with links of every kind."""

from __future__ import annotations

from pathlib import Path

from evalgate.git.work_trees import place_in, work_tree_of


def test_the_nearest_folder_with_git_in_it_is_the_work_tree(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert work_tree_of(inner) not in (inner, tmp_path / "a", tmp_path)
    (tmp_path / ".git").mkdir()
    assert work_tree_of(inner) == tmp_path
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere")
    assert work_tree_of(inner) == tmp_path / "a"
    (tmp_path / "link").symlink_to(inner)
    assert work_tree_of(tmp_path / "link") == tmp_path / "a"


def test_what_leads_out_is_in_no_place(tmp_path):
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    (tree / "up").symlink_to("..")
    (tree / "in").symlink_to("a")
    (tree / "round").symlink_to("round")
    assert place_in(tree, tree / "in" / "x") == Path("a/x")
    assert place_in(tree, tree / "up" / "tree" / "x") == Path("x")
    assert place_in(tree, tree / "a" / ".." / "not" / "there") == Path("not/there")
    for path in (tmp_path, tree / "..", tree / "up" / "x", tree / "a" / ".." / ".." / "x", tree / "round", Path("/")):
        assert place_in(tree, path) is None
    # A name that begins alike is another folder.
    assert place_in(tree, tmp_path / "tree2") is None
