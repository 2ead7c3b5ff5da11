"""A comparison of several as a picture: quality against cost (against time where costs are unknown), with the front.

One self-contained SVG, with no script, font or style from elsewhere, that reads on a white and on a black page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from evalgate.decision.contest_results import ContenderResult, ContestResult, Place, SuiteResult
from evalgate.money import dollars
from evalgate.report import contest_cells as cells
from evalgate.report import formatting
from evalgate.report.axes import Axis, axis, log_axis
from evalgate.report.console import fitted
from evalgate.report.escaping import for_xml

_WIDTH: Final = 760
_HEIGHT: Final = 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 56, 62
_NAME_CELLS: Final = 34
_CHARACTER: Final = 7.0
"""About as wide as a character of the names is."""
_LINE: Final = 15.0
_FAR_APART: Final = 20
"""Prices of which the largest is so many times the smallest are drawn by their ratios."""
_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.quiet{fill:#57606a}.title{font-weight:600;font-size:15px}"
    ".axis{stroke:#57606a;stroke-width:1}.grid{stroke:#d0d7de;stroke-width:1}.range{stroke:#8c959f;stroke-width:1.5}"
    ".front{fill:#0969da;stroke:#0969da}.perhaps{fill:#fff;stroke:#0969da;stroke-width:2}.behind{fill:#8c959f}"
    ".name{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}"
    ".step{fill:none;stroke:#0969da;stroke-width:1.5;stroke-dasharray:5 4}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Dot:
    """One contender in the picture, in figures."""

    of: ContenderResult
    across: float
    up: float
    low: float
    high: float
    place: Place


def render_contest_svg(result: ContestResult) -> str:
    """Return every suite's picture below each other as one SVG."""
    height = _HEIGHT * len(result.suites)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for number, suite in enumerate(result.suites):
        parts.append(f'<g transform="translate(0 {number * _HEIGHT})">')
        parts += _picture(suite)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _picture(suite: SuiteResult) -> Iterator[str]:
    by_cost = any(each.by_cost.place is not Place.UNKNOWN for each in suite.contenders)
    dots = list(_dots(suite, by_cost=by_cost))
    yield _text(_LEFT, 24, f"{suite.name}: {cells.headline(suite)}", "title")
    absent = [each.name for each in suite.contenders if all(dot.of is not each for dot in dots)]
    what = "cost of a run" if by_cost else "median time of a run"
    missing = f"; not known of {', '.join(absent)}" if absent else ""
    yield _text(_LEFT, 42, fitted(f"{suite.metric} against the {what}{missing}", 90), "quiet")
    if not dots:
        return
    info = next(check for check in suite.checks if check.name == suite.metric)
    prices = [dot.across for dot in dots]
    written = dollars if by_cost else formatting.seconds
    if min(prices) > 0 and max(prices) / min(prices) >= _FAR_APART:
        across = log_axis(prices, _LEFT, _WIDTH - _RIGHT, written)
    else:
        across = axis([0.0, *prices], _LEFT, _WIDTH - _RIGHT, written)
    ends = [end for dot in dots for end in (dot.low, dot.high)]
    within = (info.low, info.high) if info.low is not None and info.high is not None else None
    up = axis(
        ends,
        _HEIGHT - _BOTTOM,
        _TOP,
        lambda value: formatting.score(value, low=info.low, high=info.high, unit=info.unit),
        within=within,
    )
    yield from _axes(across, up)
    yield from _front(dots, across, up)
    for dot in dots:
        x, y = across.place(dot.across), up.place(dot.up)
        yield f'<path class="range" d="M{x:.1f} {up.place(dot.low):.1f}V{up.place(dot.high):.1f}"/>'
        kind = {Place.FRONT: "front", Place.PERHAPS: "perhaps"}.get(dot.place, "behind")
        title = f"<title>{_safe(_told(dot, suite))}</title>"
        yield f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5">{title}</circle>'
    yield from _names(dots, across, up)
    yield _text(
        _LEFT, _HEIGHT - 8, "filled: on the front · ring: behind as measured, could be luck · grey: behind", "quiet"
    )


def _dots(suite: SuiteResult, *, by_cost: bool) -> Iterator[_Dot]:
    for each in suite.contenders:
        standing = each.by_cost if by_cost else each.by_latency
        price = each.taken.cost_per_run if by_cost else each.taken.latency_median
        quality = next(level for level in each.levels if level.name == suite.metric)
        if price is None or quality.mean is None:
            continue
        low, high = quality.low, quality.high
        yield _Dot(
            of=each,
            across=price,
            up=quality.mean,
            low=quality.mean if low is None else low,
            high=quality.mean if high is None else high,
            place=standing.place,
        )


def _front(dots: Sequence[_Dot], across: Axis, up: Axis) -> Iterator[str]:
    """Draw the front as steps: what more money bought, as measured."""
    front = sorted((dot for dot in dots if dot.place is Place.FRONT), key=lambda dot: (dot.across, dot.up))
    if len(front) < 2:
        return
    path = ""
    for dot in front:
        x, y = across.place(dot.across), up.place(dot.up)
        path += f"H{x:.1f}V{y:.1f}" if path else f"M{x:.1f} {y:.1f}"
    yield f'<path class="step" d="{path}"/>'


def _axes(across: Axis, up: Axis) -> Iterator[str]:
    bottom, right = up.start, across.end
    for value in up.marks:
        y = up.place(value)
        yield f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(_LEFT - 8, y + 4, up.written(value), "quiet", anchor="end")
    for value in across.marks:
        x = across.place(value)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield _text(x, bottom + 20, across.written(value), "quiet", anchor="middle")
    yield f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'


def _names(dots: Sequence[_Dot], across: Axis, up: Axis) -> Iterator[str]:
    """Write each name beside its dot, moved down while another stands there."""
    taken: list[tuple[float, float, float]] = []
    for dot in sorted(dots, key=lambda dot: (-dot.up, dot.across)):
        name = fitted(for_xml(dot.of.name).replace("\n", " "), _NAME_CELLS)
        wide = len(name) * _CHARACTER
        x, y = across.place(dot.across), up.place(dot.up) - 8
        left = x + 8 if x + 8 + wide <= _WIDTH - 4 else x - 8 - wide
        while any(left < end and begin < left + wide and abs(y - at) < _LINE for begin, end, at in taken):
            y += _LINE
        taken.append((left, left + wide, y))
        yield _text(left, y, name, "name")


def _told(dot: _Dot, suite: SuiteResult) -> str:
    line = next(line for line in cells.lines(suite) if line.of is dot.of)
    return f"{line.name}: {suite.metric} {line.quality}, {line.cost} a run, {line.median} median"


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_safe(text)}</text>'


def _safe(text: str) -> str:
    return escape(for_xml(text))
