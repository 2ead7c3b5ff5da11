"""A noise study as people and machines read it, as whole texts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from evalgate.decision.study import CheckNoise, Drops, FalseAlarms, Flaky, ResourceNoise, Study, SuiteNoise
from evalgate.report.console import Console
from evalgate.report.noise import render_noise, scores_of
from evalgate.report.noise_json import render_noise_json
from evalgate.report.noise_words import StudyInfo, alarm_lines, next_step
from evalgate.stats.variance import Components, FlipRate, WholeRuns
from evalgate.suite.resources import Resource
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.hostile import HOSTILE
from tests.unit.report.schemas import assert_closed_and_explained

_SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "noise.schema.json").read_text("utf-8"))

INFO = StudyInfo(
    id=4,
    created_at="2026-11-21T10:00:00+00:00",
    commit="0123456789abcdef0123456789abcdef01234567",
    branch="main",
    dirty=False,
    config_file="evalgate.yaml",
    evalgate_version="0.1.0",
    seconds=75.2,
    resumed=0,
)
ROUTE = CheckNoise(
    name="route",
    flip=FlipRate(rate=0.112, low=0.079, high=0.16, examples=120, flaky=12),
    binary=True,
    low=0.0,
    high=1.0,
    components=Components(examples=0.10, runs=0.0, answers=0.056, evaluator=0.0),
    whole_runs=WholeRuns(spread=0.0, caught=0.047, inflation=1.0),
    shift_p=0.41,
    false_alarms=0.05,
    scored_again=50,
    drops=(Drops(examples=120, caught=(0.14, 0.10, 0.092)), Drops(examples=50, caught=(None, 0.19, 0.18))),
    flaky=(
        Flaky(example_id="q-017", scores=((1.0, 3), (0.0, 2)), answers=4),
        Flaky(example_id="a name", scores=((1.0, 4), (None, 1)), answers=1),
        *(Flaky(example_id=f"q-{n:03}", scores=((1.0, 4), (0.0, 1)), answers=2) for n in range(20, 30)),
    ),
)
TONE = CheckNoise(
    name="tone",
    flip=FlipRate(rate=0.02, low=0.01, high=0.04, examples=120, flaky=1),
    low=1.0,
    high=5.0,
    components=Components(examples=0.01, runs=0.004, answers=0.002, evaluator=0.004),
    whole_runs=WholeRuns(spread=0.063, caught=0.02, inflation=9.0),
    shift_p=0.002,
    false_alarms=0.29,
    scored_again=120,
    scored_differently=31,
    drops=(Drops(examples=120, caught=(0.089, 0.079, 0.077)),),
    flaky=(Flaky(example_id="q-001", scores=((5.0, 1), (4.5, 1), (4.0, 1), (3.0, 2)), answers=5),),
)
STEADY = CheckNoise(
    name="json_schema",
    flip=FlipRate(rate=0.0, low=0.0, high=0.03, examples=120, flaky=0),
    binary=True,
    low=0.0,
    high=1.0,
    components=Components(examples=0.0, runs=0.0, answers=0.0, evaluator=0.0),
    whole_runs=WholeRuns(spread=0.0, caught=0.0, inflation=1.0),
    shift_p=1.0,
    false_alarms=0.05,
    scored_again=50,
)
BROKEN = CheckNoise(name="cites", obstacle="9 examples of 120 lack an answer or a score")
COST = ResourceNoise(
    name="cost",
    resource=Resource.COST,
    components=Components(examples=0.16, runs=0.0, answers=0.01, evaluator=0.0),
    log=0.1414,
    rises=(Drops(examples=120, caught=(0.14, 0.12, 0.115)), Drops(examples=50, caught=(None, 0.14, 0.13))),
)
LATENCY = ResourceNoise(
    name="latency",
    resource=Resource.LATENCY,
    components=Components(examples=0.02, runs=0.02, answers=0.06, evaluator=0.0),
    log=0.3464,
)
SAME = ResourceNoise(
    name="tokens",
    resource=Resource.TOKENS,
    components=Components(examples=0.0, runs=0.0, answers=0.0, evaluator=0.0),
    rises=(Drops(examples=120, caught=(None, None, None)),),
)
UNPRICED = ResourceNoise(name="cost", resource=Resource.COST, obstacle="nobody knows what 9 examples of 120 took")
SUPPORT = SuiteNoise(
    name="support",
    label="v1/app.py:answer",
    of_baseline=True,
    examples=120,
    clusters=40,
    steady=97,
    errors=3,
    missing=0,
    checks=(ROUTE, STEADY),
    resources=(COST, LATENCY),
)
ALARMS = FalseAlarms(
    pairs=10, failed=0, independent=2, independent_failed=0, low=0.0, high=0.8419, level=0.95, failing=()
)
STUDY = Study(suites=(SUPPORT,), runs=5, comparisons=6, alpha=0.05, alarms=ALARMS)
SHIFTING = replace(
    STUDY,
    suites=(
        replace(SUPPORT, checks=(ROUTE, TONE, STEADY, BROKEN), clusters=None, missing=45, resources=(UNPRICED, SAME)),
        SUPPORT,
    ),
    alarms=replace(ALARMS, failed=4, independent_failed=1, low=0.0126, high=0.9874, failing=(("support", "tone", 4),)),
)


def text(study=STUDY, width=100):
    return render_noise(study, INFO, Console(width=width))


def test_a_quiet_study():
    assert_golden("noise_quiet.txt", text())


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_study_with_a_shift(width):
    """Whatever the width, and nothing beyond it."""
    assert_golden(f"noise_shift{width}.txt", text(SHIFTING, width))
    assert max(map(len, text(SHIFTING, width).splitlines())) <= width


def test_the_page_shows_what_is_written():
    """docs/noise.md has the whole text of a study."""
    page = (Path(__file__).parents[3] / "docs" / "noise.md").read_text("utf-8")
    assert page.split("<!-- output: noise -->\n```text\n")[1].split("```")[0] == text()


def test_what_comes_next():
    """What cannot be measured is mended first, then a shift is looked for; else plans go by the study."""
    assert next_step(STUDY).startswith("`evalgate plan`")
    assert "support/cites" in next_step(SHIFTING)
    shifting = replace(STUDY, suites=(replace(SUPPORT, checks=(TONE,)),))
    assert next_step(shifting).startswith("find what a run holds")


def test_few_pairs_are_counted_and_many_have_a_rate():
    """No percentage under 60 independent pairs, one pair says nothing, and no comparison is no alarm."""
    few = alarm_lines(replace(STUDY, alarms=replace(ALARMS, independent=59, high=0.06)))
    assert "%" not in " ".join(few)
    assert "59 of them share none, and of these 0 failed, which fits any rate from 0 to 6 of 100." in few[1]
    many = replace(ALARMS, independent=60, independent_failed=3, low=0.0104, high=0.1392)
    assert "60 of them share none, and of these 5 % (1 % to 14 %) failed" in alarm_lines(replace(STUDY, alarms=many))[1]
    one = alarm_lines(replace(STUDY, alarms=replace(ALARMS, pairs=1, independent=1)))
    assert "one pair: it did not fail, and that alone says next to nothing" in one[1]
    assert alarm_lines(replace(STUDY, alarms=None))[0].startswith("no check with `no_regression` gates")


@pytest.mark.parametrize("study", [STUDY, SHIFTING, replace(STUDY, alarms=None)])
def test_the_json_validates(study):
    Draft202012Validator(_SCHEMA).validate(json.loads(render_noise_json(study, INFO)))


def test_the_whole_json():
    assert_golden("noise_shift.json", render_noise_json(SHIFTING, INFO))


def test_the_schema_is_valid_closed_and_says_what_everything_is():
    assert_closed_and_explained(_SCHEMA, at_least=11)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_do_no_harm(hostile):
    """No control character and no extra line reaches the terminal, and JSON stays ASCII."""
    flaky = (Flaky(example_id=hostile, scores=((1.0, 3), (0.0, 2)), answers=2),)
    checks = (replace(ROUTE, name=hostile, flaky=flaky), replace(BROKEN, obstacle=hostile))
    study = replace(STUDY, suites=(replace(SUPPORT, label=hostile, checks=checks),))
    shown = text(study)
    assert "\x1b" not in shown
    assert all(character == "\n" or character.isprintable() for character in shown)
    assert render_noise_json(study, INFO).isascii()


def test_scores_and_how_often_they_came_are_told_apart():
    """`5 3` would be two scores to anybody who is tired."""
    rated = replace(ROUTE, binary=False, low=1.0, high=5.0)
    assert scores_of(Flaky(example_id="a", scores=((5.0, 3), (2.0, 3)), answers=2), rated) == "5 (3), 2 (3)"
    assert scores_of(Flaky(example_id="a", scores=((1.0, 3), (0.0, 3)), answers=2), ROUTE) == "pass 3, fail 3"
