"""Quality against what it takes: who is on the front, and who is behind whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.decision.contest_results import Place, Standing

_EQUAL: Final = 1e-9
"""Figures that differ by less than this share of themselves are the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One contender as measured: `quality` as a share, + is better; `price` in dollars or seconds, + is worse."""

    name: str
    quality: float | None
    price: float | None


def standings(points: Sequence[Point], better: Collection[tuple[str, str]]) -> dict[str, Standing]:
    """Return where each stands. `better` holds (one, other) where evidence says that one is better than the other.

    Ties are on the front together. What is not known is on no front, and nobody is behind it.
    """
    return {point.name: _standing(point, points, better) for point in points}


def _standing(point: Point, points: Sequence[Point], better: Collection[tuple[str, str]]) -> Standing:
    if point.quality is None or point.price is None:
        return Standing(place=Place.UNKNOWN)
    ahead = [other for other in points if _beats(other, point)]
    if not ahead:
        return Standing(place=Place.FRONT)
    proven = [other for other in ahead if (other.name, point.name) in better]
    first = max(proven or ahead, key=lambda other: (other.quality or 0.0, -(other.price or 0.0)))
    return Standing(place=Place.BEHIND if proven else Place.PERHAPS, behind=first.name)


def _beats(one: Point, other: Point) -> bool:
    """Return whether `one` is as good for no more, and better or cheaper, as measured."""
    if one.quality is None or one.price is None or other.quality is None or other.price is None:
        return False
    quality, price = _order(one.quality, other.quality), _order(other.price, one.price)
    return quality >= 0 and price >= 0 and quality + price > 0


def _order(one: float, other: float) -> int:
    if abs(one - other) <= _EQUAL * max(abs(one), abs(other)):
        return 0
    return 1 if one > other else -1
