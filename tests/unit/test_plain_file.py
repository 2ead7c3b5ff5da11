"""What is read ends: pipes and devices are refused at once, and so is what is longer than anybody means."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from evalgate.plain_file import content, lines, opened


@pytest.fixture(params=["pipe", "link to a pipe", "zero", "null"])
def endless(tmp_path, request):
    path = tmp_path / "x.jsonl"
    if "pipe" in request.param:
        place = path if request.param == "pipe" else tmp_path / "y"
        os.mkfifo(place)
        if place != path:
            path.symlink_to(place)
    else:
        path.symlink_to(f"/dev/{request.param}")
    return path


@pytest.mark.parametrize("read", [opened, content, lambda path: next(lines(path))])
def test_what_is_no_file_is_not_waited_for(endless, read):
    with pytest.raises(OSError, match="it is a pipe or a device, and no file") as refused:
        read(endless)
    assert (refused.value.errno, refused.value.strerror) == (errno.EINVAL, "it is a pipe or a device, and no file")


def test_what_is_not_there_or_a_folder_or_leads_to_itself_says_so_as_ever(tmp_path):
    (tmp_path / "round").symlink_to("round")
    wrong = {"not": FileNotFoundError, ".": IsADirectoryError, "round": OSError}
    for name, kind in wrong.items():
        with pytest.raises(kind):
            content(tmp_path / name)


def test_what_is_too_long_is_refused_before_it_is_in_memory(tmp_path):
    file = tmp_path / "x"
    with file.open("wb") as out:
        out.write(b"one\n")
        out.truncate(50_000_000_000)
    with pytest.raises(OSError, match="it has more than 1,000 MB") as refused:
        content(file)
    assert refused.value.errno == errno.EOVERFLOW  # and not as a disk without room
    read = lines(file)
    assert next(read) == b"one\n"
    with pytest.raises(OSError, match="line 2 has more than 100 MB"):
        next(read)


def test_what_is_just_short_enough_is_read(tmp_path):
    file = tmp_path / "x"
    file.write_bytes(b"12345\n1234567")
    assert list(lines(file, longest=7)) == [b"12345\n", b"1234567"]
    assert content(file, most=13) == b"12345\n1234567"
    with pytest.raises(OSError, match="line 2 has more"):
        list(lines(file, longest=6))
    with pytest.raises(OSError, match="it has more"):
        content(file, most=12)


def test_what_grows_while_it_is_read_is_read_to_its_end_and_no_further_than_the_limit(tmp_path, monkeypatch):
    file = tmp_path / "x"
    file.write_bytes(b"123456789")
    there = file.stat()
    monkeypatch.setattr(type(file), "stat", lambda *_, **__: os.stat_result((*there[:6], 4, *there[7:])))
    assert content(file) == b"123456789"
    with pytest.raises(OSError, match="it has more"):
        content(file, most=8)


def test_what_the_system_makes_up_has_no_size_and_is_read():
    assert b"VmSize" in content(Path("/proc/self/status"))
