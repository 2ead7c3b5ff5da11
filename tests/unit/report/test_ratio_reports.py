"""Reports of cost, tokens and latency as whole texts, from decisions: EVALGATE_WRITE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from evalgate.decision.plans import BuildPlan, SidePlan, SuitePlan
from evalgate.decision.ratios.planning import RatioPlan, RiseOutlook, Spread
from evalgate.records import Side
from evalgate.report import formatting
from evalgate.report.annotations import render_annotations
from evalgate.report.console import Console, cells
from evalgate.report.json_report import render_json
from evalgate.report.junit import render_junit
from evalgate.report.markdown import render_summary
from evalgate.report.plan import render_plan
from evalgate.report.plan_json import render_plan_json
from evalgate.report.show import Changed, render_show
from evalgate.report.terminal import render_terminal
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.ratio_builds import SCENARIOS, dearer

SCHEMA = Path(__file__).parents[3] / "docs" / "report.schema.json"
scenarios = pytest.mark.parametrize("name", SCENARIOS)


@scenarios
@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal(name: str, width: int) -> None:
    text = render_terminal(SCENARIOS[name](), Console(width=width))
    assert max(map(cells, text.splitlines())) <= width
    assert_golden(f"{name}.terminal{width}.txt", text)


@scenarios
def test_the_summary(name: str) -> None:
    assert_golden(f"{name}.summary.md", render_summary(SCENARIOS[name]()))


@scenarios
def test_junit(name: str) -> None:
    assert_golden(f"{name}.junit.xml", render_junit(SCENARIOS[name]()))


@scenarios
def test_json_keeps_to_its_schema(name: str) -> None:
    text = render_json(SCENARIOS[name]())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(json.loads(text))
    (cost,) = (check for check in json.loads(text)["suites"][0]["checks"] if check["name"] == "cost")
    named = {"regressed": len(cost["regressed"])}
    assert_golden(f"{name}.cost.json", json.dumps({**cost, **named}, indent=2, ensure_ascii=False) + "\n")


def test_annotations_name_what_rose() -> None:
    lines = render_annotations(dearer())
    assert len(lines) == 2
    assert lines[0].startswith(
        "::error title=evalgate FAIL%3A support/cost::Cost per answer rose 25 %25 against main (23 to 30 %25); 10 %25"
    )
    assert lines[1].startswith("::warning title=evalgate INCONCLUSIVE%3A support/tokens::The usual answer takes")


def test_show_says_what_one_example_took() -> None:
    report = dearer()
    (suite,) = report.decision.suites
    cost = next(check for check in suite.checks if check.name == "cost")
    flip = cost.regressed[0]
    view = report.suites[0].examples[flip.example_id]
    text = render_show(report.suites[0], view, (Changed(check=cost, flip=flip),), Console(width=100))
    assert f"cost: {formatting.quantity(flip.baseline or 0, '$')} → $0.00" in text
    assert text.splitlines()[1].endswith(", worse")


def planned(**more) -> BuildPlan:
    sides = tuple(SidePlan(side=side, label=f"{side}.py:answer", runs=60) for side in Side)
    suite = SuitePlan(
        name="support",
        dataset="support.jsonl",
        looked_at_by="evalgate dataset validate support.jsonl",
        examples=60,
        clusters=None,
        repetitions=1,
        evaluators=1,
        sides=sides,
        checks=(),
        ratios=(
            RatioPlan(
                name="cost",
                spread=Spread(log=0.2, build=3),
                outlooks=(RiseOutlook(spread=0.2214, rise=0.18),),
                slices=3,
            ),
            RatioPlan(
                name="latency",
                spread=None,
                outlooks=(RiseOutlook(spread=0.05, rise=0.12), RiseOutlook(spread=1.0, rise=None)),
                slices=0,
            ),
            RatioPlan(
                name="tokens", spread=Spread(log=1.2, build=3), outlooks=(RiseOutlook(spread=2.3, rise=None),), slices=1
            ),
        ),
    )
    return BuildPlan(suites=(suite,), comparisons=6, promise="A promise.", **more)


def test_a_plan_says_what_rise_it_could_catch() -> None:
    assert_golden("plan_of_ratios.txt", render_plan(planned(), Console(width=80)))
    given = json.loads(render_plan_json(planned()))
    assert given["suites"][0]["ratios"][1] == {
        "name": "latency",
        "slices": 0,
        "source": None,
        "build": None,
        "outlooks": [{"spread": 0.05, "rise": 0.12}, {"spread": 1.0, "rise": None}],
    }
