"""Files that a person or a change named, opened where reading them ends: no pipe, no device, nothing without bound."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

WHOLE: Final = 1_000_000_000
"""Bytes of a file that is read whole."""
LINE: Final = 100_000_000
"""Bytes of a line of a file that is read line by line, its end included."""
_BLOCK: Final = 50_000_000


def opened(path: Path) -> BinaryIO:
    """Open a file to be read; whoever called closes it. Raises OSError, and says why, for a pipe or a device."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a folder says itself that it is one
        raise OSError(errno.EINVAL, "it is a pipe or a device, and no file", str(path))
    return path.open("rb")


def content(path: Path, *, most: int = WHOLE) -> bytes:
    """Return all of a file of at most so many bytes. Raises OSError as `opened` does, and for a larger one."""
    with opened(path) as file:
        size = path.stat().st_size
        data = file.read(size + 1) if size <= most else b""
        # It grows meanwhile, or does not say how large it is, as what the system makes up does not.
        while size < len(data) <= most and (more := file.read(_BLOCK)):
            data += more
        if max(size, len(data)) > most:
            raise OSError(errno.EOVERFLOW, f"it has more than {most // 1_000_000:,} MB", str(path))
        return data


def lines(path: Path, *, longest: int = LINE) -> Iterator[bytes]:
    """Yield the lines of a file, each with its end. Raises OSError as `opened` does, and where a line is longer."""
    with opened(path) as file:
        number = 0
        while data := file.readline(longest + 1):
            number += 1
            if len(data) > longest:
                why = f"line {number:,} has more than {longest // 1_000_000:,} MB"
                raise OSError(errno.EOVERFLOW, why, str(path))
            yield data
