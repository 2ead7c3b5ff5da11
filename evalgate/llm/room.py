"""Room on a disk that is held while answers are paid for: given back when it is full, so that those are kept too."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import IO, Final

SIZE: Final = 16 * 1024**2
"""Bytes: what all the calls that are on their way at one moment may answer."""
_PIECE: Final = bytes(1024**2)
_NO_SUCH_CALL: Final = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


class Room:
    """Bytes of a folder's disk. They are a file without a name: it ends with this process however that ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Hold it, and return whether that is news. Raises OSError where the disk has less."""
        if self._file is not None:
            return False
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # it is held until it is given back
        try:
            _fill(file)
        except BaseException:
            file.close()
            raise
        self._file = file
        return True

    def give(self) -> bool:
        """Give it back, and return whether there was any. May be called twice."""
        if self._file is None:
            return False
        self._file.close()
        self._file = None
        return True


def _fill(file: IO[bytes]) -> None:
    try:
        os.posix_fallocate(file.fileno(), 0, SIZE)
    except AttributeError:  # a system that has no such call
        pass
    except OSError as error:  # or a disk
        if error.errno not in _NO_SUCH_CALL:
            raise
    else:
        return
    for _ in range(SIZE // len(_PIECE)):
        file.write(_PIECE)
    file.flush()
