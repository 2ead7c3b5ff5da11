"""How numbers are rounded in what machines read."""

from __future__ import annotations

import math
from typing import Final

_DECIMALS: Final = 6
_DIGITS: Final = 9


def rounded(value: float | None) -> float | None:
    """Round to six decimals; a number that is none (NaN, infinite) is null, as JSON has no other word for it."""
    return None if value is None or not math.isfinite(value) else round(value, _DECIMALS)


def significant(value: float | None) -> float | None:
    """Round to nine digits, wherever they stand: a cost of a run may be millionths of a dollar."""
    return None if value is None else float(f"{value:.{_DIGITS}g}")
