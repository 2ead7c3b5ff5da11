"""improves and equivalent: their verdicts by the interval alone, and the whole of what people are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evalgate.decision import decide
from evalgate.decision.comparison import Differences, interval, two_ended_interval
from evalgate.decision.evidence import StoredRuns
from evalgate.decision.improvement import improves_by, within
from evalgate.decision.results import Interval
from evalgate.records import Verdict
from evalgate.suite.checks import Unmeasurable
from tests.unit.decision.builds import ABSENT, ERROR, build, check, flips, suite

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def one(candidate, baseline, rules, *, spec=None, **of):
    """The only check of a build."""
    return decide(build(suite(check(candidate, baseline, rules=rules, **(spec or {})), **of))).suites[0].checks[0]


def between(low, high):
    return Interval(low=low, high=high, level=0.9, method="by hand")


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.051, 0.2, PASS),
        (0.05, 0.2, INCONCLUSIVE),
        (-0.1, 0.05, INCONCLUSIVE),
        (-0.1, 0.049, FAIL),
        (0.01, 0.04, FAIL),
        (-1.0, 1.0, INCONCLUSIVE),
    ],
)
def test_an_improvement_must_lie_wholly_above_what_is_asked(low, high, verdict):
    assert improves_by(between(low, high), 0.05) is verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.049, 0.049, PASS),
        (-0.05, 0.0, INCONCLUSIVE),
        (0.0, 0.05, INCONCLUSIVE),
        (0.01, 0.04, PASS),
        (0.051, 0.2, FAIL),
        (0.05, 0.2, INCONCLUSIVE),
        (-0.2, -0.05, INCONCLUSIVE),
        (-0.2, -0.051, FAIL),
        (-0.1, 0.1, INCONCLUSIVE),
    ],
)
def test_an_equivalent_change_must_lie_wholly_inside_the_margin(low, high, verdict):
    assert within(between(low, high), 0.05) is verdict


WORDS = [
    (
        (200, 4, 44),
        {"improves": 0.05},
        PASS,
        "Better than on main by 20 points (15 to 26), more than the 5 points that are asked.",
        None,
    ),
    ((200, 4, 44), {"improves": 0}, PASS, "Better than on main by 20 points (15 to 26).", None),
    (
        (200, 4, 4),
        {"improves": 0.05},
        FAIL,
        "An improvement of more than 5 points over main is ruled out: the change is 0 points (−2.7 to 2.7).",
        "look at the examples: `evalgate show`",
    ),
    (
        (200, 24, 4),
        {"improves": 0},
        FAIL,
        "An improvement over main is ruled out: the change is −10 points (−15 to −6).",
        "look at the examples: `evalgate show`",
    ),
    (
        (100, 2, 10),
        {"improves": 0.05},
        INCONCLUSIVE,
        "Fits both an improvement of more than 5 points and a smaller one or none: the change is 8 points (2.6 to 14).",
        "add examples, or repetitions of those there are",
    ),
    (
        (100, 3, 4),
        {"improves": 0},
        INCONCLUSIVE,
        "Fits both an improvement and none: the change is 1 point (−3.9 to 6.1).",
        "add examples, or repetitions of those there are",
    ),
    (
        (200, 4, 4),
        {"equivalent": 0.05},
        PASS,
        "Within 5 points of main either way: the change is 0 points (−2.7 to 2.7).",
        None,
    ),
    (
        (200, 4, 44),
        {"equivalent": 0.05},
        FAIL,
        "Better than on main by more than 5 points: the change is 20 points (15 to 26).",
        "look at the examples: `evalgate show`",
    ),
    (
        (200, 44, 4),
        {"equivalent": 0.05},
        FAIL,
        "Worse than on main by more than 5 points: the change is −20 points (−26 to −15).",
        "look at the examples: `evalgate show`",
    ),
    (
        (100, 3, 4),
        {"equivalent": 0.05},
        INCONCLUSIVE,
        "Fits both a change of less than 5 points and a larger one: the change is 1 point (−3.9 to 6.1).",
        "add examples, or repetitions of those there are",
    ),
    (
        (12, 0, 0),
        {"equivalent": 0.10},
        INCONCLUSIVE,
        (
            "Fits both a change of less than 10 points and a larger one: the change is 0 points (−18 to 18)."
            " 12 examples cannot rule out a change of 10 points even where every score is equal."
        ),
        "add examples, or repetitions of those there are",
    ),
]


@pytest.mark.parametrize(("split", "rules", "verdict", "reason", "next_step"), WORDS)
def test_each_verdict_is_told_by_the_change_and_where_it_could_be(split, rules, verdict, reason, next_step):
    (rule,) = one(*flips(*split), rules).rules
    assert (rule.verdict, rule.reason, rule.next_step) == (verdict, reason, next_step)


def test_they_are_no_part_of_the_family_and_the_promise_says_so():
    decision = decide(build(suite(check(*flips(80, 2, 2), rules={"improves": 0.05}))))
    compared = decision.suites[0].checks[0].comparison
    assert (decision.columns, compared.p, compared.p_adjusted) == (0, None, None)
    outside = "The rules improves and equivalent go by where the change could really be and stand outside of"
    assert decision.promise == f"No rule of this build looks for a drop. {outside} the false-alarm promise."
    both = decide(build(suite(check(*flips(80, 2, 2), rules={"no_regression": {}, "improves": 0.05}))))
    assert both.promise == f"A candidate that changed nothing fails about 5 times in 100. {outside} it."


def test_a_check_is_its_worst_rule():
    decision = one(*flips(200, 4, 4), {"no_regression": {}, "improves": 0.05, "equivalent": 0.06})
    assert [(rule.rule, rule.verdict) for rule in decision.rules] == [
        ("no_regression", PASS),
        ("improves", FAIL),
        ("equivalent", PASS),
    ]
    assert decision.verdict is FAIL


def test_lower_is_better_where_the_score_is_minimized():
    spec = {"direction": "minimize"}
    assert one([0.1, 0.2] * 40, [0.3, 0.4] * 40, {"improves": 0.1}, spec=spec).verdict is PASS
    assert one([0.3, 0.4] * 40, [0.1, 0.2] * 40, {"improves": 0.1}, spec=spec).verdict is FAIL


def test_an_ordinal_score_is_measured_in_shares_of_its_range():
    """One step of 1 to 5 is 25 points."""
    spec = {"low": 1.0, "high": 5.0}
    baseline = [3.0, 4.0, 2.0] * 40
    better = [score + 1 for score in baseline]
    assert one(better, baseline, {"improves": 0.2}, spec=spec).verdict is PASS
    assert one(better, baseline, {"improves": 0.3}, spec=spec).verdict is FAIL
    assert one(better, baseline, {"equivalent": 0.3}, spec=spec).verdict is PASS
    assert one(better, baseline, {"equivalent": 0.2}, spec=spec).verdict is FAIL


def test_three_equal_scores_rule_nothing_out_either_way():
    """The plain upper end, the change itself where all changed alike, would. The row shows the ends that decided."""
    for rules in ({"improves": 0.05}, {"equivalent": 0.05}):
        decision = one([0.5] * 3, [0.5] * 3, rules)
        assert decision.verdict is INCONCLUSIVE
        assert decision.comparison.interval.high == -decision.comparison.interval.low > 0.05
    kept = one([0.5] * 3, [0.5] * 3, {"no_regression": {}, "improves": 0.05}).comparison.interval
    assert kept.high == 0.0


def test_the_two_ended_interval_turns_with_the_sides():
    values = np.array([0.1, 0.4, -0.2, 0.0, 0.3, 0.05])
    of = Differences(values=values, units=np.arange(6), binary=False, bounded=True)
    here, there = two_ended_interval(of), two_ended_interval(replace(of, values=-values))
    assert (here.low, here.high) == pytest.approx((-there.high, -there.low))
    assert here.low == interval(of).low
    assert here.high > interval(of).high


def test_clusters_are_whole_units():
    """Forty gains in four conversations are four gains."""
    candidate, baseline = flips(60, 0, 40)
    clusters = [f"c{index // 10}" for index in range(60)]
    assert one(candidate, baseline, {"improves": 0.3}).verdict is PASS
    assert one(candidate, baseline, {"improves": 0.3}, clusters=clusters).verdict is INCONCLUSIVE


def test_repetitions_are_averaged_within_the_example():
    candidate, baseline = flips(60, 0, 30)
    thrice = one([[score] * 3 for score in candidate], [[score] * 3 for score in baseline], {"improves": 0.2})
    assert (thrice.verdict, thrice.comparison.pairs) == (PASS, 60)


def test_unequal_repetitions_are_unmeasurable():
    baseline = [[1.0, 0.0, 0.0]] * 39 + [[1.0, ABSENT, ABSENT]]
    (rule,) = one([1.0] * 40, baseline, {"improves": 0.05}).rules
    assert (rule.verdict, rule.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.BASELINE)
    assert rule.reason == (
        "39 examples were not answered equally often by the candidate and main, and improves needs as many answers of"
        " both."
    )
    assert rule.next_step == "draw both sides with the same `repetitions`: `evalgate run`"


def test_a_missing_repetition_is_missing_and_not_unequal():
    candidate = [[1.0, 1.0, None]] + [[1.0] * 3] * 79
    assert one(candidate, [[0.0] * 3] * 80, {"improves": 0.5}).verdict is PASS


def test_stored_answers_at_a_screen_decide_nothing():
    stored = StoredRuns(repetitions=3, of="main@1a2b3c4", date="2026-11-20")
    for name in ("improves", "equivalent"):
        screened = replace(suite(check(*flips(80, 0, 0), rules={name: 0.3})), screen=stored)
        (rule,) = decide(build(screened)).suites[0].checks[0].rules
        assert (rule.rule, rule.unmeasurable) == (name, Unmeasurable.BASELINE)
        assert rule.reason == (
            f"The answers of main are stored ones, whose luck would count as a change, and {name} needs both sides"
            " fresh."
        )
        assert rule.next_step == "draw both sides: set `baseline_runs: confirm` or `fresh`"


def test_no_baseline_and_too_many_missing_are_unmeasurable():
    for name in ("improves", "equivalent"):
        (rule,) = one([1.0] * 30, None, {name: 0.05}, label=None).rules
        assert (rule.rule, rule.unmeasurable) == (name, Unmeasurable.BASELINE)
        (rule,) = one([None] * 3 + [1.0] * 57, [0.0] * 60, {name: 0.05}).rules
        assert (rule.rule, rule.unmeasurable) == (name, Unmeasurable.ERRORS)


def test_errors_are_the_worst_score():
    assert one([ERROR] * 80, [1.0] * 80, {"improves": 0.05}).verdict is FAIL
    assert one([ERROR] * 80, [0.0] * 80, {"equivalent": 0.05}).verdict is PASS


def test_an_improvement_must_hold_with_every_missing_answer_wrong():
    candidate, baseline = flips(20, 0, 12)
    baseline[-1], candidate[-1] = 1.0, None
    decision = one(candidate, baseline, {"improves": 0.42})
    assert decision.comparison.interval.low > 0.42
    (rule,) = decision.rules
    assert rule.verdict is INCONCLUSIVE
    assert rule.reason == (
        "The answers that are there show an improvement of more than 42 points; with the candidate's 1 missing answer"
        " wrong, they would not."
    )


@pytest.mark.parametrize(("was", "what"), [(1.0, "wrong"), (0.0, "right")])
def test_an_equivalence_must_hold_whatever_the_missing_answers_were(was, what):
    candidate, baseline = flips(60, 0, 0, passing=30)
    place = baseline.index(was)
    candidate[place] = None
    decision = one(candidate, baseline, {"equivalent": 0.05})
    assert decision.comparison.interval.high < 0.05
    (rule,) = decision.rules
    assert rule.verdict is INCONCLUSIVE
    assert rule.reason == (
        "The answers that are there rule out a change of 5 points; with the candidate's 1 missing answer"
        f" {what}, they would not."
    )


def test_an_unbounded_score_without_a_scale_has_no_size():
    spec = {"low": None, "high": None}
    for rules in ({"improves": 0.05}, {"equivalent": 0.05}):
        (rule,) = one([3.0, 4.0] * 60, [2.0, 3.0] * 60, rules, spec=spec).rules
        assert rule.verdict is INCONCLUSIVE
        assert rule.reason == "correctness is unbounded and declares no scale, so no change of it is large or small."
        assert "`scale`" in rule.next_step
    assert one([60.0, 65.0] * 60, [100.0, 105.0] * 60, {"improves": 0.3}, spec={**spec, "scale": 100.0}).verdict is FAIL
    lower = {**spec, "scale": 100.0, "direction": "minimize"}
    assert one([60.0, 65.0] * 60, [100.0, 105.0] * 60, {"improves": 0.3}, spec=lower).verdict is PASS


def test_identical_answers_are_equivalent_at_any_size_and_no_improvement():
    same = flips(12, 0, 0)
    (rule,) = one(*same, {"equivalent": 0.05}, identical=True).rules
    assert (rule.verdict, rule.reason) == (PASS, "Nothing changed: all 12 answers scored the same.")
    assert one(*same, {"improves": 0.05}, identical=True).verdict is INCONCLUSIVE
    assert one(*flips(200, 0, 0), {"improves": 0.05}, identical=True).verdict is FAIL
