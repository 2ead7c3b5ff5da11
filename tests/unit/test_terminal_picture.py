"""A terminal's screen as a picture: every letter where it stood, in its style, and nothing of it markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.pictures.terminal import svg

SVG = "{http://www.w3.org/2000/svg}"


def texts(screen):
    return list(ET.fromstring(svg(screen, title="a & b")).iter(f"{SVG}text"))


def test_each_run_of_a_style_stands_where_it_stood():
    plain, bold, after, below = texts("ab\x1b[1mcd\x1b[0m ef\r\n\x1b[2m  gh\x1b[22;39m")
    assert [each.text for each in (plain, bold, after, below)] == ["ab", "cd", " ef", "  gh"]
    assert (bold.get("font-weight"), after.get("font-weight")) == ("bold", None)
    step = float(bold.get("x")) - float(plain.get("x"))
    assert float(after.get("x")) - float(bold.get("x")) == pytest.approx(step, abs=0.11)
    assert float(below.get("y")) > float(after.get("y"))


def test_a_style_goes_on_below_and_wide_letters_take_two_places():
    wide, narrow, below = texts("\x1b[31m料理\x1b[32mx\ny")
    assert float(narrow.get("x")) - float(wide.get("x")) == pytest.approx(4 * 8.4, abs=0.11)
    assert below.get("fill") == narrow.get("fill") != wide.get("fill")


def test_what_is_shown_is_no_markup():
    (one,) = texts("<script>&amp;")
    assert one.text == "<script>&amp;"
