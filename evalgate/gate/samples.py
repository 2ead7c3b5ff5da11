"""The names of samples: which draw of an example a run is, and which of them a decision reads."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.journal.builds import DrawRow, ExperimentRow
from evalgate.records import Side

REDRAW = "again1"
"""The sample in which `zero_tolerance` draws a failing example once more."""


def samples(repetitions: int, key: str | None = None) -> tuple[str, ...]:
    """Return the names of stored samples, r1, r2 …; those of a draw of its own begin with its key."""
    prefix = "r" if key is None else f"{key}-"
    return tuple(f"{prefix}{number}" for number in range(1, repetitions + 1))


def drawn_samples(side: Side, draws: Sequence[DrawRow]) -> tuple[str, ...]:
    """Return every sample that was to be drawn of one side of a suite, in order."""
    return tuple(name for draw in draws for name in samples(_times(side, draw), draw.key))


def deciding_samples(experiment: ExperimentRow, draws: Sequence[DrawRow]) -> tuple[str, ...]:
    """Return the samples of one side that decide: of the last of its suite's draws that drew it, else the stored ones.

    A confirmation's are its own: it never reads what was stored, nor what the screen drew.
    """
    for draw in reversed(draws):
        if times := _times(experiment.side, draw):
            return samples(times, draw.key)
    return samples(experiment.repetitions)


def redraw_sample(draws: Sequence[DrawRow]) -> str:
    """Return the sample in which failing examples of what decides are drawn once more."""
    key = draws[-1].key if draws else None
    return REDRAW if key is None else f"{key}-{REDRAW}"


def is_screen(experiment: ExperimentRow, draws: Sequence[DrawRow]) -> bool:
    """Return whether a baseline's stored runs are what its suite is compared with."""
    return experiment.stored and bool(draws) and not any(draw.baseline for draw in draws)


def _times(side: Side, draw: DrawRow) -> int:
    return draw.candidate if side is Side.CANDIDATE else draw.baseline
