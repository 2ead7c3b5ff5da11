"""The pictures of docs/decision.md, as SVG for light and dark pages. Written by tests/bench/claims.py."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from evalgate.decision.known_noise import FLIPS
from evalgate.stats.planning import Planned, caught
from evalgate.stats.power import Plan
from tests.bench.gates import Gate, chance, evalgate_fails, mean_dropped, mean_dropped_by_more_than_5_points

WIDTH, HEIGHT = 560, 420
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 92, 56
FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"


@dataclass(frozen=True, kw_only=True)
class Theme:
    """The colours of one page. Lines differ in lightness and dash too, so that no one needs to tell hues apart."""

    name: str
    page: str
    ink: str
    soft: str
    grid: str
    loud: str
    second: str
    own: str
    ramp: tuple[str, ...]
    """From the fewest flips to the most."""


THEMES = (
    Theme(
        name="light",
        page="#ffffff",
        ink="#1f2328",
        soft="#59636e",
        grid="#e4e8ec",
        loud="#b8420f",
        second="#84508f",
        own="#0860ca",
        ramp=("#7fb2e5", "#4a90d9", "#1f6fc4", "#124e96", "#0a2f63"),
    ),
    Theme(
        name="dark",
        page="#0d1117",
        ink="#e6edf3",
        soft="#9198a1",
        grid="#262c36",
        loud="#ff9866",
        second="#d3a4e0",
        own="#58a6ff",
        ramp=("#2d6bb5", "#4a8fdb", "#76b0f0", "#a8d0fa", "#dcedff"),
    ),
)


class Plot:
    """A frame with a logarithmic number of examples across and a linear measure up, and what is drawn in it."""

    def __init__(self, theme: Theme, *, across: tuple[float, float], top: float) -> None:
        self.theme, self._across, self._top = theme, across, top
        self._parts: list[str] = []

    def x(self, n: float) -> float:
        low, high = (math.log(end) for end in self._across)
        return LEFT + (math.log(n) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self._top * (HEIGHT - TOP - BOTTOM)

    def text(self, x: float, y: float, words: str, *, fill: str = "", size: float = 15, anchor: str = "start", **more):
        extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
        fill = fill or self.theme.ink
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{extra}>'
            f"{escape(words)}</text>"
        )

    def axes(self, *, ticks: Sequence[int], levels: Sequence[int], unit: str) -> None:
        for level in levels:
            y = self.y(level)
            self._line((LEFT, y), (WIDTH - RIGHT, y), stroke=self.theme.grid, width=1)
            words = f"{level}{unit}" if level == levels[-1] else f"{level}"
            self.text(LEFT - 8, y + 5, words, fill=self.theme.soft, size=14, anchor="end")
        for tick in ticks:
            x = self.x(tick)
            self._line((x, self.y(0)), (x, self.y(0) + 5), stroke=self.theme.soft, width=1)
            self.text(x, self.y(0) + 22, f"{tick:,}", fill=self.theme.soft, size=14, anchor="middle")
        middle = (LEFT + WIDTH - RIGHT) / 2
        self.text(middle, HEIGHT - 12, "examples in the dataset", fill=self.theme.soft, size=14, anchor="middle")

    def curve(self, points: Mapping[int, float], *, stroke: str, width: float = 2.5, dash: str = "") -> None:
        path = " ".join(f"{self.x(n):.1f},{self.y(value):.1f}" for n, value in points.items())
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width}" stroke-linejoin="round"'
            f' stroke-linecap="round"{dashed}/>'
        )

    def band(self, low: Mapping[int, float], high: Mapping[int, float], *, fill: str) -> None:
        there = [f"{self.x(n):.1f},{self.y(value):.1f}" for n, value in high.items()]
        back = [f"{self.x(n):.1f},{self.y(value):.1f}" for n, value in reversed(low.items())]
        path = " ".join(there + back)
        self._parts.append(f'<polygon points="{path}" fill="{fill}" fill-opacity="0.16"/>')

    def dots(self, points: Mapping[int, float], *, stroke: str) -> None:
        for n, value in points.items():
            self._parts.append(
                f'<circle cx="{self.x(n):.1f}" cy="{self.y(value):.1f}" r="4" fill="{self.theme.page}"'
                f' stroke="{stroke}" stroke-width="2"/>'
            )

    def level(self, value: float, *, stroke: str) -> None:
        self._line((LEFT, self.y(value)), (WIDTH - RIGHT, self.y(value)), stroke=stroke, width=1.5, dash="2 4")

    def _line(self, start, end, *, stroke: str, width: float, dash: str = "") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="{stroke}"'
            f' stroke-width="{width}"{dashed}/>'
        )

    def svg(self, title: str, subtitle: str, described: str) -> str:
        head = Plot(self.theme, across=self._across, top=self._top)
        head.text(16, 32, title, size=19, font_weight="600")
        head.text(16, 56, subtitle, fill=self.theme.soft, size=14)
        body = "\n".join((*head._parts, *self._parts))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
            f' role="img" aria-labelledby="title desc" font-family="{FONT}">\n'
            f'<title id="title">{escape(title)}</title>\n'
            f'<desc id="desc">{escape(described)}</desc>\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{self.theme.page}"/>\n{body}\n</svg>\n'
        )


FALSE_ALARM_SIZES = tuple(range(20, 501, 20))
"""Of all sizes those where five points are a whole number of examples: between them, the line would be a saw."""
FALSE_ALARM_TITLE = "How often a gate fails a candidate that changed nothing"


def alarms(gate: Gate, flip: float) -> dict[int, float]:
    """Return the false alarms of a gate, in per cent, by number of examples."""
    return {n: 100 * chance(gate, n, flip) for n in FALSE_ALARM_SIZES}


def false_alarms(theme: Theme, simulated: Mapping[int, float], described: str) -> str:
    """Draw how often each gate fails an unchanged candidate; `simulated` are whole builds, in per cent."""
    plot = Plot(theme, across=(20, 500), top=50)
    plot.axes(ticks=(20, 50, 100, 200, 500), levels=(0, 10, 20, 30, 40, 50), unit=" %")
    gates = ((mean_dropped, theme.loud, ""), (mean_dropped_by_more_than_5_points, theme.second, "8 6"))
    for gate, colour, dash in (*gates, (evalgate_fails, theme.own, "")):
        plot.band(alarms(gate, 0.1), alarms(gate, 0.3), fill=colour)
        plot.curve(alarms(gate, 0.2), stroke=colour, dash=dash, width=3)
    plot.dots(simulated, stroke=theme.own)
    plot.text(plot.x(60), plot.y(36.3), "fails when the average dropped", fill=theme.loud, font_weight="600")
    second = "fails when it dropped by more than 5 points"
    plot.text(plot.x(62), plot.y(21.6), second, fill=theme.second, font_weight="600")
    plot.text(plot.x(225), plot.y(7.2), "evalgate", fill=theme.own, font_weight="600")
    return plot.svg(
        FALSE_ALARM_TITLE, "per cent of builds; line: 20 % of examples flip by themselves, band: 10 to 30 %", described
    )


CAUGHT_SIZES = (20, 25, 30, 40, 50, 60, 80, 100, 130, 160, 200, 250, 300, 400, 500, 700, 1_000)
CAUGHT_TITLE = "The drop that is caught 8 times in 10"


def caught_points(n: int, flip: float) -> float:
    """Return the drop in points that one pass/fail check of n examples catches 8 times in 10."""
    drop = caught(Planned(plan=Plan(examples=n, flip=flip, alpha=0.05)))
    if drop is None:
        raise ValueError(f"{n} examples catch nothing")
    return 100 * drop


def catches(theme: Theme, described: str) -> str:
    """Draw what can be caught, by number of examples and flip rate."""
    plot = Plot(theme, across=(14.2, 1_000), top=50)
    plot.axes(ticks=(20, 50, 100, 200, 500, 1_000), levels=(0, 10, 20, 30, 40, 50), unit="")
    plot.level(10, stroke=theme.soft)
    plot.text(WIDTH - RIGHT, plot.y(10) - 7, "10 points", fill=theme.soft, size=14, anchor="end")
    plot.text(LEFT, TOP - 14, "points", fill=theme.soft, size=14, anchor="middle")
    for flip, colour in zip(FLIPS, theme.ramp, strict=True):
        points = {n: caught_points(n, flip) for n in CAUGHT_SIZES}
        plot.curve(points, stroke=colour, width=3)
        plot.text(plot.x(20) - 7, plot.y(points[20]) + 5, f"{100 * flip:g} %", size=14, anchor="end")
    subtitle = "one pass/fail check; each line: the share of examples that flip by themselves"
    return plot.svg(CAUGHT_TITLE, subtitle, described)
