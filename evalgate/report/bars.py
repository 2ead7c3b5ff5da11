"""How many there are of each of several names, as bars: on a terminal, and as a picture of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from evalgate.report.console import Console, cells, fitted, padded
from evalgate.report.escaping import for_xml, shown

_NAMES: Final = 32
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_WIDTH: Final = 720
_LINE: Final = 30
_TOP: Final = 56
_LEFT: Final = 230
_RIGHT: Final = 110
_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}.number{fill:#57606a}"
    ".bar{fill:#cf222e}.fine{fill:#8c959f}.axis{stroke:#57606a;stroke-width:1}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One name and how many there are of it. A `quiet` one is not what the picture is about."""

    name: str
    number: int
    quiet: bool = False


def bar_lines(bars: Sequence[Bar], console: Console) -> list[str]:
    """Return a line for each bar, with its number and its share of all, as long as the console is wide."""
    whole = sum(each.number for each in bars) or 1
    most = max((each.number for each in bars), default=0) or 1
    names = min(_NAMES, max((cells(shown(each.name)) for each in bars), default=0))
    told = [f"{each.number:,} ({100 * each.number / whole:.0f} %)" for each in bars]
    room = max(4, console.width - names - max(map(len, told), default=0) - len("   "))
    lines = []
    for each, figures in zip(bars, told, strict=True):
        drawn = _drawn(each.number / most * room, console)
        lines.append(f"{padded(fitted(shown(each.name), names), names)}  {drawn}{' ' if drawn else ''}{figures}")
    return lines


def _drawn(length: float, console: Console) -> str:
    if not console.unicode:
        return "#" * (max(1, round(length)) if length else 0)
    whole, rest = int(length), int(length % 1 * 8)
    drawn = "█" * whole + (_EIGHTHS[rest] if rest else "")
    return drawn or ("▏" if length else "")


def render_bars_svg(title: str, bars: Sequence[Bar]) -> str:
    """Return them as one SVG, with no script, font or style from elsewhere, that reads on any page."""
    height = _TOP + _LINE * len(bars) + 16
    whole = sum(each.number for each in bars) or 1
    most = max((each.number for each in bars), default=0) or 1
    told = escape(for_xml(shown(title)))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}">',
        f"<title>{told}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="16" y="28">{told}</text>',
        f'<line class="axis" x1="{_LEFT}" y1="{_TOP - 8}" x2="{_LEFT}" y2="{height - 12}"/>',
    ]
    for number, each in enumerate(bars):
        top = _TOP + number * _LINE
        width = each.number / most * (_WIDTH - _LEFT - _RIGHT)
        kind = "fine" if each.quiet else "bar"
        name = escape(for_xml(fitted(shown(each.name), _NAMES)))
        parts += [
            f'<text x="{_LEFT - 10}" y="{top + 14}" text-anchor="end">{name}</text>',
            f'<rect class="{kind}" x="{_LEFT}" y="{top}" width="{width:.1f}" height="19" rx="2"/>',
        ]
        figures = f"{each.number:,} ({100 * each.number / whole:.0f} %)"
        parts.append(f'<text class="number" x="{_LEFT + width + 8:.1f}" y="{top + 14}">{figures}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
