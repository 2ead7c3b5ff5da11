"""A comparison of several as people, programs and browsers read it: whole texts."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from evalgate.decision.contest_results import Place, Standing
from evalgate.decision.several import compare_several
from evalgate.report import contest_cells
from evalgate.report.console import Console, cells
from evalgate.report.contest_json import COMPARE_VERSION, contest_json, render_contest_json
from evalgate.report.contest_markdown import render_contest_markdown
from evalgate.report.contest_svg import render_contest_svg
from evalgate.report.contest_terminal import render_contest
from tests.unit.decision.contests import contender, contest, passing, spent, suite
from tests.unit.report.contests import SCENARIOS, many, models, undecided
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.hostile import HOSTILE
from tests.unit.report.schemas import assert_closed_and_explained
from tests.unit.report.test_escaping import invisible

_SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "compare.schema.json").read_text("utf-8"))
_VALIDATOR = Draft202012Validator(_SCHEMA)


def hostile():
    """Names that want to be obeyed: every one of the list."""
    everyone = [contender(name, right=passing(number, 40)) for number, name in enumerate(dict.fromkeys(HOSTILE))]
    return compare_several(contest(suite(*everyone)))


@pytest.mark.parametrize("width", [50, 80, 120])
@pytest.mark.parametrize("name", ["models", "undecided", "two_suites"])
def test_on_a_terminal(name, width):
    """What fits is a table, what does not is said line by line."""
    text = render_contest(SCENARIOS[name](), Console(width=width))
    assert_golden(f"contest_{name}.terminal{width}.txt", text)
    assert all(cells(line) <= width for line in text.splitlines())


@pytest.mark.parametrize("width", [80, 120])
def test_thirty_with_long_names_stay_within_the_page(width):
    """Nothing runs over, everybody is there, and claims beyond the first are counted."""
    result = many()
    text = render_contest(result, Console(width=width))
    assert all(cells(line) <= width for line in text.splitlines())
    assert all(f"answer-{number:02d}" in text for number in range(30))


@pytest.mark.parametrize("name", ["models", "undecided", "two_suites"])
def test_as_markdown(name):
    """Tables and lists, all claims explained."""
    assert_golden(f"contest_{name}.md", render_contest_markdown(SCENARIOS[name]()))


@pytest.mark.parametrize("name", ["models", "undecided"])
def test_as_a_picture(name):
    """By cost, or by time where nobody knows the costs."""
    assert_golden(f"contest_{name}.svg", render_contest_svg(SCENARIOS[name]()))


@pytest.mark.parametrize("name", ["models", "two_suites"])
def test_as_json(name):
    """The whole text."""
    assert_golden(f"contest_{name}.json", render_contest_json(SCENARIOS[name]()))


@pytest.mark.parametrize("scenario", [*SCENARIOS.values(), hostile])
def test_what_is_written_validates(scenario):
    """Against the published schema."""
    _VALIDATOR.validate(json.loads(render_contest_json(scenario())))


def test_the_schema_is_valid_closed_and_says_what_everything_is():
    """Every object and every field has its sentence."""
    assert_closed_and_explained(_SCHEMA, at_least=11)
    assert _SCHEMA["properties"]["evalgate"]["properties"]["compare"]["const"] == COMPARE_VERSION


@pytest.mark.parametrize(("path", "value"), [(("against",), 1), (("suites", 0, "winner", "name"), False)])
def test_the_schema_refuses_what_is_none(path, value):
    """It is not a schema of anything."""
    found: Any = contest_json(models())
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not _VALIDATOR.is_valid(found)


def test_hostile_names_are_shown_and_never_obeyed():
    """No escape sequence, no markup, no link; XML that is well formed and has no script."""
    result = hostile()
    text = render_contest(result, Console(width=120))
    assert [found for line in text.split("\n") for found in invisible(line)] == []
    html = MarkdownIt("gfm-like", {"linkify": False}).render(render_contest_markdown(result))
    for harm in ("<script", "<img", "<a ", "onerror=alert(1)>"):
        assert harm not in html
    picture = ET.fromstring(render_contest_svg(result))
    assert {element.tag.rpartition("}")[2] for element in picture.iter()} <= {
        "svg", "style", "rect", "g", "text", "line", "path", "circle", "title",
    }  # fmt: skip


def test_a_picture_of_points_that_are_all_alike():
    """One quality and one price for all: no axis of no length."""
    everyone = [contender(name, spent(30, cost=0.0), right=passing(30, 30)) for name in "abc"]
    picture = ET.fromstring(render_contest_svg(compare_several(contest(suite(*everyone)))))
    dots = [element for element in picture.iter() if element.tag.endswith("circle")]
    assert len(dots) == 3
    assert all(0 <= float(dot.attrib["cx"]) <= 760 and 0 <= float(dot.attrib["cy"]) <= 420 for dot in dots)


def test_a_picture_without_anything_to_draw():
    """Nothing was answered: a title and no dot."""
    result = compare_several(
        contest(suite(*(contender(name, spent(30, errors=30), right=[None] * 30) for name in "ab")))
    )
    picture = ET.fromstring(render_contest_svg(result))
    assert not [element for element in picture.iter() if element.tag.endswith("circle")]
    assert "no winner" in "".join(picture.itertext())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (0.0, "$0"),
        (0.0000412, "$0.0000412"),
        (0.00213, "$0.00213"),
        (0.2, "$0.20"),
        (0.9949, "$0.995"),
        (0.996, "$0.996"),
        (1.239, "$1.24"),
        (12.3, "$12.30"),
        (1234.56, "$1,234.56"),
        (3e-9, "under $0.0000001"),
    ],
)
def test_money(value, text):
    """As people write it; nothing is never what is not known."""
    assert contest_cells.cost(value) == text


def test_places_in_words():
    """A question mark where it could be luck."""
    assert contest_cells.standing(Standing(place=Place.FRONT)) == "front"
    assert contest_cells.standing(Standing(place=Place.PERHAPS, behind="a")) == "behind a?"
    assert contest_cells.standing(Standing(place=Place.BEHIND, behind="a")) == "behind a"
    assert contest_cells.standing(Standing(place=Place.UNKNOWN)) == "unknown"


def test_whose_cost_is_unknown_is_said_once():
    """All of them, or who."""
    assert contest_cells.unknown_costs(models().suites[0]) is None
    assert contest_cells.unknown_costs(undecided().suites[0]).startswith("Nobody knows what anybody cost:")
