"""Guidelines: what is the same becomes one, what disagrees is settled, and a second time changes nothing."""

from __future__ import annotations

import pytest

from evalgate.curate.analysis.findings import Lesson
from evalgate.curate.analysis.guidelines import Standing, merged, read_standings, recognised
from evalgate.errors import CandidateError
from evalgate.llm.failures import Unparseable
from evalgate.suite.guidelines import Guideline, Guidelines, load_guidelines
from evalgate.yaml_writing import as_yaml

KNOWN = Guidelines(
    guidelines=(
        Guideline(text="Ask for allergies.", sources=("span:1",)),
        Guideline(text="Always use metric units.", also=("Use grams.",)),
    )
)


def lesson(text, *traces):
    return Lesson(text=text, traces=traces)


def test_what_is_known_word_for_word_gains_sources_without_a_question():
    found, left, known = recognised(
        KNOWN,
        [
            lesson("ask for  allergies", "span:2"),
            lesson("Use grams", "span:3"),
            lesson("New.", "a"),
            lesson("new", "b"),
        ],
    )
    assert [each.sources for each in found.guidelines] == [("span:1", "span:2"), ("span:3",)]
    assert (left, known) == ([lesson("New.", "a", "b")], 2)


def test_each_lesson_is_merged_as_it_stands_and_a_second_time_all_of_it_is_known():
    lessons = [
        lesson("Warn of nuts.", "span:2"),
        lesson("Find out about allergies.", "span:3"),
        lesson("Use cups for customers from the US.", "span:4"),
        lesson("Never ask for allergies.", "span:5"),
        lesson("Say when there are nuts.", "span:6"),
    ]
    standings = [
        Standing(relation="new"),
        Standing(relation="same", of=0),
        Standing(relation="contradicts", of=1, keeps_new=True, why="it is what they asked for"),
        Standing(relation="contradicts", of=0, keeps_new=False, why="it is dangerous"),
        Standing(relation="same", of=2),
    ]
    after = merged(KNOWN, lessons, standings)
    assert (after.added, after.same, after.settled) == (1, 2, 2)
    assert after.guidelines.model_dump(exclude_defaults=True) == {
        "guidelines": (
            {
                "text": "Ask for allergies.",
                "sources": ("span:1", "span:3"),
                "also": ("Find out about allergies.",),
                "set_aside": ({"text": "Never ask for allergies.", "sources": ("span:5",), "why": "it is dangerous"},),
            },
            {
                "text": "Use cups for customers from the US.",
                "sources": ("span:4",),
                "set_aside": (
                    {"text": "Always use metric units.", "why": "it is what they asked for"},
                    {"text": "Use grams.", "why": "it is what they asked for"},
                ),
            },
            {"text": "Warn of nuts.", "sources": ("span:2", "span:6"), "also": ("Say when there are nuts.",)},
        )
    }
    again, left, known = recognised(after.guidelines, lessons)
    assert (again, left, known) == (after.guidelines, [], 5)


def test_one_may_stand_to_a_new_one_before_it():
    after = merged(
        Guidelines(),
        [lesson("A.", "1"), lesson("B.", "2")],
        [Standing(relation="new"), Standing(relation="same", of=0)],
    )
    assert [each.sources for each in after.guidelines.guidelines] == [("1", "2")]


GOOD = {"number": 3, "relation": "same", "of": 2, "keep": "earlier", "why": "x"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 4},
        {"relation": "refines"},
        {"of": 3},
        {"of": 0},
        {"of": "2"},
        {"of": True},
    ],
)
def test_a_reply_that_leaves_one_out_or_puts_it_to_a_later_one_is_refused(wrong):
    assert read_standings({"standings": [GOOD]}, known=2, new=1) == [Standing(relation="same", of=1, why="x")]
    with pytest.raises(Unparseable):
        read_standings({"standings": [{**GOOD, **wrong}]}, known=2, new=1)
    for answer in ({"standings": []}, {"standings": [GOOD, GOOD]}, {"standings": [3]}, [], None):
        with pytest.raises(Unparseable):
            read_standings(answer, known=2, new=1)


def test_they_are_a_file_that_people_edit(tmp_path):
    assert load_guidelines(tmp_path, "none.yaml") == Guidelines()
    (tmp_path / "g.yaml").write_text(as_yaml(KNOWN.model_dump(mode="json", exclude_defaults=True)))
    assert load_guidelines(tmp_path, "g.yaml") == KNOWN
    (tmp_path / "g.yaml").write_text("guidelines:\n  - txt: one\n")
    with pytest.raises(CandidateError, match=r"g.yaml:2:5: unknown key `txt`"):
        load_guidelines(tmp_path, "g.yaml")
