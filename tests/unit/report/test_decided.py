"""What people read of builds that were decided for real, as whole texts (EVALGATE_WRITE_GOLDEN=1 writes them anew)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from evalgate.records import Verdict
from evalgate.report.console import Console, cells
from evalgate.report.json_report import render_json
from evalgate.report.markdown import render_summary
from evalgate.report.terminal import render_terminal
from tests.unit.decision.builds import build, check, suite
from tests.unit.report import decided
from tests.unit.report.golden_texts import assert_golden

scenarios = pytest.mark.parametrize("name", decided.SCENARIOS)
_SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text("utf-8"))
_VERDICTS = {
    Verdict.FAIL: (
        "one_among_many", "several", "slice_only", "no_improvement", "threshold_missed", "zero_tolerance_reproduced",
        "errors",
    ),
    Verdict.INCONCLUSIVE: (
        "required_slice", "all_inconclusive", "far_too_few", "too_few_clusters", "missing_decides", "perhaps_better",
        "leans",
    ),
    Verdict.UNMEASURABLE: ("too_much_missing",),
}  # fmt: skip


@scenarios
def test_the_verdict(name: str) -> None:
    expected = next((verdict for verdict, names in _VERDICTS.items() if name in names), Verdict.PASS)
    assert decided.report(decided.SCENARIOS[name]()).decision.verdict is expected


@scenarios
def test_the_whole_text_on_a_terminal(name: str) -> None:
    text = render_terminal(decided.report(decided.SCENARIOS[name]()), Console(width=100))
    assert max(map(cells, text.splitlines())) <= 100
    assert_golden(f"decided_{name}.terminal.txt", text)


@scenarios
def test_the_whole_text_as_markdown(name: str) -> None:
    assert_golden(f"decided_{name}.summary.md", render_summary(decided.report(decided.SCENARIOS[name]())))


@scenarios
def test_the_json_keeps_to_its_schema(name: str) -> None:
    report = json.loads(render_json(decided.report(decided.SCENARIOS[name]())))
    Draft202012Validator(_SCHEMA).validate(report)


@scenarios
def test_no_words_that_need_statistics(name: str) -> None:
    """p-values live in the details; nobody is told of significance, of a null hypothesis, or of "no regression"."""
    report = decided.report(decided.SCENARIOS[name]())
    terminal = render_terminal(report, Console(width=100))
    for text in (terminal, render_summary(report)):
        assert not re.search(r"signific|null|hypothes|\bno regression\b", text)
    assert not re.search(r"\b[pq] ?[=<≤]|\bp-value|\bq-value|\b[pq] 0\.", terminal)


def test_slices_that_failed_alike_are_each_said_once_and_the_next_command_once() -> None:
    """A check's own words name its failing slices; equal words of two of them are two findings."""
    languages = ["de"] * 30 + ["en"] * 30
    sides = [[*half, *half] for half in decided.split(30, 10, 0)]
    rules = {"no_regression": {"slices": ["metadata.lang"]}, "at_least": 0.8}
    of = suite(check(*sides, name="route", rules=rules), slices={"metadata.lang": languages})
    text = " ".join(render_terminal(decided.report(build(of)), Console(width=100)).split())
    for value in ("de", "en"):
        assert text.count(f"Where metadata.lang is {value} (30 examples) the drop is 33 points (") == 1
    assert "route, metadata.lang" not in text
    assert "next: look at the examples that got worse: `evalgate show` next: if it is meant: `evalgate accept" in text
    assert text.count("`evalgate show`") == 1


def test_equal_words_of_two_checks_are_two_findings() -> None:
    sides = decided.split(40, 4, 3)
    of = suite(check(*sides, name="correct"), check(*sides, name="grounded"))
    text = render_terminal(decided.report(build(of)), Console(width=100))
    assert "  correct: Fits both" in text
    assert "  grounded: Fits both" in text
