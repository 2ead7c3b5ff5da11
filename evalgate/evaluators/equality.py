"""When two JSON values are the same, and where they first are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeGuard

from evalgate.paths import MISSING

Fold: TypeAlias = "Callable[[str], str]"
"""What is done to both texts before they are compared."""


def same(expected: object, got: object) -> bool:
    """Return whether two JSON values are equal: 1 is 1.0, but true is not 1 and "1" is not 1."""
    return first_difference(expected, got) is None


def first_difference(
    expected: object, got: object, fold: Fold | None = None
) -> tuple[tuple[str | int, ...], object, object] | None:
    """Return the place of the first difference and what stands there on both sides (MISSING for nothing), or None."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        for key in [*expected, *(key for key in got if key not in expected)]:
            found = first_difference(expected.get(key, MISSING), got.get(key, MISSING), fold)
            if found is not None:
                return (key, *found[0]), found[1], found[2]
        return None
    if _is_list(expected) and _is_list(got):
        for index in range(max(len(expected), len(got))):
            found = first_difference(_item(expected, index), _item(got, index), fold)
            if found is not None:
                return (index, *found[0]), found[1], found[2]
        return None
    return None if _same_scalar(expected, got, fold) else ((), expected, got)


def place(steps: tuple[str | int, ...]) -> str:
    """Return the steps as people write them, `items.0.price`."""
    return ".".join(str(step)[:80] for step in steps)


def _same_scalar(expected: object, got: object, fold: Fold | None) -> bool:
    if isinstance(expected, str) and isinstance(got, str):
        return expected == got or (fold is not None and fold(expected) == fold(got))
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    return expected == got


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _item(values: Sequence[object], index: int) -> object:
    return values[index] if index < len(values) else MISSING
