"""How the answers of both sides are spread: by score or label as bars, by what they took as outlines over an axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from evalgate.decision.results import CheckDecision
from evalgate.report.axes import Axis, axis, log_axis
from evalgate.report.console import fitted
from evalgate.report.formatting import percent
from evalgate.report.html.drawing import box, element, line, picture, text

_WIDTH: Final = 480.0
_NAMES: Final = 120.0
_VALUES: Final = 92.0
_BAR: Final = 13.0
_ROW: Final = 2 * _BAR + 12
_NAME_CELLS: Final = 16
_HEIGHT: Final = 170.0
_FOOT: Final = 30.0
_TOP: Final = 26.0
_BINS: Final = 24
_LARGEST: Final = 1e15
_FAR_APART: Final = 8.0
"""Amounts of which the 99th in 100 is so many times the first are spread over ratios."""

Counted = tuple[str, int, int | None]
"""A label, a score or a range, and how many answers of the candidate and of the baseline have it."""


def spread(check: CheckDecision, candidate: NDArray[np.float64], baseline: NDArray[np.float64] | None) -> Markup | None:
    """Return the picture of one check's scores; None where there are none, or its amounts are drawn elsewhere."""
    if check.ratio is not None:
        return None
    if check.distribution is not None:
        tallies = [*check.distribution.tallies, *([check.distribution.others] if check.distribution.others else [])]
        return _bars(check.name, [(tally.name, tally.candidate, tally.baseline) for tally in tallies])
    if not check.binary or check.low is None or check.high is None:
        return None
    return _bars(check.name, list(_passes(check.low, check.high, candidate, baseline)))


def _passes(
    low: float, high: float, candidate: NDArray[np.float64], baseline: NDArray[np.float64] | None
) -> list[Counted]:
    """Count the examples that pass, that fail, that do one or the other in turn, and that have no score."""

    def counted(side: NDArray[np.float64]) -> tuple[int, int, int, int]:
        known = side[~np.isnan(side)]
        passed, failed = int((known == high).sum()), int((known == low).sum())
        return passed, len(known) - passed - failed, failed, len(side) - len(known)

    ours, theirs = counted(candidate), counted(baseline) if baseline is not None else (None,) * 4
    rows = list(zip(("pass", "now and then", "fail", "no score"), ours, theirs, strict=True))
    return [row for row in rows if row[0] in {"pass", "fail"} or row[1] or row[2]]


def _bars(name: str, rows: Sequence[Counted]) -> Markup | None:
    totals = sum(ours for _, ours, _ in rows), sum(theirs or 0 for *_, theirs in rows)
    largest = max((max(_part(row[1], totals[0]), _part(row[2], totals[1])) for row in rows), default=0.0)
    if not largest:
        return None
    parts = []
    for place, (label, ours, theirs) in enumerate(rows):
        top = place * _ROW + 6
        parts.append(text(_NAMES - 10, top + _BAR + 4, fitted(label, _NAME_CELLS), anchor="end"))
        sides = [(theirs, totals[1], "baseline"), (ours, totals[0], "candidate")]
        for at, (answers, total, side) in enumerate(sides):
            if answers is None:
                continue
            share, y = _part(answers, total), top + at * _BAR
            width = share / largest * (_WIDTH - _NAMES - _VALUES)
            parts.append(box(_NAMES, y, max(width, 1.0), _BAR - 1, kind=side, told=f"{side}: {answers:,} with {label}"))
            told = f"{answers:,} ({percent(share)})" if answers else "0"
            parts.append(text(_NAMES + width + 6, y + _BAR - 3, told, kind="small"))
    parts.append(line(_NAMES, 2, _NAMES, len(rows) * _ROW, kind="zero"))
    told = f"{name}: " + "; ".join(f"{label}: {_both(ours, theirs)}" for label, ours, theirs in rows)
    return picture(*parts, width=_WIDTH, height=len(rows) * _ROW + 4, kind="spread", told=told)


