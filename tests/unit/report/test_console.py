"""What a terminal can show, and how wide text is on it."""

from __future__ import annotations

import pytest

from evalgate.report.console import Console, Tone, cells, console_for, fitted, padded, wrapped


@pytest.mark.parametrize(
    ("tty", "environment", "colour"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "xterm-256color"}, True),
        (False, {}, False),
        (False, {"TERM": "xterm"}, False),
    ],
)
def test_colour_needs_a_terminal_that_has_it_and_nobody_against_it(
    tty: bool, environment: dict[str, str], colour: bool
) -> None:
    assert console_for(tty=tty, columns=80, encoding="utf-8", environment=environment).colour is colour


@pytest.mark.parametrize(
    ("encoding", "able"), [("utf-8", True), ("ascii", False), ("latin-1", False), (None, False), ("nonsense", False)]
)
def test_a_stream_that_cannot_take_a_minus_gets_plain_characters(encoding: str | None, able: bool) -> None:
    console = console_for(tty=False, columns=80, encoding=encoding, environment={})
    assert console.unicode is able
    assert console.written("−1 → 2 …") == ("−1 → 2 …" if able else "-1 -> 2 ...")


@pytest.mark.parametrize(("columns", "width"), [(0, 40), (80, 80), (500, 140)])
def test_the_width_keeps_within_what_can_be_read(columns: int, width: int) -> None:
    assert console_for(tty=True, columns=columns, encoding="utf-8", environment={}).width == width


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("👩\u200d🔬", 4), ("−", 1), ("", 0)]
)
def test_width_counts_columns_not_characters(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [("abcdef", 4, "abc…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("ab", 2, "ab"), ("ab", 0, "")],
)
def test_a_cut_text_fits(text: str, width: int, cut: str) -> None:
    assert fitted(text, width) == cut


def test_padding_fills_columns() -> None:
    assert padded("日", 4) + "|" == "日  |"
    assert padded("7", 3, right=True) == "  7"
    assert padded("long", 2) == "long"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 9, ["  one two", "    three"]),
        ("unbreakable", 8, ["  unbr", "    eaka", "    ble"]),
        ("日本語日本語", 8, ["  日本", "    語日", "    本語"]),
        ("", 9, []),
        ("   ", 9, []),
    ],
)
def test_wrapping_breaks_at_words_and_inside_them_only_where_it_must(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width=width, indent="  ", hanging="    ") == lines


def test_a_console_without_colour_paints_nothing() -> None:
    assert Console(colour=False).paint("x", Tone.BAD) == "x"
    assert Console(colour=True).paint("", Tone.BAD) == ""
    assert Console(colour=True).paint("x", Tone.BAD) == "\x1b[1;31mx\x1b[0m"
