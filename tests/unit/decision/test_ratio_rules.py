"""improves, equivalent and at_most of cost, tokens and latency."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalgate.decision import decide
from evalgate.decision.evidence import StoredRuns
from evalgate.decision.ratios.changes import Change
from evalgate.decision.results import Interval
from evalgate.records import Verdict
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.resources import Resource
from tests.unit.decision.builds import ERROR, UNKNOWN, build, check, flips, suite, taken
from tests.unit.decision.test_ratios import BASE, SHOW, amounts, decided, rule, varied

MORE = "add examples, or repetitions of those there are"


@pytest.mark.parametrize(
    ("factor", "by", "verdict", "reason", "step"),
    [
        (
            0.6,
            0.3,
            Verdict.PASS,
            "Cost per answer fell 39 % against main (34 to 41 %), more than the 30 % that are asked.",
            None,
        ),
        (
            0.69,
            0.3,
            Verdict.INCONCLUSIVE,
            (
                "Fits both a fall of more than 30 % and a smaller one or none: cost per answer fell 30 % against "
                "main (25 to 33 %)."
            ),
            MORE,
        ),
        (
            0.8,
            0.3,
            Verdict.FAIL,
            "A fall of more than 30 % is ruled out: cost per answer fell 19 % against main (14 to 22 %).",
            SHOW,
        ),
        (
            0.15,
            0.8,
            Verdict.PASS,
            "Cost per answer fell 85 % against main (81 to 86 %), more than the 80 % that are asked.",
            None,
        ),
        (0.7, 0, Verdict.PASS, "Cost per answer fell 29 % against main (24 to 32 %).", None),
        (
            1.3,
            0,
            Verdict.FAIL,
            "A fall is ruled out: cost per answer rose 32 % against main (24 to 38 %).",
            SHOW,
        ),
    ],
)
def test_improves_asks_for_less(factor, by, verdict, reason, step):
    """A tenth of the cost can be asked for: the clip of ratios makes room."""
    only = rule(taken(varied(BASE, factor), BASE, rules={"improves": by}))
    assert (only.verdict, only.reason, only.next_step) == (verdict, reason, step)


def test_a_saving_that_a_few_answers_take_back_is_none():
    candidate = varied(BASE, 0.6)
    candidate[3] *= 50
    only = rule(taken(candidate, BASE, rules={"improves": 0.3}))
    assert (only.verdict, only.reason, only.next_step) == (
        Verdict.INCONCLUSIVE,
        (
            "The usual answer takes less by what is asked, but in all $0.0725 became $0.0761 (+4.9 %): a few "
            "answers take back what the others save. The total must be down by 15 % at least."
        ),
        SHOW,
    )
    assert rule(taken(candidate, BASE, name="latency", rules={"improves": 0.3})).verdict is Verdict.PASS


def test_a_saving_of_which_one_amount_is_not_known_is_not_shown():
    only = rule(taken([UNKNOWN, *varied(BASE, 0.6)[1:]], BASE, rules={"improves": 0.3}))
    assert (only.verdict, only.reason) == (
        Verdict.INCONCLUSIVE,
        (
            "The amounts there are show a fall of more than 30 %, but 1 answer of the candidate lacks one, and "
            "what is not known may be anything."
        ),
    )


@pytest.mark.parametrize(
    ("factor", "number", "verdict", "reason"),
    [
        (
            1.0,
            50,
            Verdict.PASS,
            "Within 10 % of main either way: cost per answer rose 1.5 % against main (−3.8 to +7 %).",
        ),
        (1.3, 50, Verdict.FAIL, "Cost per answer rose 32 % against main (24 to 38 %), more than 10 % either way."),
        (0.7, 50, Verdict.FAIL, "Cost per answer fell 29 % against main (24 to 32 %), more than 10 % either way."),
        (
            1.06,
            50,
            Verdict.INCONCLUSIVE,
            (
                "Fits both a change of less than 10 % and a larger one: cost per answer rose 7.6 % against main "
                "(1.8 to 13 %)."
            ),
        ),
        (
            1.0,
            9,
            Verdict.INCONCLUSIVE,
            (
                "Fits both a change of less than 10 % and a larger one: cost per answer rose 0.6 % against main "
                "(−23 to +32 %). 9 examples cannot rule out a change of 10 % even where every cost is equal."
            ),
        ),
    ],
)
def test_equivalent_allows_as_much_either_way(factor, number, verdict, reason):
    only = rule(taken(varied(BASE[:number], factor), BASE[:number], rules={"equivalent": 0.1}))
    assert (only.verdict, only.reason) == (verdict, reason)


def test_the_total_must_be_equivalent_too():
    base = amounts(200)
    candidate = varied(base, size=0.05)
    candidate[30] *= 60
    for ours, theirs in ((candidate, base), (base, candidate)):
        only = rule(taken(ours, theirs, rules={"equivalent": 0.1}))
        assert only.verdict is Verdict.INCONCLUSIVE
        assert only.reason.startswith("The usual answer takes as much, but in all $0.")
        assert only.reason.endswith(" %), and 20 % is the most that passes.")


def test_improvement_needs_both_sides_fresh_and_equally_often():
    stored = StoredRuns(repetitions=3, of="main@1a2b3c4", date="2026-11-20")
    only = rule(taken(BASE, BASE, rules={"improves": 0}), screen=stored)
    assert (only.verdict, only.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.BASELINE)
    assert only.reason.startswith("The answers of main are stored ones, whose luck would count as a change")
    ragged = rule(taken([[one] for one in BASE], [[one, one] for one in BASE], rules={"equivalent": 0.1}))
    assert ragged.reason == (
        "50 examples were not answered equally often by the candidate and main, and equivalent needs as many "
        "answers of both."
    )


def test_cost_down_with_quality_kept_is_a_policy_of_two_lines():
    """cost: {improves: 0.3} and correctness: {no_regression: {rule_out_drop: 0.05}}."""
    base = amounts(200)
    quality = check(*flips(200, 2, 2), rules={"no_regression": {"rule_out_drop": 0.05}})
    build_ = build(suite(quality, taken(varied(base, 0.6), base, rules={"improves": 0.3})))
    assert decide(build_).verdict is Verdict.PASS
    worse = check(*flips(200, 30, 2), rules={"no_regression": {"rule_out_drop": 0.05}})
    assert decide(build(suite(worse, taken(varied(base, 0.6), base, rules={"improves": 0.3})))).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("name", "scale", "asked", "verdict", "reason"),
    [
        (
            "cost",
            0.001,
            0.002,
            Verdict.PASS,
            (
                "An answer of the candidate costs $0.00145 on average, over 50 examples; at most $0.002 is asked. "
                "That is the value observed."
            ),
        ),
        (
            "tokens",
            800,
            1100,
            Verdict.FAIL,
            (
                "An answer of the candidate takes 1,160 tokens on average, over 50 examples; at most 1,100 tokens "
                "are asked. That is the value observed."
            ),
        ),
        (
            "latency",
            1,
            1.25,
            Verdict.FAIL,
            (
                "An answer of the candidate takes 1.45 s on average, over 50 examples; at most 1.25 s is asked. "
                "That is the value observed."
            ),
        ),
    ],
)
def test_at_most_is_a_fact_about_the_candidate(name, scale, asked, verdict, reason):
    """It needs no baseline, and an example with three repetitions counts once."""
    only = rule(taken([[one] * 3 for one in amounts(50, scale)], name=name, rules={"at_most": asked}))
    assert (only.verdict, only.reason) == (verdict, reason)
    assert only.next_step == (SHOW if verdict is Verdict.FAIL else None)


def test_at_most_of_what_is_not_known_is_unmeasurable():
    unknown = rule(taken([UNKNOWN] * 5 + BASE[5:], rules={"at_most": 1}))
    assert unknown.verdict is Verdict.UNMEASURABLE
    assert unknown.reason.startswith("Nobody knows the cost of 5 of 50 answers of the candidate")
    failed = rule(taken([ERROR] * 40 + BASE[40:], rules={"at_most": 1}))
    assert (failed.verdict, failed.reason) == (
        Verdict.UNMEASURABLE,
        "The candidate answered 10 of 50 examples without an error, and what the others would have taken is not known.",
    )
    assert rule(taken([ERROR, *BASE[1:]], rules={"at_most": 1})).verdict is Verdict.PASS


def test_a_check_is_its_worst_rule():
    (one,) = decided(taken(varied(BASE), BASE, rules={"no_regression": {}, "at_most": 0.001}))
    assert [each.verdict for each in one.rules] == [Verdict.PASS, Verdict.FAIL]
    assert one.verdict is Verdict.FAIL


def test_an_interval_on_both_sides_of_none_has_the_signs_of_the_tables():
    """+ is a rise, also in a sentence that says a fall."""
    change = Change(
        delta=0.011,
        where=Interval(low=-0.036, high=0.055, level=0.9, method="t"),
        resource=Resource.COST,
        label="main",
    )
    assert change.text == "Cost per answer fell 1.1 % against main (−5.5 to +3.6 %)"
    both = replace(change, delta=0.4, where=Interval(low=0.36, high=0.42, level=0.9, method="t"))
    assert both.text == "Cost per answer fell 40 % against main (36 to 42 %)"
