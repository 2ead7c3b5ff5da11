"""The JSON report keeps to its published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from evalgate.report.json_report import REPORT_VERSION, json_report, render_json
from tests.unit.report import builds
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.schemas import assert_closed_and_explained

_SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text("utf-8"))
_VALIDATOR = Draft202012Validator(_SCHEMA)
_ALL = {**builds.SCENARIOS, "hostile": builds.hostile}


@pytest.mark.parametrize("name", _ALL)
def test_what_is_written_validates(name: str) -> None:
    _VALIDATOR.validate(json.loads(render_json(_ALL[name]())))


@pytest.mark.parametrize("name", ["failing_one_of_many", "zero_tolerance", "sampled"])
def test_the_whole_text(name: str) -> None:
    assert_golden(f"{name}.json", render_json(_ALL[name]()))


def test_the_schema_is_valid_closed_and_says_what_everything_is() -> None:
    assert_closed_and_explained(_SCHEMA, at_least=16, optional=frozenset({"baseline"}))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "GREEN"),
        (("exit_code",), "1"),
        (("evalgate", "report"), 2),
        (("build", "surprise"), 1),
        (("suites", 0, "checks", 0, "candidate"), "0.7"),
    ],
)
def test_the_schema_refuses_what_is_not_a_report(path: tuple[Any, ...], value: Any) -> None:
    report = json_report(builds.passing())
    place: Any = report
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not _VALIDATOR.is_valid(report)


def test_the_version_is_the_schemas() -> None:
    assert _SCHEMA["properties"]["evalgate"]["properties"]["report"]["const"] == REPORT_VERSION


def test_a_sample_has_no_verdict_anywhere() -> None:
    assert "PASS" not in render_json(builds.sampled())


def test_numbers_are_rounded_and_never_nan() -> None:
    failed = builds.check("rows", detectable=float("nan"), candidate_mean=1 / 3)
    report = json_report(builds.build(builds.suite(failed), reason=""))
    check = report["suites"][0]["checks"][0]
    assert check["candidate"] == 0.333333
    assert check["detectable"] is None
    assert check["comparison"]["p"] == 0.012346


def test_it_is_ascii_whatever_answers_hold() -> None:
    """A pipe with any encoding can carry it, and lone surrogates too."""
    assert render_json(builds.hostile()).isascii()


def test_an_answer_that_is_not_finite_is_null() -> None:
    report = builds.failing_one_of_many()
    view = replace(builds.EXAMPLES["q-017"], candidate=builds.side([float("inf"), {"x": (1, 2)}], score=1))
    suite = replace(report.suites[0], examples={"q-017": view})
    text = render_json(replace(report, suites=(suite,)))
    assert json.loads(text)["suites"][0]["examples"][0]["candidate"]["output"] == [None, {"x": [1, 2]}]
