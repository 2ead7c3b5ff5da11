"""One step at a time on a candidates file: a lock that ends with its process, and who has it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evalgate.encoding import printable
from evalgate.errors import ConfigurationError
from evalgate.whole_file import clear_parts, resolved, unwritten

WAIT_S: Final = 10.0
"""Seconds that what was done already waits to be written."""
MOMENT_S: Final = 1.0
"""Seconds that a step which only looks at the file may take."""
_SHOWN: Final = 80
"""Letters of a command that are shown."""
_LONGEST: Final = 4096
"""Bytes of a note that are read: nobody writes a longer one."""


@contextmanager
def held(path: Path, what: str = "", *, seconds: float = MOMENT_S) -> Iterator[None]:
    """Hold a candidates file, or `what` of it, against other steps on this machine, waiting so long for it.

    It is held by what it leads to: a link to a file and the file are one. All else that is kept for it stays beside the
    name that it was given by. What a step that was killed left of the file that it was writing is removed: it may hold
    what was cleaned since. Raises ConfigurationError, which names the step that has it; MeasurementError where the disk
    has no room.
    """
    from filelock import FileLock, Timeout

    try:
        real = resolved(path)
        lock = FileLock(workplace(real) / f"{real.name}{what}.lock", timeout=seconds)
        lock.acquire()
    except Timeout:
        raise ConfigurationError(
            f"another step is at work on {path}{_holder(real, what)}",
            next_step="wait until it has ended, and run this again",
        ) from None
    except OSError as error:
        raise unwritten(f"cannot write beside {path}", error, "check its folder") from None
    note = _note(real, what)
    try:
        with suppress(OSError):  # a disk without room: whoever waits is not told who has it
            _write_anew(note, json.dumps(_own()))
        if not what:
            with suppress(OSError):
                clear_parts(real)
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


def workplace(path: Path) -> Path:
    """Return the folder for what steps keep while they work on a candidates file: beside it, ignored by git.

    Raises OSError where it cannot be made.
    """
    folder = path.parent / ".curate"
    folder.mkdir(parents=True, exist_ok=True)
    ignored = folder / ".gitignore"
    # An empty one is what a full disk left, and git reads none that is a link: the key of the pseudonyms is beside it.
    if ignored.is_symlink() or not ignored.is_file() or not ignored.stat().st_size:
        with suppress(FileExistsError):  # another step has made it
            _write_anew(ignored, "*\n")
    return folder


def _note(path: Path, what: str) -> Path:
    return path.parent / ".curate" / f"{path.name}{what}.holder"


def _write_anew(path: Path, text: str) -> None:
    """Write a small file in the place of whatever has its name, which may lead anywhere. Raises OSError."""
    path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _own() -> dict[str, str | int]:
    """Return who this is, as others are told. Of what was typed only the command: the rest is nobody's business."""
    typed = " ".join(("evalgate", *sys.argv[1:3]))
    return {"command": typed, "process": os.getpid(), "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"}


def _holder(path: Path, what: str) -> str:
    """Say who has it, as far as a file tells that anybody may have written."""
    try:
        # A link is not followed, and nobody is waited for who would write into a pipe.
        plain = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(_note(path, what), os.O_RDONLY | plain), "rb") as file:
            said = json.loads(file.read(_LONGEST))
        texts = (" ".join(str(said[key]).split()) for key in ("command", "process", "since"))
        command, process, since = (printable(each)[:_SHOWN] for each in texts)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f": {command} (process {process}), since {since}"
