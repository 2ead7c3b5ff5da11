"""Where a difference could really be, drawn against what was asked of it: one small picture for each row of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from evalgate.decision.results import CheckDecision, Comparison, SuiteDecision
from evalgate.records import Verdict
from evalgate.report import formatting
from evalgate.report.html.drawing import box, element, line, picture
from evalgate.report.html.explored import Margin

_WIDTH: Final = 220.0
_HEIGHT: Final = 26.0
_PAD: Final = 8.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The differences that one column of pictures holds, as shares, + is better; zero is always among them."""

    low: float
    high: float

    def place(self, share: float) -> float:
        """Return where a difference stands, within the picture."""
        inside = min(max(share, self.low), self.high)
        return _PAD + (inside - self.low) / (self.high - self.low) * (_WIDTH - 2 * _PAD)


def span(suite: SuiteDecision, margins: Iterable[tuple[str, Margin]], *, ratio: bool) -> Span:
    """Return what holds every difference of a suite's checks of one kind, what is asked of them included."""
    asked = dict(margins)
    ends = [0.0]
    for check in suite.checks:
        if (check.ratio is not None) is not ratio:
            continue
        for comparison in (check.comparison, *(part.comparison for part in check.slices)):
            if comparison is not None:
                ends += _ends(comparison)
        margin = asked.get(check.name, Margin())
        ends += [end for end in (margin.low, margin.high) if end is not None]
    low, high = min(ends), max(ends)
    room = max((high - low) * 0.04, 0.01)
    return Span(low=low - room, high=high + room)


def drawn(
    check: CheckDecision, comparison: Comparison, verdict: Verdict | None, margin: Margin, within: Span
) -> Markup:
    """Return the picture of one comparison: zero, what is asked, the difference and where it could be."""
    middle = _HEIGHT / 2
    parts = []
    if margin.low is not None:
        parts.append(box(0, 0, within.place(margin.low), _HEIGHT, kind="beyond"))
        parts.append(line(within.place(margin.low), 1, within.place(margin.low), _HEIGHT - 1, kind="margin"))
    if margin.high is not None:
        parts.append(line(within.place(margin.high), 1, within.place(margin.high), _HEIGHT - 1, kind="margin"))
    parts.append(line(within.place(0), 0, within.place(0), _HEIGHT, kind="zero"))
    kind = verdict.value.lower() if verdict is not None else "none"
    if comparison.interval is not None:
        low, high = within.place(comparison.interval.low), within.place(comparison.interval.high)
        parts.append(box(low, middle - 3, max(high - low, 1.5), 6, kind=f"range {kind}"))
    parts.append(element("circle", cx=within.place(comparison.delta), cy=middle, r=4.5, class_=f"dot {kind}"))
    return picture(*parts, width=_WIDTH, height=_HEIGHT, kind="interval", told=_told(check, comparison, margin))


def _ends(comparison: Comparison) -> list[float]:
    found = [comparison.delta]
    if comparison.interval is not None:
        found += [comparison.interval.low, comparison.interval.high]
    return found


def _told(check: CheckDecision, comparison: Comparison, margin: Margin) -> str:
    ratio = check.ratio is not None
    change = formatting.relative_change(comparison.delta) if ratio else formatting.points(comparison.delta)
    between = formatting.relative_range if ratio else formatting.point_range
    could = f", could really be {between(comparison.interval)}" if comparison.interval is not None else ""
    size = margin.low if margin.low is not None else margin.high
    if size is None:
        return f"{change}{could}"
    asked = formatting.rise(abs(size)) if ratio else formatting.points(abs(size), signed=False)
    return f"{change}{could}; {margin.told}: {asked}"
