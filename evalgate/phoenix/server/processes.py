"""A process that outlives the command which started it: whether it still is that one, and how it is ended.

The system gives a number again once its process is gone: a process is known by its number and the moment it started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 20.0
"""Seconds that a process has to end by itself when it is asked to."""
_PAUSE_S: Final = 0.05


def started_at(pid: int) -> str | None:
    """Return a mark of when a living process started, which no other process of that number has; None without one.

    A process that has ended and that its parent has not yet asked about does not live.
    """
    if Path("/proc/self/stat").exists():
        return _from_proc(pid)
    told = subprocess.run(  # noqa: S603 a fixed program and a number
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={"LC_ALL": "C", "TZ": "UTC"},
    )
    state, _, moment = told.stdout.strip().partition(" ")
    return moment.strip() if state and not state.startswith("Z") else None


def lives(pid: int, started: str) -> bool:
    """Return whether the process of that number is still the one that started then."""
    return started_at(pid) == started


def end(pid: int, started: str, *, clock: Callable[[], float] = time.monotonic) -> bool:
    """End the process if it is still that one: asked first, then killed. Returns whether it ended by itself.

    Raises PermissionError where it is another user's.
    """
    for number, patience in ((signal.SIGTERM, PATIENCE_S), (signal.SIGKILL, PATIENCE_S)):
        if not lives(pid, started):
            return number == signal.SIGTERM
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        until = clock() + patience
        while lives(pid, started) and clock() < until:
            time.sleep(_PAUSE_S)
        if not lives(pid, started):
            return number == signal.SIGTERM
    return False


def _from_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name, in brackets, and may hold anything; the third is the state.
    state, *rest = stat.rpartition(")")[2].split()
    return rest[18] if state not in {"Z", "X"} else None
