"""The names of samples: which draw of an example a run is."""

from __future__ import annotations

REDRAW = "again1"
"""The sample in which `zero_tolerance` draws a failing example once more."""


def samples(repetitions: int) -> tuple[str, ...]:
    """Return the names of stored samples: r1, r2 …"""
    return tuple(f"r{number}" for number in range(1, repetitions + 1))
