"""How US dollars are written: one style, for reports, plans, budgets and messages alike."""

from __future__ import annotations

from typing import Final

_BEYOND_DIGITS: Final = 1e15
"""From here on an amount is written by its size."""
_LEAST: Final = 1e-7
_ROUNDS_TO_ONE: Final = 0.9995


def dollars(value: float) -> str:
    """Return US dollars: cents from 1 dollar on, three digits below: `$1,240.50`, `$0.00123`, `$0.50`."""
    if value >= _BEYOND_DIGITS:
        return f"${value:.2e}"
    if value >= _ROUNDS_TO_ONE or value == 0:
        return f"${value:,.2f}" if value else "$0"
    if value < _LEAST:
        return "under $0.0000001"
    digits = f"{value:.9f}"
    first = next(index for index, digit in enumerate(digits) if digit not in "0.")
    return f"${f'{value:.{first + 1}f}'.rstrip('0'):0<4}"
