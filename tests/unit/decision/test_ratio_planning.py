"""What rise a comparison of cost, tokens or latency catches: before a run and after it, and held to simulated "
"runs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from evalgate.decision import decide
from evalgate.decision.evidence import BuildEvidence, Cell, Scores
from evalgate.decision.planning import plan_comparisons
from evalgate.decision.ratios.outlook import (
    refuse_undecidable_change,
    refuse_undecidable_rise,
    rise_for,
    units_to_rule_out,
)
from evalgate.decision.ratios.planning import Spread, spreads
from evalgate.errors import ConfigurationError
from evalgate.records import Verdict
from evalgate.suite.checks import Equivalent, NoRegression
from tests.unit.decision.builds import build, check, flips, suite, taken
from tests.unit.decision.test_ratios import BASE, LANG, amounts, varied


def unanswered(evidence: BuildEvidence) -> BuildEvidence:
    """The same build before anything was answered."""

    def empty(side):
        absent = np.full(side.cells.shape, Cell.ABSENT, dtype=np.uint8)
        return Scores(values=np.full(side.values.shape, np.nan), cells=absent)

    def emptied(of):
        return replace(of, candidate=empty(of.candidate), baseline=empty(of.baseline))

    suites = (
        replace(one, checks=tuple(map(emptied, one.checks)), resources=tuple(map(emptied, one.resources)))
        for one in evidence.suites
    )
    return replace(evidence, suites=tuple(suites))


def planned(evidence: BuildEvidence, known, repetitions=1):
    (one,) = evidence.suites
    return plan_comparisons(
        unanswered(evidence), repetitions={one.name: repetitions}, known={}, spread=known, catch=None
    )


@pytest.mark.parametrize("size", [0.05, 0.3])
def test_a_plan_of_the_same_again_says_what_the_report_said(size):
    evidence = build(suite(taken(varied(BASE, 1.0, size), BASE), taken(varied(BASE, 1.2, 0.2), BASE, name="tokens")))
    reported = [check.ratio.caught for check in decide(evidence).suites[0].checks if check.ratio is not None]
    plan = planned(evidence, spreads(evidence))
    assert [one.outlooks[0].rise for one in plan.ratios["support"]] == pytest.approx(reported)
    assert plan.columns == 2


def test_before_any_build_there_is_an_outlook_for_each_spread():
    sliced = {"no_regression": {"slices": [LANG]}}
    evidence = build(
        suite(
            check(*flips(50, 0, 0)),
            taken(BASE, BASE, rules=sliced),
            taken(BASE, BASE, name="latency", rules={"report_only": True}),
            taken(BASE, BASE, name="tokens", rules={"improves": 0.3}),
            slices={LANG: [f"l{at % 5}" for at in range(50)]},
        )
    )
    plan = planned(evidence, {})
    (cost,) = plan.ratios["support"]
    assert (cost.name, cost.spread, cost.slices, plan.columns) == ("cost", None, 5, 7)
    rises = [one.rise for one in cost.outlooks]
    assert rises == sorted(rises)
    assert plan.promise is not None
    assert "The rules improves and equivalent" in plan.promise


def test_repetitions_catch_smaller_rises():
    evidence = build(suite(taken(varied(BASE), BASE)))
    known = {("support", "cost"): Spread(log=0.5)}
    once, thrice = (planned(evidence, known, times).ratios["support"][0].outlooks[0].rise for times in (1, 3))
    assert once is not None
    assert thrice is not None
    assert math.log(once + 1) - math.log(1.1) == pytest.approx(3**0.5 * (math.log(thrice + 1) - math.log(1.1)))


def test_what_did_not_vary_says_nothing_of_what_is_caught():
    evidence = build(suite(taken(BASE, BASE)))
    plan = planned(evidence, spreads(evidence))
    assert [one.spread for one in plan.ratios["support"]] == [None]
    assert rise_for(0.0, alpha=0.05, comparisons=1, allowed=0.1) is None
    assert rise_for(math.inf, alpha=0.05, comparisons=1, allowed=0.1) is None
    assert rise_for(5.0, alpha=0.05, comparisons=1, allowed=0.1) is None


def test_the_rise_that_is_said_to_be_caught_is_caught_8_times_in_10():
    """Lognormal amounts with a fixed seed: the share that fails at just that rise."""
    rng = np.random.default_rng(7)
    sigma, number = 0.25, 80
    rise = rise_for(sigma * 2**0.5 / number**0.5, alpha=0.05, comparisons=1, allowed=0.1)
    assert rise is not None
    failed = 0
    for _ in range(200):
        base, candidate = np.exp(sigma * rng.standard_normal((2, number)))
        made = build(suite(taken((candidate * (1 + rise)).tolist(), base.tolist())))
        failed += decide(made).verdict is Verdict.FAIL
    assert 0.74 <= failed / 200 <= 0.88


@pytest.mark.parametrize(("allowed", "needed"), [(0.05, 50), (0.10, 27), (0.5, 9)])
def test_how_many_examples_rule_out_a_rise_at_best(allowed, needed):
    """One fewer is not enough even where every amount is the same, as decisions say."""
    assert abs(units_to_rule_out(allowed) - needed) <= 5
    exactly = units_to_rule_out(allowed)
    rules = {"no_regression": {"allow_increase": allowed}}
    enough, short = (decide(build(suite(taken(amounts(n), amounts(n), rules=rules)))) for n in (exactly, exactly - 1))
    assert (enough.verdict, short.verdict) == (Verdict.PASS, Verdict.INCONCLUSIVE)


def test_a_strict_gate_that_could_never_pass_is_refused():
    rule = NoRegression(allow_increase=0.1)
    refuse_undecidable_rise("cost", rule, [1] * units_to_rule_out(0.1))
    with pytest.raises(ConfigurationError) as caught:
        refuse_undecidable_rise("cost", rule, [1] * 12)
    assert caught.value.message == (
        "the check cost cannot PASS: 12 examples cannot rule out a rise of 10 % even where both sides take as "
        "much, and `on_inconclusive: fail` blocks"
    )
    assert caught.value.next_step == "use 27 examples or more, a larger `allow_increase`, or `on_inconclusive: warn`"


def test_clusters_and_equivalence_are_held_to_the_same():
    """What is refused beforehand is what a decision on equal amounts would leave open."""
    with pytest.raises(ConfigurationError) as caught:
        refuse_undecidable_rise("cost", NoRegression(allow_increase=0.1), [3] * 20)
    assert caught.value.message == (
        "the check cost cannot PASS: 20 clusters cannot rule out a rise of 10 % even where both sides take as much,"
        " and `on_inconclusive: fail` blocks"
    )
    with pytest.raises(ConfigurationError) as caught:
        refuse_undecidable_change("tokens", Equivalent(margin=0.1), [1] * 12)
    assert caught.value.message == (
        "the check tokens cannot PASS: 12 examples cannot rule out a change of 10 % even where both sides take as"
        " much, and `on_inconclusive: fail` blocks"
    )
    for number, verdict in ((26, Verdict.INCONCLUSIVE), (27, Verdict.PASS)):
        made = build(suite(taken(amounts(number), amounts(number), rules={"equivalent": 0.1})))
        assert decide(made).verdict is verdict
    refuse_undecidable_change("tokens", Equivalent(margin=0.1), [1] * 27)