def _both(ours: int, theirs: int | None) -> str:
    return f"{ours:,}" if theirs is None else f"{theirs:,} on the baseline, {ours:,} on the candidate"


def _part(answers: int | None, total: int) -> float:
    return (answers or 0) / total if total else 0.0


def amounts(
    name: str,
    candidate: Sequence[float | None],
    baseline: Sequence[float | None],
    written: Callable[[float], str],
    *,
    least: float,
) -> Markup | None:
    """Return how what answers took is spread on both sides, with the middle one of each; None where nobody knows.

    Nor is there a picture where the largest is not above `least`: nothing is to be seen then.
    """
    sides = [(kind, known(side)) for kind, side in (("baseline", baseline), ("candidate", candidate))]
    sides = [(kind, side) for kind, side in sides if len(side)]
    both = np.concatenate([side for _, side in sides]) if sides else np.array([])
    if not len(both) or both.max() <= least:
        return None
    across = _across(both, written)
    edges = _edges(across)
    bottom = _HEIGHT - _FOOT
    counts = [
        (kind, side, np.histogram(np.clip(side, edges[0], edges[-1]), bins=edges)[0] / len(side))
        for kind, side in sides
    ]
    tallest = max(float(shares.max()) for *_, shares in counts)
    parts = []
    for mark in across.marks:
        x = across.place(mark)
        parts += [
            line(x, bottom, x, bottom + 4, kind="zero"),
            text(x, bottom + 18, written(mark), kind="small", anchor="middle"),
        ]
    for kind, _, shares in counts:
        parts.append(element("path", d=_outline(shares, edges, across, bottom, tallest), class_=f"outline {kind}"))
    for place, (kind, side, _) in enumerate(counts):
        middle = float(np.median(side))
        x = across.place(min(max(middle, across.low), across.high))
        parts.append(line(x, _TOP, x, bottom, kind=f"median {kind}"))
        parts.append(text(place * 200, 14, f"{kind}: half within {written(middle)}", kind=f"small {kind}-text"))
    parts.append(line(0, bottom, _WIDTH, bottom, kind="zero"))
    told = "; ".join(f"{kind}: half within {written(float(np.median(side)))}" for kind, side, _ in counts)
    return picture(*parts, width=_WIDTH, height=_HEIGHT, kind="amounts", told=f"{name}: {told}")


def known(side: Sequence[float | None]) -> NDArray[np.float64]:
    """Return the amounts that are some: no clock and no bill says less than nothing, or more than there is."""
    return np.array([value for value in side if value is not None and 0 <= value <= _LARGEST], dtype=np.float64)


def _across(both: NDArray[np.float64], written: Callable[[float], str]) -> Axis:
    low, high = (float(np.quantile(both, at)) for at in (0.01, 0.99))
    if low > 0 and high / low >= _FAR_APART:
        return log_axis([low, high], 24, _WIDTH - 24, written)
    return axis([0.0, high or float(both.max())], 24, _WIDTH - 24, written)


def _edges(across: Axis) -> NDArray[np.float64]:
    if across.log:
        return np.geomspace(across.low, across.high, _BINS + 1)
    return np.linspace(across.low, across.high, _BINS + 1)


def _shares(side: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.histogram(np.clip(side, edges[0], edges[-1]), bins=edges)[0] / len(side)
    return shares


def _outline(
    shares: NDArray[np.float64], edges: NDArray[np.float64], across: Axis, bottom: float, tallest: float
) -> str:
    places = [across.place(float(edge)) for edge in edges]
    path = f"M{places[0]:.1f} {bottom:.1f}"
    for share, end in zip(shares.tolist(), places[1:], strict=True):
        path += f"V{bottom - share / tallest * (bottom - _TOP):.1f}H{end:.1f}"
    return f"{path}V{bottom:.1f}z"
