"""What a terminal shows as a picture for the docs: SVG with nothing but text in it, the same on every machine."""

from __future__ import annotations

from html import escape
from itertools import groupby
from operator import attrgetter

import pyte

_WIDTH, _HEIGHT, _MARGIN = 8.4, 18, 14
_COLOURS = {"red": "#ff7b72", "green": "#7ee787", "brown": "#e3b341", "default": "#d1d7de"}


def picture(screen: pyte.Screen, title: str) -> str:
    """Return the screen as SVG, without the empty lines at its end. `title` is for those who cannot see it."""
    lines = [line.rstrip() for line in screen.display]
    rows = max(number for number, line in enumerate(lines, start=1) if line)
    width, height = screen.columns * _WIDTH + 2 * _MARGIN, rows * _HEIGHT + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" rx="6" fill="#0d1117"/>',
        '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">',
    ]
    for row in range(rows):
        cells = [screen.buffer[row][column] for column in range(len(lines[row]))]
        column = 0
        for style, run in groupby(cells, attrgetter("fg", "bold")):
            text = "".join(each.data for each in run)
            parts += _run(text, column, row, *style)
            column += len(text)
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _run(text: str, column: int, row: int, colour: str, bold: bool) -> list[str]:
    if not text.strip():
        return []
    skipped = len(text) - len(text.lstrip())
    x = _MARGIN + (column + skipped) * _WIDTH
    y = _MARGIN + (row + 0.75) * _HEIGHT
    weight = ' font-weight="bold"' if bold else ""
    shown = text.strip()
    # Fonts differ in their widths: columns stay columns.
    return [
        (
            f'<text x="{x:.1f}" y="{y:.1f}" textLength="{len(shown) * _WIDTH:.1f}" fill="{_COLOURS[colour]}"{weight}>'
            f"{escape(shown)}</text>"
        )
    ]
