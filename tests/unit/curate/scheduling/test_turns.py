"""What becomes of several profiles in one run, in words and numbers."""

import json

import pytest

from evalgate.curate.scheduling.turns import (
    Turn,
    as_json,
    exit_code,
    files,
    headline,
    lines,
    markdown,
    outcome_of,
    outputs,
    told,
)


def turn(profile="shop", outcome="done", why="60 new", code=0, **more):
    return Turn(profile=profile, outcome=outcome, why=why, candidates="c.jsonl", code=code, **more)


DONE = turn(new=60, steps={"pull": {"new": 60}}, next_step="evalgate curate review --profile shop", files=("c.jsonl",))
NOTHING = turn("eu", "nothing", "12 new, and it waits for 50", new=12)
AWAY = turn("us", "failed", "pull: no answer", 4, steps={"pull": None}, next_step="evalgate doctor")
WRONG = turn("asia", "failed", "pull: no project", 2)
BUG = turn("mars", "failed", "clean: a bug", 5)


@pytest.mark.parametrize(
    ("turns", "code", "outcome"),
    [
        ([DONE, NOTHING], 0, "done"),
        ([NOTHING], 0, "nothing"),
        ([DONE, AWAY], 4, "failed"),
        ([AWAY, WRONG], 2, "failed"),
        ([AWAY, BUG, WRONG], 5, "failed"),
    ],
)
def test_done_and_nothing_to_do_are_both_zero_and_told_apart(turns, code, outcome):
    assert (exit_code(turns), outcome_of(turns)) == (code, outcome)
    assert outputs(turns)["outcome"] == as_json(turns)["outcome"] == outcome
    assert outputs(turns)["exit-code"] == str(code)


def test_each_profile_is_a_line_and_what_to_do_is_below_it():
    assert list(lines([DONE, NOTHING, AWAY])) == [
        "shop  done     60 new",
        "      next: evalgate curate review --profile shop",
        "eu    nothing  12 new, and it waits for 50",
        "us    failed   pull: no answer",
        "      next: evalgate doctor",
    ]
    assert headline([DONE, NOTHING, AWAY]) == "1 done, 1 failed, 1 nothing to do"


def test_outputs_name_the_profiles_by_what_became_of_them():
    assert outputs([DONE, NOTHING, AWAY, WRONG]) == {
        "outcome": "failed",
        "exit-code": "2",
        "done": "shop",
        "failed": "us asia",
        "nothing": "eu",
    }


def test_json_has_what_each_step_said():
    said = as_json([DONE, AWAY])
    assert json.loads(json.dumps(said)) == said
    assert said["profiles"][0] == {
        "profile": "shop",
        "outcome": "done",
        "why": "60 new",
        "exit_code": 0,
        "new": 60,
        "candidates": "c.jsonl",
        "steps": {"pull": {"new": 60}},
        "next": "evalgate curate review --profile shop",
        "files": ["c.jsonl"],
    }


def test_a_channel_hears_of_what_was_done_and_what_failed():
    assert told([DONE, NOTHING, AWAY], repository="acme/support") == [
        "❌ curation: 1 done, 1 failed, 1 nothing to do · acme/support",
        "shop: done, 60 new",
        "us: failed, pull: no answer",
    ]
    assert told([NOTHING], repository=None) == ["▫️ curation: 1 nothing to do"]


def test_what_a_server_says_is_no_markup_and_no_control():
    hostile = turn(outcome="failed", why="pull: <img src=x> | @everyone \x1b[31m", code=4)
    (line,) = lines([hostile])
    assert "\x1b" not in line
    said = markdown([hostile])
    assert "<img" not in said
    assert "@everyone" not in said
    assert len(said.splitlines()) == 5


def test_what_a_failure_left_half_done_is_not_committed():
    """Two profiles of one dataset: the second may have added what was not cleaned."""
    assert files([DONE, NOTHING, DONE]) == ["c.jsonl"]
    assert files([DONE, AWAY]) == []
