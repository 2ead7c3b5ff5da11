"""When a report becomes a comment."""

from dataclasses import replace

import pytest

from evalgate.report.model import AddedExamples, EditedDefinition, GateReport
from evalgate.report.speaking import Comments, Speech, matters, speech
from tests.unit.report import builds

MATTERS, ALWAYS, NEVER, LIVE = Comments
SILENT, CORRECT, SPEAK = Speech
GATE = GateReport(base="main@1a2b3c4", decides="base", differences=())


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (builds.passing, False),
        (builds.unchanged, False),
        (builds.failing_one_of_many, True),
        (builds.undecided, True),
        (builds.unmeasurable, True),
        (builds.observed, True),
        (builds.not_gated, True),
        (builds.sampled, False),
    ],
)
def test_a_plain_pass_and_a_sample_are_no_news(report, expected):
    assert matters(report()) is expected


def test_a_pass_by_another_gate_or_on_other_examples_is():
    """Somebody has to look at what the change does to them."""
    edited = EditedDefinition(suite="sql", key="suites.sql.checks", message="it edits the checks")
    passed = builds.passing()
    assert not matters(replace(passed, gate=GATE))
    assert matters(replace(passed, gate=replace(GATE, differences=(edited,))))
    assert matters(replace(passed, gate=replace(GATE, added=(AddedExamples(suite="sql", examples=2, checks=()),))))
    assert matters(replace(passed, gate=replace(GATE, decides="first")))


@pytest.mark.parametrize(
    ("comments", "news", "expected"),
    [
        (MATTERS, True, SPEAK),
        (MATTERS, False, CORRECT),
        (ALWAYS, False, SPEAK),
        (LIVE, False, SPEAK),
        (NEVER, True, SILENT),
    ],
)
def test_when_to_speak(comments, news, expected):
    assert speech(comments, matters=news) is expected
    assert speech(comments, matters=news, draft=True) is expected
    assert speech(comments, matters=news, draft=False, drafts=False) is expected


@pytest.mark.parametrize("comments", [MATTERS, ALWAYS, LIVE])
def test_a_draft_can_be_left_out_and_what_was_said_is_put_right_all_the_same(comments):
    assert speech(comments, matters=True, draft=True, drafts=False) is CORRECT
    assert speech(NEVER, matters=True, draft=True, drafts=False) is SILENT
