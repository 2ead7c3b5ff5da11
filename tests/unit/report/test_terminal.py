"""The result on a terminal, as whole texts: EVALGATE_WRITE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import re

import pytest

from evalgate.report.console import Console, cells
from evalgate.report.terminal import render_terminal
from tests.unit.report import builds
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.test_escaping import invisible

scenarios = pytest.mark.parametrize("name", builds.SCENARIOS)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@scenarios
def test_the_whole_text_at_100_columns(name: str) -> None:
    assert_golden(f"{name}.terminal.txt", render_terminal(builds.SCENARIOS[name](), Console(width=100)))


@pytest.mark.parametrize("name", ["failing_one_of_many", "failing_as_decided", "unmeasurable"])
@pytest.mark.parametrize("width", [80, 50])
def test_the_whole_text_on_a_narrow_terminal(name: str, width: int) -> None:
    assert_golden(f"{name}.terminal{width}.txt", render_terminal(builds.SCENARIOS[name](), Console(width=width)))


@scenarios
@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    lines = render_terminal(builds.SCENARIOS[name](), Console(width=width)).splitlines()
    assert max(map(cells, lines)) <= width


@scenarios
def test_colour_adds_nothing_but_colour(name: str) -> None:
    coloured = render_terminal(builds.SCENARIOS[name](), Console(width=80, colour=True))
    assert _COLOUR.search(coloured)
    assert _COLOUR.sub("", coloured) == render_terminal(builds.SCENARIOS[name](), Console(width=80))


@scenarios
def test_the_verdict_is_the_first_word(name: str) -> None:
    report = builds.SCENARIOS[name]()
    assert render_terminal(report, Console()).startswith(f"{report.verdict_text}: ")


@scenarios
def test_a_stream_without_unicode_gets_ascii(name: str) -> None:
    assert render_terminal(builds.SCENARIOS[name](), Console(width=80, unicode=False)).isascii()


def test_nothing_is_said_twice() -> None:
    """A build's reason quotes its suite's, that its check's, that its slice's: one of them is enough."""
    text = " ".join(render_terminal(builds.failing_as_decided(), Console(width=80)).split())
    assert text.count("16 examples that passed") == 1
    assert text.count("evalgate show") == 1


def test_a_sample_says_pass_nowhere() -> None:
    """A partial run is no verdict, whatever its numbers are."""
    assert "PASS" not in render_terminal(builds.sampled(), Console())


@pytest.mark.parametrize("width", [40, 100])
def test_hostile_text_stays_on_its_lines_and_visible(width: int) -> None:
    lines = render_terminal(builds.hostile(), Console(width=width)).split("\n")
    assert [c for line in lines for c in invisible(line)] == []
    assert max(map(cells, lines)) <= width


def test_hostile_text_gets_no_colour_of_its_own() -> None:
    coloured = render_terminal(builds.hostile(), Console(width=100, colour=True))
    assert [c for c in invisible(_COLOUR.sub("", coloured)) if c != "\n"] == []
    assert set(_COLOUR.findall(coloured)) <= {f"\x1b[{code}m" for code in ("0", "1", "2", "1;31", "1;32", "1;33")}


def test_a_report_without_a_suite_of_its_decision_is_refused() -> None:
    with pytest.raises(ValueError, match="suites of its decision"):
        builds.build(builds.suite(builds.check("rows")), reason="", reports=(builds.shown("other"),))
