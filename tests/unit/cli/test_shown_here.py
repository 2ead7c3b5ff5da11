"""What a step prints on a terminal: it breaks between words, keeps its columns, and commands stay whole."""

from __future__ import annotations

import io
import sys

import pytest

from evalgate.cli.files import shown_here
from evalgate.report.console import cells

NEXT = "38 new and 25 chosen wait; next: evalgate curate review --dataset datasets/support.jsonl"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def on_narrow(monkeypatch):
    def shown(text):
        with monkeypatch.context() as here:
            here.setattr(sys, "stdout", Terminal())
            here.setenv("COLUMNS", "40")
            return shown_here(text)

    return shown


def test_it_breaks_between_words_behind_the_indent_of_the_line(on_narrow):
    text = "  a name  12 % of production  some words that are too many for one line of it\nnext"
    lines = on_narrow(text).split("\n")
    assert all(cells(line) <= 40 for line in lines)
    assert lines[0].startswith("  a name  12 % of production  ")
    assert lines[1].startswith("    ")
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())


def test_wide_letters_count_as_two_and_what_steers_a_terminal_is_spelled_out(on_narrow):
    lines = on_narrow("長い日本語の質問です。" * 8 + " \x1b[2J \u202eevil").split("\n")
    assert all(cells(line) <= 40 for line in lines)
    assert "\\x1b[2J \\u202eevil" in " ".join(line.strip() for line in lines)


def test_what_is_written_with_joiners_stays_and_what_cannot_be_seen_does_not():
    assert shown_here("👨\u200d👩\u200d👧 \u2800\u3164") == "👨\u200d👩\u200d👧 \\u2800\\u3164"


def test_a_command_stays_whole(on_narrow):
    assert on_narrow(NEXT) == NEXT


def test_in_a_file_a_line_is_a_line(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", "40")
    assert shown_here("word " * 40) == "word " * 40
