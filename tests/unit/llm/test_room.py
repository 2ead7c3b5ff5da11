"""Room on a disk: held whole or not at all, given back at once, and never left behind."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from evalgate.llm import room as rooms
from evalgate.llm.room import SIZE, Room

TAKEN = """
import pathlib, resource, sys
from evalgate.llm.room import Room
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
try:
    Room(pathlib.Path(sys.argv[1])).take()
except OSError as error:
    print(error.errno)
"""


def held(folder):
    """The bytes that this process holds in files of a folder that have no name."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            if str(each.readlink()).startswith(f"{folder}/"):
                found += each.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return found


@pytest.mark.parametrize("kind", ["reserved", "written", "refused"])
def test_it_is_bytes_of_the_disk_until_it_is_given_back(tmp_path, monkeypatch, kind):
    if kind == "written":
        monkeypatch.delattr(rooms.os, "posix_fallocate")
    if kind == "refused":

        def refuse(*given):
            raise OSError(errno.EOPNOTSUPP, "no")

        monkeypatch.setattr(rooms.os, "posix_fallocate", refuse)
    room = Room(tmp_path)
    assert room.take()
    assert held(tmp_path) >= SIZE
    assert not room.take()
    assert list(tmp_path.iterdir()) == []
    assert room.give()
    assert held(tmp_path) == 0
    assert not room.give()


def test_a_disk_with_less_says_so_and_nothing_is_held(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", TAKEN, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.split() == [str(errno.EFBIG)]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1_000_000
    assert list(tmp_path.iterdir()) == []
