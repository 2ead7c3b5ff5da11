"""The pictures of the page: what is drawn where, in figures."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np

from evalgate.decision.distribution import Distribution, Spread, Tally
from evalgate.decision.results import Ratio
from evalgate.records import Side, Verdict
from evalgate.report import formatting
from evalgate.report.html.changes import changes, summary
from evalgate.report.html.drawing import element
from evalgate.report.html.explored import Margin, Took
from evalgate.report.html.intervals import drawn, span
from evalgate.report.html.spreads import amounts, spread
from evalgate.report.html.tradeoff import tradeoff
from evalgate.suite.resources import Resource
from tests.unit.report import builds
from tests.unit.report.explorations import explored


def numbers(text, attribute):
    return [float(each) for each in re.findall(rf' {attribute}="([-\d.]+)"', text)]


def test_an_element_escapes_its_text_and_its_attributes() -> None:
    made = element("text", '<b>&"\u202e', class_='a"b', text_anchor="end", x=1.50)
    assert made == '<text class="a&#34;b" text-anchor="end" x="1.5">&lt;b&gt;&amp;&#34;\\u202e</text>'


def test_an_interval_is_drawn_on_the_scale_of_its_suite_against_what_is_asked() -> None:
    check = builds.check("rows", Verdict.FAIL, comparison=builds.comparison(-0.10, -0.20, 0.0, worse=11, better=3))
    suite = builds.suite(check)
    margin = Margin(low=-0.05, told="drop to rule out")
    within = span(suite, [("rows", margin)], ratio=False)
    assert -0.22 < within.low < -0.2
    assert 0 < within.high < 0.02
    picture = str(drawn(check, check.comparison, Verdict.FAIL, margin, within))
    (dot,) = numbers(picture, "cx")
    beyond, bar = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', picture)
    assert float(beyond[1]) > dot, "a drop of 10 points is beyond the margin of 5"
    assert abs(float(bar[0]) + float(bar[1]) / 2 - dot) < 0.1, "the difference is in the middle of where it could be"
    assert "−10 points, could really be −20 to 0 points; drop to rule out: 5 points" in picture


def test_rises_are_drawn_on_a_scale_of_their_own() -> None:
    ratio = Ratio(
        resource=Resource.COST, allowed=0.1, candidate=None, baseline=None, paired_candidate=1.0, paired_baseline=1.0,
        clipped=0, caught=None,
    )  # fmt: skip
    cost = builds.check("cost", comparison=builds.comparison(-2.0, -2.2, -1.8, worse=80, better=0), ratio=ratio)
    suite = builds.suite(builds.check("rows"), cost)
    assert span(suite, [], ratio=False).low > -0.1
    assert span(suite, [], ratio=True).low < -2.2
    told = str(drawn(cost, cost.comparison, None, Margin(low=-0.1, told="allowed rise"), span(suite, [], ratio=True)))
    assert "+200 %, worse, could really be +180 to +220 %; allowed rise: 10 %" in told


def test_changes_are_sorted_and_those_that_are_the_same_take_a_third_at_most() -> None:
    delta = np.array([0.0] * 90 + [-1.0, 0.5, -0.5, np.nan])
    picture = str(changes(delta, "rows", suite=2, check=1))
    zones = re.search(r'data-zones="([^"]+)"', picture)
    assert zones is not None
    worse, same, better = ([float(each) for each in zone.split(",")] for zone in zones[1].split())
    assert (worse[2], same[2], better[2]) == (2, 90, 1)
    assert worse[0] == 0
    assert worse[1] == same[0]
    assert same[1] == better[0]
    assert better[1] == 480
    assert 'data-suite="2" data-check="1"' in picture
    assert summary(delta) == "2 worse, 1 better of 93 pairs; 1 have none"
    heights = [float(each) for each in re.findall(r"v(-?[\d.]+)h", picture)]
    assert heights[0] == 2 * heights[1] == -2 * heights[2] > 0, "worse is down, as far as it is worse"


def test_many_changes_are_an_outline_and_none_are_no_picture() -> None:
    many = str(changes(np.linspace(-1, 1, 20_000), "rows", suite=0, check=0))
    assert len(many) < 40_000
    assert changes(np.full(3, np.nan), "rows", suite=0, check=0) is None


def test_scores_are_counted_by_side() -> None:
    check = builds.check("rows")
    picture = str(spread(check, np.array([1.0, 1.0, 0.0, np.nan]), np.array([1.0, 0.5, 0.0, 0.0])))
    counts = {"pass": (1, 2), "now and then": (1, 0), "fail": (2, 1), "no score": (0, 1)}
    for name, (before, after) in counts.items():
        assert f"{name}: {before} on the baseline, {after} on the candidate" in picture
    alone = str(spread(check, np.array([1.0, 0.0]), None))
    assert "pass: 1; fail: 1" in alone


def test_labels_are_counted_as_the_decision_did() -> None:
    tallies = (Tally(name="<good>", candidate=7, baseline=9), Tally(name="bad", candidate=3, baseline=1))
    others = Tally(name="4 more", candidate=1, baseline=0)
    told = Distribution(of=Spread.LABELS, tallies=tallies, others=others)
    picture = str(spread(builds.check("tone", distribution=told, binary=False), np.ones(11), None))
    assert "&lt;good&gt;: 9 on the baseline, 7 on the candidate" in picture
    assert "4 more: 0 on the baseline, 1 on the candidate" in picture
    assert "<good>" not in picture


def test_amounts_far_apart_are_spread_over_ratios() -> None:
    wide = [0.01 * 1.3**number for number in range(30)]
    picture = str(amounts("Latency", wide, [2 * each for each in wide], formatting.seconds, least=0.005))
    assert "baseline: half within 0.9 s; candidate: half within 0.5 s" in picture
    marks = re.findall(r'class="small" text-anchor="middle">([^<]+)<', picture)
    assert marks == ["10 ms", "0.1 s", "1 s", "10 s", "1 min 40 s"]
    assert amounts("Latency", [0.001, 0.002], [], formatting.seconds, least=0.005) is None
    assert amounts("Cost", [None], [None], formatting.seconds, least=0.0) is None
    absurd = [math.nan, math.inf, -1.0, 1e99, None]
    assert amounts("Latency", absurd, absurd, formatting.seconds, least=0.0) is None


def test_quality_goes_from_the_baseline_to_the_candidate_over_what_they_cost() -> None:
    report = builds.failing_one_of_many()
    (suite,) = report.decision.suites
    ids = explored(report)["sql"].each.example_ids
    took = {
        side: Took(seconds=[1.0] * len(ids), dollars=[dollars] * len(ids))
        for side, dollars in ((Side.CANDIDATE, 0.002), (Side.BASELINE, 0.001))
    }
    what, picture = tradeoff(suite, explored(report, took=took)["sql"])
    assert what == "cost of an answer"
    assert "cost of an answer: $0.001 on the baseline, $0.002 on the candidate; rows: 80 % to 70 %" in picture
    unpriced = {side: replace(each, dollars=[None] * len(ids)) for side, each in took.items()}
    what, _ = tradeoff(suite, explored(report, took=unpriced)["sql"])
    assert what == "time of an answer"
    assert tradeoff(suite, explored(report, took={})["sql"]) is None
