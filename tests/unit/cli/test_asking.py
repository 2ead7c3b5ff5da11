"""What a command says beside its result while it is at work: not too often, and nothing twice."""

from __future__ import annotations

import sys

import pytest

from evalgate.cli import asking
from evalgate.cli.asking import counting, now_and_then


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is set."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    found = Clock()
    monkeypatch.setattr(asking, "time", found)
    return found


def test_how_far_it_is_is_said_now_and_then(clock, capsys):
    hear = now_and_then(lambda far: f"{far} read", seconds=2.0)
    for at, far in ((101.9, 1), (102.0, 2), (103.9, 3), (104.0, 4)):
        clock.now = at
        hear(far)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "2 read\n4 read\n")


def test_without_a_terminal_a_line_comes_now_and_then_and_none_of_all(clock, capsys):
    hear = counting("labelled")
    for at, done in ((109.9, 1), (110.0, 1000), (111.0, 1500), (130.0, 2000)):
        clock.now = at
        hear(done, 2000)
    assert capsys.readouterr().err == "1,000 of 2,000 labelled\n"


def test_on_a_terminal_one_line_lives_and_is_gone_in_the_end(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    hear = counting("labelled")
    for at, done in ((100.05, 1), (100.2, 2), (100.25, 3)):
        clock.now = at
        hear(done, 3)
    assert capsys.readouterr().err == "\r2 of 3 labelled\r3 of 3 labelled\r\x1b[K"
