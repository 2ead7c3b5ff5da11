"""The one file of an artifact that a stranger made, taken out of its archive without a trust in anything it says.

Nothing is written under a name from the archive, nothing is unpacked but that one file, and that only as far as its
limit: neither a path, a link, a thousand entries nor a bomb leads anywhere.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from evalgate.errors import MeasurementError

MOST_BYTES: Final = 64 * 2**20
"""Of an archive."""
_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = b"PK\x06\x07"
_LONGEST_COMMENT: Final = 65_535
_DIRECTORY: Final = 4_096
"""Bytes of the list of files: for one file, more than enough."""
_CHUNK: Final = 2**16
_IN_MEMORY: Final = 2**22


class ArchiveError(MeasurementError):
    """An artifact that is not one archive of the one file that is expected."""


def only_file(archive: IO[bytes], name: str, *, limit: int) -> IO[bytes]:
    """Return the file `name`, the only one of an archive, open for reading; it ends with being closed.

    Raises ArchiveError for anything else: more files, another name, a link, a folder, encryption, more than `limit`
    bytes, whatever the archive says of its size.
    """
    _require_small_directory(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            (entry,) = opened.infolist()
            _require_plain(entry, name, limit)
            return _unpacked(opened, entry, limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, struct.error, OSError):
        raise _refused("it is not a sound ZIP archive of one file") from None


def _require_small_directory(archive: IO[bytes]) -> None:
    """Raise ArchiveError before a list of a million files is read."""
    size = archive.seek(0, 2)
    if size > MOST_BYTES:
        raise _refused(f"it is larger than {MOST_BYTES:,} bytes")
    start = max(0, size - _END.size - _LONGEST_COMMENT - 20)
    archive.seek(start)
    tail = archive.read(size - start)
    archive.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise _refused("it is not a ZIP archive")
    _, _, _, _, entries, directory, _, _ = _END.unpack_from(tail, at)
    if entries != 1 or directory > _DIRECTORY or _LOCATOR in tail[max(0, at - 20) : at]:
        raise _refused("it does not hold one file alone")


def _require_plain(entry: zipfile.ZipInfo, name: str, limit: int) -> None:
    mode = entry.external_attr >> 16
    if entry.filename != name or entry.orig_filename != name or entry.is_dir():
        raise _refused(f"it holds another file than {name}")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise _refused(f"{name} in it is no plain file")
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(f"{name} in it is packed in another way than GitHub packs")
    _require_within(entry.file_size, name, limit)


def _unpacked(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> IO[bytes]:
    kept = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 the caller closes it
    try:
        with opened.open(entry) as packed:
            while chunk := packed.read(_CHUNK):
                kept.write(chunk)
                _require_within(kept.tell(), entry.filename, limit)
        kept.seek(0)
    except BaseException:
        kept.close()
        raise
    return kept


def _require_within(size: int, name: str, limit: int) -> None:
    if size > limit:
        raise _refused(f"{name} in it is larger than {limit:,} bytes")


def _refused(why: str) -> ArchiveError:
    return ArchiveError(
        f"the artifact that the fork's run left was refused: {why}",
        next_step="run the fork's workflow again; if that leaves the same, a maintainer runs it (docs/forks.md)",
    )
