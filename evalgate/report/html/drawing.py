"""Pieces of SVG: numbers as short as they are needed, every text escaped, no style of its own (the page has them)."""

from __future__ import annotations

from markupsafe import Markup, escape

from evalgate.report.escaping import for_xml, shown


def element(name: str, *children: str | Markup, **attributes: str | float | None) -> Markup:
    """Return an element; `_` in an attribute's name is `-`, a trailing one is left out (`class_`)."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(_child(each) for each in children)
    return Markup(f"<{name}{given}>{inside}</{name}>")  # noqa: S704 every part is escaped


def picture(*children: str | Markup, width: float, height: float, told: str, kind: str, **more: str | float) -> Markup:
    """Return a whole picture that says `told` to who cannot see it."""
    return element(
        "svg",
        element("title", told),
        *children,
        class_=kind,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_label=shown(told),
        **more,
    )


def text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "start") -> Markup:
    """Return words at a place."""
    return element("text", words, x=x, y=y, class_=kind or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, *, kind: str) -> Markup:
    """Return a line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def box(x: float, y: float, width: float, height: float, *, kind: str, told: str | None = None) -> Markup:
    """Return a rectangle; `told` is shown where a pointer rests on it."""
    inside = [element("title", told)] if told else []
    return element("rect", *inside, x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=kind)


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return str(escape(for_xml(value)))
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _child(child: str | Markup) -> Markup:
    return child if isinstance(child, Markup) else escape(for_xml(child))
