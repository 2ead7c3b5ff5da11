"""How every single example changed in one check: sorted, worse to the left, better to the right, the same between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from evalgate.decision.pairing import CHANGED
from evalgate.report.formatting import count
from evalgate.report.html.drawing import box, element, line, picture, text

_WIDTH: Final = 480.0
_HEIGHT: Final = 140.0
_TOP, _BOTTOM = 22.0, 8.0
_SAME_AT_MOST: Final = 0.34
"""The share of the width that examples without a change take at most: they say nothing more by being many."""
_WIDEST: Final = 26.0
_STEPS: Final = 240
"""So many bars of one direction are drawn; more are drawn as an outline of the largest of each few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """So many examples, from one place to another."""

    start: float
    end: float
    number: int


def changes(delta: NDArray[np.float64], name: str, *, suite: int, check: int) -> Markup | None:
    """Return the picture of one check's differences, NaN where there is none; None where nothing is paired.

    `suite` and `check` are numbers by which the page's program finds the examples behind it.
    """
    known = np.sort(delta[~np.isnan(delta)])
    if not len(known):
        return None
    worse, better = known[known < -CHANGED], known[known > CHANGED]
    same = len(known) - len(worse) - len(better)
    zones = _zones(len(worse), same, len(better))
    largest = float(np.abs(known).max()) or 1.0
    middle = _TOP + (_HEIGHT - _TOP - _BOTTOM) / 2
    scale = (middle - _TOP) / largest
    told = f"{name}: {len(worse):,} worse, {same:,} the same, {len(better):,} better"
    return picture(
        *_same(zones[1], middle),
        _bars(worse, zones[0], middle, scale, kind="worse"),
        _bars(better, zones[2], middle, scale, kind="better"),
        line(0, middle, _WIDTH, middle, kind="zero"),
        *_heads(zones),
        element("line", x1=0, y1=_TOP, x2=0, y2=_HEIGHT - _BOTTOM, class_="cursor", visibility="hidden"),
        width=_WIDTH,
        height=_HEIGHT,
        kind="changes",
        told=told,
        data_suite=str(suite),
        data_check=str(check),
        data_zones=" ".join(f"{zone.start:.1f},{zone.end:.1f},{zone.number}" for zone in zones),
    )


def _zones(worse: int, same: int, better: int) -> tuple[Zone, Zone, Zone]:
    """Share the width out: by number, but those that are the same take a third at most."""
    total = worse + same + better
    middle = same / total
    if worse + better and middle > _SAME_AT_MOST:
        middle = _SAME_AT_MOST
    room = _WIDTH * (1 - middle)
    widest = _WIDEST * max(1, worse + better)
    room = min(room, widest) if same else room
    left = room * worse / max(1, worse + better)
    right = room - left
    return (
        Zone(start=0.0, end=left, number=worse),
        Zone(start=left, end=_WIDTH - right, number=same),
        Zone(start=_WIDTH - right, end=_WIDTH, number=better),
    )


def _same(zone: Zone, middle: float) -> list[Markup]:
    return [box(zone.start, middle - 3, zone.end - zone.start, 6, kind="same")] if zone.number else []


def _bars(values: NDArray[np.float64], zone: Zone, middle: float, scale: float, *, kind: str) -> Markup:
    if not len(values):
        return Markup("")
    tops = _largest_of_each_few(values) if len(values) > _STEPS else values
    width = (zone.end - zone.start) / len(tops)
    gap = min(2.0, width / 5) if len(tops) <= _STEPS / 2 else 0.0
    path = "".join(
        f"M{zone.start + place * width + gap / 2:.1f} {middle:.1f}v{-value * scale:.1f}h{width - gap:.2f}V{middle:.1f}z"
        for place, value in enumerate(tops.tolist())
    )
    return element("path", d=path, class_=kind)


def _largest_of_each_few(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the one of each few that is farthest from zero: of sorted values, the end that is."""
    parts = np.array_split(values, _STEPS)
    found: NDArray[np.float64] = np.array([part[np.abs(part).argmax()] for part in parts])
    return found


def _heads(zones: Sequence[Zone]) -> list[Markup]:
    worse, same, better = zones
    heads = [(0.0, "start", f"{worse.number:,} worse", "worse-text")] if worse.number else []
    if same.number:
        heads.append(((same.start + same.end) / 2, "middle", f"{same.number:,} the same", "quiet"))
    if better.number:
        heads.append((_WIDTH, "end", f"{better.number:,} better", "better-text"))
    return [text(x, 14, words, kind=kind, anchor=anchor) for x, anchor, words, kind in heads]


def summary(delta: NDArray[np.float64]) -> str:
    """Say in words what the picture shows."""
    known = delta[~np.isnan(delta)]
    lost = len(delta) - len(known)
    told = f"{int((known < -CHANGED).sum()):,} worse, {int((known > CHANGED).sum()):,} better"
    return f"{told} of {count(len(known), 'pair')}" + (f"; {lost:,} have none" if lost else "")
