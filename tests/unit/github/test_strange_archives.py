"""One file comes out of a stranger's archive, or nothing does."""

from __future__ import annotations

import io
import stat
import struct
import zipfile

import pytest

from evalgate.github.artifacts import unpacked
from evalgate.github.errors import GitHubError

NAME = "evalgate-rows.jsonl"
LIMIT = 1_000


def packed(*entries, how=zipfile.ZIP_DEFLATED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", how) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return data


def taken(data, limit=LIMIT):
    return unpacked(data.getvalue(), most_files=1, most_bytes=limit)


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_one_file_is_read(how):
    assert taken(packed((NAME, b"x" * LIMIT), how=how)) == {NAME: b"x" * LIMIT}


def linked():
    info = zipfile.ZipInfo(NAME)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed((info, "/etc/passwd"))


def bomb(size=50_000_000):
    return packed((NAME, b"\0" * size))


def lying():
    """A bomb that says that it is small."""
    data = bytearray(bomb().getvalue())
    small = struct.pack("<L", 10)
    data[22:26] = small
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = small
    return io.BytesIO(bytes(data))


def damaged():
    data = bytearray(packed((NAME, bytes(range(256)))).getvalue())
    data[60] ^= 0xFF
    return io.BytesIO(bytes(data))


def with_locator():
    """A second end of the list, which would be believed instead of the first."""
    data = packed((NAME, b"x")).getvalue()
    at = data.rfind(b"PK\x05\x06")
    return io.BytesIO(data[:at] + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + data[at:])


def encrypted():
    data = bytearray(packed((NAME, b"x")).getvalue())
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 8] |= 1
    return io.BytesIO(bytes(data))


ARCHIVES = {
    "no archive": lambda: io.BytesIO(b"PASS"),
    "empty": lambda: io.BytesIO(b""),
    "no file": packed,
    "path out": lambda: packed((f"../{NAME}", b"x")),
    "absolute": lambda: packed((f"/{NAME}", b"x")),
    "windows path": lambda: packed((f"..\\{NAME}", b"x")),
    "a folder": lambda: packed((f"{NAME}/", b"")),
    "two files": lambda: packed((NAME, b"x"), ("other", b"x")),
    "one name twice": lambda: packed((NAME, b"x"), (NAME + "x", b"y")),
    "many files": lambda: packed(*((f"{n}", b"") for n in range(70_000))),
    "a link": linked,
    "a bomb": bomb,
    "a bomb that lies": lying,
    "damaged": damaged,
    "a second end": with_locator,
    "encrypted": encrypted,
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_nothing_comes_out_of_another_archive(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = ARCHIVES[name]()
    if name == "no file":
        assert taken(data) == {}
    else:
        with pytest.raises(GitHubError, match="could not be unpacked"):
            taken(data)
    assert not any(tmp_path.iterdir())
