"""JUnit: what each verdict becomes, and that readers of it can trust the totals."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from evalgate.report.junit import render_junit
from tests.unit.report import builds
from tests.unit.report.golden_texts import assert_golden

_ALL = {**builds.SCENARIOS, "hostile": builds.hostile}


def _results(root: ET.Element) -> dict[str, list[str]]:
    return {
        f"{case.get('classname')}/{case.get('name')}": [part.tag for part in case if part.tag != "system-out"]
        for case in root.iter("testcase")
    }


@pytest.mark.parametrize("name", ["failing_one_of_many", "failing_in_a_slice", "undecided", "unmeasurable", "sampled"])
def test_the_whole_text(name: str) -> None:
    assert_golden(f"{name}.junit.xml", render_junit(builds.SCENARIOS[name]()))


@pytest.mark.parametrize(
    ("name", "results"),
    [
        ("unchanged", {"sql/rows": [], "sql/parses": []}),
        ("failing_in_a_slice", {"router/route": ["failure"], "router/language": []}),
        ("observed", {"router/route": ["failure"], "router/language": []}),
        ("undecided", {"sql/rows": [], "sql/parses": []}),
        ("blocked_on_undecided", {"sql/rows": ["failure"], "sql/parses": []}),
        ("unmeasurable", {"sql/rows": ["error"], "router/route": [], "empty/suite": ["error"]}),
        ("sampled", {"sql/rows": ["skipped"], "sql/parses": ["skipped"], "sql/filters": ["skipped"]}),
    ],
)
def test_what_a_verdict_becomes(name: str, results: dict[str, list[str]]) -> None:
    assert _results(ET.fromstring(render_junit(builds.SCENARIOS[name]()))) == results


def test_a_check_that_is_shown_only_is_skipped() -> None:
    root = ET.fromstring(render_junit(builds.failing_one_of_many()))
    assert _results(root)["sql/latency"] == ["skipped"]


@pytest.mark.parametrize("name", _ALL)
def test_totals_are_those_of_the_testcases(name: str) -> None:
    root = ET.fromstring(render_junit(_ALL[name]()))
    for element in (root, *root):
        tags = [part.tag for case in element.iter("testcase") for part in case]
        assert element.get("tests") == str(len(list(element.iter("testcase"))))
        assert element.get("failures") == str(tags.count("failure"))
        assert element.get("errors") == str(tags.count("error"))


def test_a_build_of_no_suites_is_an_error_and_not_an_empty_success() -> None:
    root = ET.fromstring(render_junit(builds.build(reason="There is nothing to measure.")))
    assert _results(root) == {"evalgate/build": ["error"]}
    assert root.get("errors") == "1"


def test_hostile_text_is_kept_as_text() -> None:
    root = ET.fromstring(render_junit(builds.hostile()))
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "system-out",
    }  # fmt: skip
    assert "<script>" in "".join(root.itertext())
