"""The machine that a run is on: room, places that can be written to, and its clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from evalgate.gate.doctor.findings import Finding, ok, problem, warning

_LITTLE: Final = 1024**3
_TOO_LITTLE: Final = 50 * 1024**2
_SKEW_S: Final = 60.0
_SIGNED_SKEW_S: Final = 300.0
"""From here on AWS takes no signature."""
_MB: Final = 1024**2


def place_findings(places: Iterable[tuple[str, Path]]) -> Iterator[Finding]:
    """Yield whether each (what is stored, its file) can be written, and how much room there is where there is least."""
    rooms: dict[Path, int] = {}
    for about, file in places:
        folder = next(each for each in (file.absolute().parent, *file.absolute().parents) if each.exists())
        held = file if file.exists() else folder
        if file.is_dir():
            yield problem(about, f"{file} is a folder", f"name a file with --{about}")
        elif not os.access(held, os.W_OK) or not os.access(folder, os.W_OK):
            yield problem(about, f"{held} cannot be written to", f"name another place with --{about}", service=True)
        else:
            yield ok(about, f"{file} ({_size(file.stat().st_size)})" if file.exists() else f"{file}, made by the run")
        rooms[folder] = shutil.disk_usage(folder).free
    if rooms:
        folder, free = min(rooms.items(), key=lambda each: each[1])
        if free < _TOO_LITTLE:
            yield problem("disk", f"{_size(free)} are left at {folder}", "free some space", service=True)
        elif free < _LITTLE:
            yield warning("disk", f"{_size(free)} are left at {folder}", "free some space: evalgate cache clear")
        else:
            yield ok("disk", f"{_size(free)} free")


def clock_findings(dates: Iterable[float], now: float, *, signs: bool) -> Iterator[Finding]:
    """Yield how far this machine's clock is from those of the services that said theirs; `signs`: AWS is asked."""
    offsets = sorted((now - date for date in dates), key=abs)
    if not offsets:
        return
    off = offsets[0]
    way = "ahead of" if off > 0 else "behind"
    if abs(off) <= _SKEW_S:
        yield ok("clock", "agrees with the services")
    elif signs and abs(off) > _SIGNED_SKEW_S:
        yield problem("clock", f"is {abs(off):.0f} s {way} the services, and AWS refuses its signatures", "set it")
    else:
        yield warning("clock", f"is {abs(off):.0f} s {way} the services: dates and expiries are off", "set it")


def _size(size: int) -> str:
    return f"{size / _LITTLE:.1f} GB" if size >= _LITTLE else f"{size / _MB:.1f} MB"
