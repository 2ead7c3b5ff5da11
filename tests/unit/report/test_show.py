"""One example side by side, as whole texts: EVALGATE_WRITE_GOLDEN=1 writes them anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalgate.decision.results import Flip
from evalgate.records import ErrorKind, Evaluation, Example, Failure
from evalgate.report.console import Console, cells
from evalgate.report.model import ExampleView, SideView
from evalgate.report.show import Changed, render_show
from tests.unit.report import builds
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.hostile import HOSTILE
from tests.unit.report.test_escaping import invisible

_REPORT = builds.failing_one_of_many()
_SUITE = _REPORT.suites[0]
_CHECK = _REPORT.decision.suites[0].checks[0]


def _show(view: ExampleView, *changed: Changed, width: int = 100, colour: bool = False) -> str:
    return render_show(_SUITE, view, changed, Console(width=width, colour=colour))


@pytest.mark.parametrize("width", [100, 50])
@pytest.mark.parametrize("name", ["q-017", "q-031", "q-044"])
def test_the_whole_text(name: str, width: int) -> None:
    flip = next(flip for flip in (*_CHECK.regressed, *_CHECK.improved) if flip.example_id == name)
    changed = Changed(check=_CHECK, flip=flip)
    assert_golden(f"{name}.show{width}.txt", _show(builds.EXAMPLES[name], changed, width=width))


def test_lines_that_differ_are_marked_between_the_columns() -> None:
    """The marks are those of `diff --side-by-side`, so that colour is never needed."""
    view = ExampleView(
        example=Example(id="x", input={}),
        baseline=SideView(output="same\nold\nend\ngone"),
        candidate=SideView(output="same\nnew\nend\nmore\neven more"),
    )
    marks = [
        line[48:51].strip() for line in _show(view).splitlines() if line.startswith(("same", "old", "end", "gone"))
    ]
    assert marks == ["", "|", "", "|"]
    assert "> even more" in _show(view)


def test_equal_answers_are_shown_once() -> None:
    view = ExampleView(example=Example(id="x", input={}), candidate=builds.side("one", score=1), baseline=None)
    both = _show(replace(view, baseline=builds.side("one", score=1)))
    assert both.count("one\n") == 1
    assert "both sides answered alike" in both


def test_without_a_baseline_there_is_one_column() -> None:
    view = ExampleView(example=Example(id="x", input={}), candidate=builds.side("one", score=1), baseline=None)
    assert "candidate (work tree)\n  one\n" in _show(view)
    assert "baseline" not in _show(view)


def test_an_evaluators_error_is_no_score() -> None:
    failure = Failure(kind=ErrorKind.EVALUATOR, type="ValueError", message="no rows", where="evals.py:3")
    side = SideView(output=1, evaluations=(Evaluation(name="rows", failure=failure),))
    view = ExampleView(example=Example(id="x", input={}), candidate=side, baseline=None)
    assert "rows, candidate: no score, ValueError: no rows (evals.py:3)" in _show(view)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("width", [50, 100])
def test_hostile_text_stays_on_its_lines_and_visible(text: str, width: int) -> None:
    view = builds.everywhere(text)
    page = _show(view, Changed(check=_CHECK, flip=Flip(example_id=text, baseline=1, candidate=0)), width=width)
    lines = page.split("\n")
    assert [c for line in lines for c in invisible(line)] == []
    assert max(map(cells, lines)) <= width


def test_a_long_answer_is_cut_and_says_so() -> None:
    view = ExampleView(
        example=Example(id="x", input={}), candidate=SideView(output="line\n" * 5000), baseline=SideView(output="")
    )
    assert "… 4,801 more lines" in _show(view)
