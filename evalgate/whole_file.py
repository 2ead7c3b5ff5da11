"""A file that is written whole or not at all, whoever reads it meanwhile and whatever ends this process."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from evalgate.errors import ConfigurationError, EvalgateError, MeasurementError

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
AGAIN: Final = "make room, then run the same again"
_MODE: Final = 0o666
"""Before the umask, as for any file that is made."""
_NAMED: Final = 40
"""Letters of its name that what is written first begins with."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that whoever opens it finds all of it or what was there before. Raises OSError.

    A link stays one, and a file keeps its mode.
    """
    with writing_whole(path) as file:
        file.write(content)


@contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """Yield what to write the content to, part by part; the file has it when the block ends. Raises OSError.

    A block that raises leaves the file as it was.
    """
    target = resolved(path)
    part = target.with_name(f"{_beginning(target)}{secrets.token_hex(6)}")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            part.chmod(target.stat().st_mode & 0o7777)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def clear_parts(path: Path) -> None:
    """Remove what processes that were killed while they wrote this file left beside it; nobody may be writing it.

    Raises OSError.
    """
    target = resolved(path)
    if len(target.name) > _NAMED:
        return  # another file's parts may begin alike
    beginning = _beginning(target)
    for each in target.parent.iterdir():
        if each.name.startswith(beginning) and re.fullmatch("[0-9a-f]{12}", each.name.removeprefix(beginning)):
            each.unlink(missing_ok=True)


def unwritten(doing: str, error: OSError, otherwise: str, *, again: str = AGAIN) -> EvalgateError:
    """Return what to say of a file that was not written: a disk without room is nobody's mistake.

    `again` is what comes next once there is room, `otherwise` what mends anything else.
    """
    why = f"{doing}: {error.strerror or error}"
    if error.errno in _NO_ROOM:
        return MeasurementError(why, next_step=again)
    return ConfigurationError(why, next_step=otherwise)


def resolved(path: Path) -> Path:
    """Return what a path leads to through all links. Raises OSError for a link that leads to itself."""
    try:
        return path.resolve()
    except RuntimeError:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from None


def _beginning(target: Path) -> str:
    return f".{target.name[:_NAMED]}."
