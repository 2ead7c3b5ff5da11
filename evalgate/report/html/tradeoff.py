"""Quality against what an answer costs (takes, where no cost is known): an arrow from the baseline to the candidate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from evalgate.decision.results import CheckDecision, SuiteDecision
from evalgate.money import dollars
from evalgate.records import Side
from evalgate.report.axes import Axis, axis
from evalgate.report.console import fitted
from evalgate.report.formatting import percent, seconds
from evalgate.report.html.drawing import element, line, picture, text
from evalgate.report.html.explored import ExploredSuite
from evalgate.report.html.spreads import known

_WIDTH: Final = 480.0
_HEIGHT: Final = 230.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 120.0, 16.0, 46.0
_CHECKS: Final = 6
_LINE: Final = 15.0
_APART: Final = 0.1
"""So many of the range are shown at least: no hair is split."""
SOME_TIME: Final = 0.005
"""Seconds: programs that take less are told apart by the clock alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Arrow:
    name: str
    before: float
    after: float


def tradeoff(suite: SuiteDecision, explored: ExploredSuite) -> tuple[str, Markup] | None:
    """Return (what it is against, the picture); None where a side or its price is not known, or nothing scores it."""
    arrows = [_Arrow(name=check.name, before=b, after=c) for check in suite.checks for b, c in _shares(check)][:_CHECKS]
    prices = _prices(explored)
    if prices is None or not arrows:
        return None
    what, written, before, after = prices
    across = axis([0.0, before, after], _LEFT, _WIDTH - _RIGHT, written)
    up = axis(_apart(arrows), _HEIGHT - _BOTTOM, _TOP, percent, within=(0.0, 1.0))
    told = "; ".join(f"{each.name}: {percent(each.before)} to {percent(each.after)}" for each in arrows)
    parts = [*_axes(across, up, what), *_drawn(arrows, across.place(before), across.place(after), up)]
    return what, picture(
        *parts,
        width=_WIDTH,
        height=_HEIGHT,
        kind="tradeoff",
        told=f"{what}: {written(before)} on the baseline, {written(after)} on the candidate; {told}",
    )


def _apart(arrows: Sequence[_Arrow]) -> list[float]:
    """Return the lowest and the highest share, as far apart as makes a difference."""
    shares = [share for each in arrows for share in (each.before, each.after)]
    low, high = min(shares), max(shares)
    room = max(0.0, _APART - (high - low)) / 2
    return [max(0.0, low - room), min(1.0, high + room)]


def _shares(check: CheckDecision) -> list[tuple[float, float]]:
    """Return a check's means as shares of its range, none where it has no range or lacks one."""
    low, high, before, after = check.low, check.high, check.baseline_mean, check.candidate_mean
    if check.ratio is not None or low is None or high is None or before is None or after is None or high <= low:
        return []
    return [((before - low) / (high - low), (after - low) / (high - low))]


def _prices(explored: ExploredSuite) -> tuple[str, Callable[[float], str], float, float] | None:
    sides = [explored.took.get(side) for side in (Side.BASELINE, Side.CANDIDATE)]
    kinds = (
        ("cost of an answer", dollars, 1e-12, [None if side is None else _mean(side.dollars) for side in sides]),
        ("time of an answer", seconds, SOME_TIME, [None if side is None else _mean(side.seconds) for side in sides]),
    )
    for what, written, least, (before, after) in kinds:
        if before is not None and after is not None and max(before, after) >= least:
            return what, written, before, after
    return None


def _mean(values: Sequence[float | None]) -> float | None:
    amounts = known(values)
    return float(amounts.mean()) if len(amounts) else None


def _axes(across: Axis, up: Axis, what: str) -> list[Markup]:
    bottom, parts = up.start, []
    for value in up.marks:
        y = up.place(value)
        parts += [
            line(_LEFT, y, _WIDTH - _RIGHT, y, kind="grid"),
            text(_LEFT - 8, y + 4, percent(value), kind="small", anchor="end"),
        ]
    for value in across.marks:
        x = across.place(value)
        parts += [
            line(x, bottom, x, bottom + 4, kind="zero"),
            text(x, bottom + 18, across.written(value), kind="small", anchor="middle"),
        ]
    parts.append(line(_LEFT, bottom, _WIDTH - _RIGHT, bottom, kind="zero"))
    parts.append(text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, what, kind="small", anchor="middle"))
    return parts


def _drawn(arrows: Sequence[_Arrow], before: float, after: float, up: Axis) -> list[Markup]:
    parts: list[Markup] = []
    taken: list[float] = []
    for each in sorted(arrows, key=lambda each: -each.after):
        y1, y2 = up.place(each.before), up.place(each.after)
        kind = "worse" if each.after < each.before else "better" if each.after > each.before else "even"
        parts.append(line(before, y1, after, y2, kind=f"arrow {kind}"))
        parts.append(element("circle", cx=before, cy=y1, r=4.5, class_="dot-baseline"))
        parts.append(element("circle", cx=after, cy=y2, r=5.5, class_=f"dot-{kind}"))
        at = y2
        while any(abs(at - other) < _LINE for other in taken):
            at += _LINE
        taken.append(at)
        parts.append(text(max(before, after) + 12, at + 4, fitted(each.name, 15)))
    return parts
