"""A file is all there or as it was before."""

import stat

import pytest

from evalgate.whole_file import write_whole


def test_a_file_is_replaced_and_keeps_its_mode_and_its_link(tmp_path):
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole(link, b"new")
    assert (real.read_text(), link.is_symlink(), stat.S_IMODE(real.stat().st_mode)) == ("new", True, 0o640)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.yaml", "real.yaml"]


def test_a_new_file_is_readable_as_any_other(tmp_path):
    (tmp_path / "other").write_text("")
    write_whole(tmp_path / "new", b"x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", b"x")
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]
