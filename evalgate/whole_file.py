"""A file that is written whole or not at all, whoever reads it meanwhile and whatever ends this process."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

_MODE: Final = 0o666
"""Before the umask, as for any file that is made."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that whoever opens it finds all of it or what was there before. Raises OSError.

    A link stays one, and a file keeps its mode.
    """
    target = path.resolve()
    part = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            part.chmod(target.stat().st_mode & 0o7777)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
