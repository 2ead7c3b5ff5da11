"""The plan as people and machines read it, as whole texts."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from evalgate.decision.drops import CheckPlan, Outlook
from evalgate.decision.improvement_plan import ChangeOutlook, ChangePlan
from evalgate.decision.known_noise import Noise
from evalgate.decision.plans import BuildPlan, ModelsPlan, SidePlan, SuitePlan
from evalgate.decision.ratios.planning import RatioPlan, RiseOutlook, Spread
from evalgate.records import Side
from evalgate.report.console import Console
from evalgate.report.plan import render_plan
from evalgate.report.plan_json import PLAN_VERSION, render_plan_json
from tests.unit.report.golden_texts import assert_golden

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "plan.schema.json").read_text("utf-8"))
KNOWN = Noise(flip=0.1, icc=0.0, binary=True, source="the repetitions of main", build=3)
PROMISE = "A candidate that changed nothing fails about 5 times in 100, over all 6 comparisons together."


def sides(runs, seconds=None):
    return tuple(
        SidePlan(side=side, label=f"{side}.py:answer", runs=runs, seconds_per_run=seconds, build=3 if seconds else None)
        for side in Side
    )


def support(*checks, seconds=0.2, **more):
    given = {
        "name": "support",
        "dataset": "support.jsonl",
        "looked_at_by": "evalgate dataset validate support.jsonl",
        "examples": 120,
        "clusters": None,
        "repetitions": 1,
        "evaluators": 2,
        "sides": sides(120, seconds),
        "checks": checks,
        **more,
    }
    return SuitePlan(**given)


def plan(*suites, catch=None):
    return BuildPlan(suites=suites, comparisons=6, promise=PROMISE, catch=catch)


def known(*, noise=KNOWN, slices=0, **outlook):
    given = {"flip": noise.flip, "drop": 0.12, **outlook}
    return CheckPlan(name="route", noise=noise, outlooks=(Outlook(**given),), slices=slices, examples=120)


def text(of, width=100):
    return render_plan(of, Console(width=width))


def sentences(of):
    """The text with its line breaks taken out."""
    return " ".join(text(of).split())


def test_a_plan_after_a_build():
    """Calls, time, what is caught, and what a smaller drop takes; thresholds and redraws are said too."""
    of = support(
        known(examples=240, repetitions=3, slices=5),
        CheckPlan(name="speed", noise=None, outlooks=(), obstacle="its score is unbounded"),
        thresholds=("route: to PASS at 0.95 with 120 examples: 2 failures allowed",),
        redraws=True,
        clusters=40,
        repetitions=2,
    )
    assert_golden("plan_after_a_build.txt", text(plan(of, catch=0.05)))


def test_a_plan_before_the_first_build():
    """A row for each flip rate, and nothing made up of the time."""
    outlooks = (
        Outlook(flip=0.02, drop=0.07, examples=179, repetitions=None),
        Outlook(flip=0.1, drop=0.04, caught=True, examples=110, repetitions=2),
        Outlook(flip=0.3, drop=None, examples=None, repetitions=4),
    )
    of = support(
        CheckPlan(name="route", noise=None, outlooks=outlooks, slices=1, examples=120), seconds=None, clusters=40
    )
    assert_golden("plan_before_a_build.txt", text(plan(of, catch=0.05)))
    narrow = text(plan(of, catch=0.05), width=40)
    assert max(map(len, narrow.splitlines())) <= 40
    assert "differ: 2 %; catches: 7 points" in narrow


def test_each_answer_to_what_a_drop_takes():
    """Enough, examples alone, repetitions alone, and neither."""
    opening = "To catch 5 points in route:"
    for outlook, told in (
        ({"caught": True, "examples": 90}, "the 120 examples there are will do."),
        ({"examples": 2400}, "2,400 examples; no number of repetitions does it with the 120 examples there are."),
        ({"repetitions": 3}, "the 120 examples there are with `repetitions: 3`."),
        ({}, "no number of examples and no number of repetitions does it."),
    ):
        assert f"{opening} {told}" in sentences(plan(support(known(**outlook)), catch=0.05))


def test_noise_says_where_it_was_read():
    """Changes of a build are no repetitions; a score is no answer that differs; too few examples catch nothing."""
    changes = Noise(flip=0.29, icc=0.0, binary=False, source="this run's own changes", build=7)
    assert (
        "route: drops of 12 points or more are caught 8 times in 10 (scores vary as if 29 % of answers differ between"
        " the sides of build 7, its real changes among them)."
    ) in sentences(plan(support(known(noise=changes))))
    assert (
        "route: no drop is caught 8 times in 10: there are too few examples (10 % of answers differ between two equal"
        " runs, by the repetitions of main in build 3)."
    ) in sentences(plan(support(known(drop=None))))


def change(rule, asked, *outlooks, noise=None, **more):
    return ChangePlan(name=more.pop("name", "route"), rule=rule, asked=asked, noise=noise, outlooks=outlooks, **more)


def test_what_improves_and_equivalent_could_show_after_a_build():
    """With the noise of their check, and what it would take where there is too little."""
    spread = Spread(log=0.0953, build=3)
    changes = (
        change("improves", 0.05, ChangeOutlook(noise=0.1, shown=0.17, examples=90), noise=KNOWN),
        change("improves", 0.0, ChangeOutlook(noise=0.1), noise=KNOWN),
        change("equivalent", 0.10, ChangeOutlook(noise=0.1, chance=0.31, examples=160), noise=KNOWN),
        change("equivalent", 0.20, ChangeOutlook(noise=0.1, chance=0.94, examples=60), noise=KNOWN),
        change("equivalent", 0.01, ChangeOutlook(noise=0.1, chance=0.0), noise=KNOWN),
        change("improves", 0.3, ChangeOutlook(noise=0.1, shown=0.34), noise=spread, name="cost", of_resource=True),
        change("equivalent", 0.1, ChangeOutlook(noise=0.1, chance=1.0), noise=spread, name="cost", of_resource=True),
        change("improves", 0.1, name="speed", obstacle="its score is unbounded"),
    )
    assert_golden("plan_of_changes.txt", text(plan(support(changes=changes), catch=0.10)))


def test_what_they_could_show_before_the_first_build():
    """A row for each noise that is usual."""
    improves = (
        ChangeOutlook(noise=0.02, shown=0.13, examples=70),
        ChangeOutlook(noise=0.3, shown=0.21, examples=410),
        ChangeOutlook(noise=1.0),
    )
    equivalent = (
        ChangeOutlook(noise=0.02, chance=0.999, examples=42),
        ChangeOutlook(noise=0.3, chance=0.004),
    )
    falls = (ChangeOutlook(noise=0.05, shown=0.34), ChangeOutlook(noise=1.0))
    changes = (
        change("improves", 0.05, *improves),
        change("equivalent", 0.10, *equivalent),
        change("improves", 0.0, *falls, name="cost", of_resource=True),
    )
    of = support(changes=changes, seconds=None, clusters=40)
    assert_golden("plan_of_changes_before_a_build.txt", text(plan(of, catch=0.15)))
    assert "differ: 2 %; passes from: 13 points" in text(plan(of, catch=0.15), width=40)
    given = json.loads(render_plan_json(plan(of)))["suites"][0]["changes"]
    assert [(each["rule"], each["asked"], each["of"]) for each in given] == [
        ("improves", 0.05, "the score's range"),
        ("equivalent", 0.1, "the score's range"),
        ("improves", 0.0, "what the baseline takes"),
    ]
    assert given[1]["outlooks"][0] == {"differ": 0.02, "shown": None, "unchanged_passes": 0.999, "examples": 42}


def test_nothing_compared():
    """Absolute rules alone: calls and time, and no promise."""
    said = sentences(BuildPlan(suites=(support(),), comparisons=0, promise=None))
    assert "Nothing is compared with a baseline. next: `evalgate run`" in said


def test_a_suite_without_examples():
    """What would come of it, and the command that shows why; no count of nothing."""
    of = support(examples=0, sides=sides(0))
    assert text(plan(of)).startswith(
        "support\n  no examples of support.jsonl\n"
        "  A run of it would be UNMEASURABLE: look at its dataset with `evalgate dataset validate\n"
        "  support.jsonl`.\n\nin all: no runs"
    )


def test_the_plan_as_json():
    """Its whole shape; what a drop takes is there only where it was asked for."""
    models = ModelsPlan(calls=480.2, tokens=96_000.0, usd=0.42, build=3)
    of = support(known(examples=240, repetitions=3, slices=5), models=models)
    given = json.loads(render_plan_json(plan(of, catch=0.05)))
    side = {"label": "candidate.py:answer", "runs": 120, "seconds_per_run": 0.2, "seconds": 24.0, "timed_in_build": 3}
    outlook = {"flip": 0.1, "drop": 0.12, "caught": False, "examples": 240, "repetitions": 3}
    assert given == {
        "evalgate": {"plan": 1},
        "runs": 240,
        "evaluations": 480,
        "seconds": 24.0,
        "comparisons": 6,
        "promise": PROMISE,
        "catch": 0.05,
        "budget": [],
        "suites": [
            {
                "name": "support",
                "dataset": "support.jsonl",
                "examples": 120,
                "set_aside": 0,
                "clusters": None,
                "repetitions": 1,
                "evaluators": 2,
                "runs": 240,
                "redraws": False,
                "models": {"calls": 480, "tokens": 96000, "usd": 0.42, "known_from_build": 3},
                "confirmation_models": None,
                "sides": [
                    {"side": "candidate", **side},
                    {"side": "baseline", **side, "label": "baseline.py:answer"},
                ],
                "scored_again": {},
                "scored_by_own": {},
                "confirmation": [],
                "thresholds": [],
                "checks": [
                    {
                        "name": "route",
                        "slices": 5,
                        "obstacle": None,
                        "noise": {
                            "flip": 0.1,
                            "binary": True,
                            "cluster_correlation": 0.0,
                            "comparisons": 1,
                            "able_to_fail": 1,
                            "source": "the repetitions of main",
                            "build": 3,
                        },
                        "outlooks": [outlook],
                    }
                ],
                "ratios": [],
                "changes": [],
            }
        ],
    }
    unasked = json.loads(render_plan_json(plan(of)))
    assert unasked["suites"][0]["checks"][0]["outlooks"] == [{"flip": 0.1, "drop": 0.12}]


def test_what_a_confirmation_adds():
    """Where the first measurement leans worse, both sides three times; in the runs of the plan it is not."""
    of = support(known(), confirmation=sides(360, 0.2))
    assert (
        "If it leans worse, a confirmation draws both sides anew: 720 more runs, about 1 min 12 s. route:"
    ) in sentences(plan(of))
    assert "in all: 240 runs" in sentences(plan(of))
    untimed = support(known(), confirmation=sides(360))
    assert "720 more runs, time not known before the first whole run." in sentences(plan(untimed))
    assert [side["runs"] for side in json.loads(render_plan_json(plan(of)))["suites"][0]["confirmation"]] == [360, 360]


@pytest.mark.parametrize("catch", [None, 0.05])
def test_every_plan_keeps_to_the_published_schema(catch):
    """Before a build and after one, without examples, with an obstacle, with nothing to catch and nothing compared."""
    none = CheckPlan(name="speed", noise=None, outlooks=(), obstacle="its score is unbounded")
    unknown = CheckPlan(name="near", noise=None, outlooks=tuple(Outlook(flip=flip, drop=None) for flip in (0.02, 0.3)))
    taken = {
        "models": ModelsPlan(calls=240.4, tokens=9e4, usd=None, build=3),
        "ratios": (
            RatioPlan(
                name="cost",
                spread=Spread(log=0.2, build=3),
                outlooks=(RiseOutlook(spread=0.22, rise=0.1), RiseOutlook(spread=1.0, rise=None)),
                slices=1,
            ),
        ),
        "changes": (
            change("improves", 0.05, ChangeOutlook(noise=0.1, shown=0.2, examples=9), noise=KNOWN),
            change("equivalent", 0.05, ChangeOutlook(noise=0.1, chance=0.2), ChangeOutlook(noise=0.3, chance=0.0)),
            change("improves", 0.1, name="speed", obstacle="its score is unbounded"),
        ),
    }
    plans = [
        plan(support(known(), **taken), catch=catch),
        plan(support(known(), none, unknown, confirmation=sides(360, 0.2), clusters=40, redraws=True), catch=catch),
        plan(support(examples=0, sides=sides(0)), catch=catch),
        BuildPlan(suites=(), comparisons=0, promise=None, catch=catch),
    ]
    for each in plans:
        Draft202012Validator(SCHEMA).validate(json.loads(render_plan_json(each)))


def test_the_schema_is_closed_and_says_what_everything_is():
    """So that a field that is added is described, and one that is misspelled is refused."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["evalgate"]["properties"]["plan"]["const"] == PLAN_VERSION
    for each in (SCHEMA, *SCHEMA["$defs"].values()):
        assert each["additionalProperties"] is False
        assert all("description" in field for field in (each, *each["properties"].values()))
    wrong = json.loads(render_plan_json(plan(support(known()))))
    wrong["suites"][0]["checks"][0]["outlooks"][0]["drop"] = "7 points"
    assert not Draft202012Validator(SCHEMA).is_valid(wrong)


def test_what_models_would_take_is_said_with_its_price_or_that_nobody_knows_it():
    """As it was in an earlier build."""
    priced = sentences(plan(support(models=ModelsPlan(calls=480.0, tokens=9e4, usd=0.42, build=3))))
    assert "models: about 480 calls and 90,000 tokens, for about $0.42, as in build 3; what the cache" in priced
    assert "models about $0.42." in priced
    unpriced = sentences(plan(support(models=ModelsPlan(calls=1.0, tokens=9.0, usd=None, build=3))))
    assert "models: about 1 call and 9 tokens, at a price that nobody knows, as in build 3;" in unpriced
    assert "models about" not in unpriced
