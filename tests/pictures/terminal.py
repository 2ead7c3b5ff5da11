"""A terminal's screen as an SVG: its letters, bold, faint and in colours, on a dark ground that suits any page."""

from __future__ import annotations

import re
import unicodedata
from html import escape

_COLOURS = {
    31: "#ff7b72",
    32: "#7ee787",
    33: "#e3b341",
    34: "#79c0ff",
    35: "#d2a8ff",
    36: "#56d4dd",
    37: "#e6edf3",
    90: "#8b949e",
}
_PLAIN, _GROUND, _FAINT = "#e6edf3", "#0d1117", "#8b949e"
_WIDE, _HIGH, _EDGE = 8.4, 19, 16
_SIZE = 14
_CODE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def svg(screen: str, *, title: str) -> str:
    """Return a screen as a picture; `title` says what it shows to whoever does not see it."""
    lines = screen.replace("\r\n", "\n").strip("\n").split("\n")
    widest = max(_cells(_CODE.sub("", line)) for line in lines)
    width, height = round(widest * _WIDE + 2 * _EDGE), len(lines) * _HIGH + 2 * _EDGE
    style: dict[str, str] = {}
    drawn = [_line(line, _EDGE + _SIZE + place * _HIGH, style) for place, line in enumerate(lines)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{escape(title)}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="{_GROUND}"/>\n'
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="{_SIZE}"'
        f' fill="{_PLAIN}" xml:space="preserve">\n{"".join(drawn)}</g>\n</svg>\n'
    )


def _line(line: str, y: int, style: dict[str, str]) -> str:
    """Return one line, a text for each run of one style where it stands; `style` goes on from line to line."""
    parts: list[str] = []
    at, column = 0, 0
    for code in (*_CODE.finditer(line), None):
        text = line[at : len(line) if code is None else code.start()]
        if text.strip():
            told = "".join(f' {name}="{value}"' for name, value in sorted(style.items()))
            length = f'textLength="{_cells(text) * _WIDE:.1f}"'
            parts.append(f'<text x="{_EDGE + column * _WIDE:.1f}" y="{y}" {length}{told}>{escape(text)}</text>\n')
        column += _cells(text)
        if code is not None:
            at = code.end()
            if code[2] == "m":
                _styled(style, code[1])
    return "".join(parts)


def _styled(style: dict[str, str], codes: str) -> None:
    for code in map(int, filter(None, (codes or "0").split(";"))):
        if code == 0:
            style.clear()
        elif code == 1:
            style["font-weight"] = "bold"
        elif code == 2:
            style["fill"] = _FAINT
        elif code in (22, 39):
            style.pop("font-weight" if code == 22 else "fill", None)
        elif code in _COLOURS:
            style["fill"] = _COLOURS[code]


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
