"""The axes of pictures: from a figure to a place, from round number to round number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """From a figure to a place, and the figures that are marked. `log`: equal ratios are equally far apart."""

    low: float
    high: float
    start: float
    end: float
    marks: tuple[float, ...]
    written: Callable[[float], str]
    log: bool = False

    def place(self, value: float) -> float:
        """Return where a figure stands."""
        low, high, here = (math.log10(each) if self.log else each for each in (self.low, self.high, value))
        return self.start + (here - low) / (high - low) * (self.end - self.start)


def axis(
    values: Sequence[float],
    start: float,
    end: float,
    written: Callable[[float], str],
    *,
    within: tuple[float, float] | None = None,
) -> Axis:
    """Return an axis that holds all values, from round number to round number."""
    low, high = min(values), max(values)
    if high - low <= 1e-12 * max(1e-300, abs(high)):
        low, high = low - (abs(low) / 2 or 0.5), high + (abs(high) / 2 or 0.5)
    step = _round_step((high - low) / 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if within is not None:
        first, last = max(first, math.floor(within[0] / step)), min(last, math.ceil(within[1] / step))
    marks = tuple(float(f"{number * step:.9g}") for number in range(first, last + 1))
    return Axis(low=first * step, high=last * step, start=start, end=end, marks=marks, written=written)


def log_axis(values: Sequence[float], start: float, end: float, written: Callable[[float], str]) -> Axis:
    """Return an axis of ratios, marked at 1, 2 and 5 of each power of ten, at powers alone where they are many."""
    first, last = math.floor(math.log10(min(values)) + 1e-9), math.ceil(math.log10(max(values)) - 1e-9)
    last = max(last, first + 1)
    digits = (1, 2, 5) if last - first <= 2 else (1,)
    marks = [float(f"{digit}e{power}") for power in range(first, last) for digit in digits] + [float(f"1e{last}")]
    return Axis(low=marks[0], high=marks[-1], start=start, end=end, marks=tuple(marks), written=written, log=True)


def _round_step(size: float) -> float:
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= size * (1 - 1e-9))
