"""What decides nothing is tested beside the family, told by its q-value, and changes nothing else."""

import numpy as np
import pytest

from evalgate.decision import decide
from evalgate.decision.identity import canonical
from evalgate.records import Direction, Verdict
from evalgate.stats.corrections import benjamini_hochberg
from tests.unit.decision.builds import build, check, flips, suite, taken

SHOWN = {"report_only": True}
LANGS = {"metadata.lang": [("de", "fr")[index % 2] for index in range(60)]}


def drawn(seed, n=60):
    rng = np.random.default_rng(seed)
    return rng.random(n).round(2).tolist(), rng.random(n).tolist()


def checks_of(*checks, **more):
    return {each.name: each for each in decide(build(suite(*checks, **more))).suites[0].checks}


def test_what_is_shown_only_gets_p_and_q_and_never_fails():
    """Twenty of sixty broke: as strong as it gets, shown, and the build passes."""
    found = checks_of(
        check(*flips(60, 20, 0), name="tone", rules=SHOWN),
        check(*flips(60, 4, 3), name="length", rules=SHOWN),
        check(*flips(60, 1, 1)),
    )
    shown = [found[name].comparison for name in ("tone", "length")]
    assert [compared.p_adjusted for compared in shown] == [None, None]
    assert [compared.q for compared in shown] == list(benjamini_hochberg([compared.p for compared in shown]))
    assert shown[0].q < 0.001 < 0.3 < shown[1].q
    assert found["tone"].notes == (
        (
            "Leans worse (−44 to −24 points), and decides nothing. Of findings this strong among the 2 comparisons that"
            " decide nothing, fewer than 1 in 100 are chance."
        ),
    )
    assert found["length"].notes == ()
    assert found["correctness"].comparison.q is None
    assert decide(build(suite(check(*flips(60, 20, 0), rules=SHOWN), check(*flips(60, 1, 1), name="b")))).verdict is (
        Verdict.PASS
    )


@pytest.mark.parametrize("shown", [0, 1, 9])
def test_it_takes_nothing_from_what_decides(shown):
    """The gating columns keep their p to the byte, whatever is shown beside them."""
    gating = [check(*drawn(1), name="a"), check(*drawn(2), name="b"), check(*flips(60, 9, 2), name="c")]
    beside = [check(*drawn(10 + index), name=f"z{index}", rules=SHOWN) for index in range(shown)]
    alone, together = (decide(build(suite(*checks))) for checks in (gating, gating + beside))
    assert [each.comparison for each in together.suites[0].checks[:3]] == [
        each.comparison for each in alone.suites[0].checks
    ]
    assert (together.columns, together.flips, together.promise) == (alone.columns, alone.flips, alone.promise)


def test_q_is_the_same_in_any_order():
    """A column's p depends on no other column, so the order of checks changes no byte."""
    checks = [check(*drawn(seed), name=f"z{seed}", rules=SHOWN) for seed in range(6)]
    decided = {canonical(decide(build(suite(*order)))) for order in (checks, checks[::-1])}
    assert len(decided) == 1


def test_slices_of_what_is_shown_only_are_in_it_and_small_ones_are_not():
    """Two languages of thirty, and one of nine that is too few to say anything."""
    rules = {"report_only": True, "no_regression": {"slices": ["metadata.lang"]}}
    langs = ["de"] * 21 + ["fr"] * 30 + ["it"] * 9
    found = checks_of(check(*flips(60, 12, 0), rules=rules), slices={"metadata.lang": langs})["correctness"]
    assert [(part.value, part.comparison.q is None) for part in found.slices] == [
        ("de", False),
        ("fr", False),
        ("it", True),
    ]
    assert all(part.verdict is not Verdict.FAIL for part in found.slices)
    assert decide(build(suite(check(*flips(60, 12, 0), rules=rules), slices={"metadata.lang": langs}))).columns == 0


def test_one_comparison_is_told_by_how_often_it_happens():
    """Nothing to adjust for: q is p."""
    found = checks_of(check(*flips(60, 8, 1), rules=SHOWN))["correctness"]
    assert found.comparison.q == found.comparison.p
    assert found.notes == (
        (
            "Leans worse (−21 to −4.1 points), and decides nothing. If this change did nothing, a split this lopsided"
            " would happen about once in 100."
        ),
    )


def test_a_weak_lean_among_many_is_ordinary():
    """−17 to −1.3 points, in one check of eight."""
    beside = [check(*flips(60, 3, 3), name=f"z{index}", rules=SHOWN) for index in range(7)]
    found = checks_of(check(*flips(60, 6, 1), rules=SHOWN), *beside)["correctness"]
    assert found.notes == (
        (
            "Leans worse (−17 to −1.3 points), and decides nothing. Among the 8 comparisons that decide nothing, one"
            " this lopsided is ordinary."
        ),
    )


@pytest.mark.parametrize("rules", [{"at_least": 0.1}, {"zero_tolerance": {"absolute": True}}])
def test_a_check_that_gates_by_another_rule_shows_its_change(rules):
    """Its comparison decides nothing, whatever its rule says."""
    compared = checks_of(check(*flips(60, 8, 1), rules=rules))["correctness"].comparison
    assert compared.q == compared.p < 0.05


def test_a_score_without_a_better_way_and_an_improvement_rule_have_none():
    """Worse means nothing of the one, and the other goes by where the change could be."""
    neutral = check(*flips(60, 8, 1), rules=SHOWN, direction=Direction.NEUTRAL)
    improves = check(*flips(60, 8, 1), name="improves", rules={"improves": 0})
    for found in checks_of(neutral, improves).values():
        assert (found.comparison.p, found.comparison.q) == (None, None)


def narrow(lowest, highest, **spec):
    """The notes on sixty scores between `lowest` and `highest`."""
    rng = np.random.default_rng(4)
    sides = [(lowest + (highest - lowest) * rng.random(60)).round(4).tolist() for _ in range(2)]
    sides[0][:2] = [lowest, highest]
    return checks_of(check(*sides, **spec))["correctness"].notes


def test_scores_that_use_little_of_their_range_are_told():
    """7 of 100 points: a margin of 10 points would rule out nothing that can happen."""
    assert narrow(0.71, 0.78) == (
        (
            "All scores lie between 0.71 and 0.78, under a fifth of the declared range, 0 to 1, and a point is a"
            " hundredth of that: a drop that matters may be a few points only. Set `rule_out_drop` to what matters, or"
            " the `range` of correctness to what it really gives."
        ),
    )
    assert narrow(3.0, 3.7, low=1.0, high=5.0)[0].startswith("All scores lie between 3 and 3.7, under a fifth of the")
    assert "the declared scale, 100, and" in narrow(-5.0, 7.0, low=None, high=None, scale=100.0)[0]
    assert narrow(0.71, 0.911) == ()
    assert narrow(-5.0, 7.0, low=None, high=None) == ()


def test_scores_that_are_all_the_same_are_told_unless_they_are_an_end():
    """Everything passed is no news; an evaluator that always says 0.5 is."""
    said = "Every score is 0.5: an evaluator that always says the same finds nothing. Look at correctness."
    assert narrow(0.5, 0.5) == (said,)
    assert narrow(1.0, 1.0) == narrow(0.0, 0.0) == ()
    few = checks_of(check([0.5] * 9, [0.5] * 9))["correctness"]
    assert few.notes == ()


def test_what_runs_take_is_in_it_where_nothing_rests_on_it():
    """Latency that is shown only gets p and q; cost that gates keeps to the family."""
    rng = np.random.default_rng(9)
    sides = [(rng.lognormal(0, 0.2, 60) * factor).tolist() for factor in (1.3, 1.0)]
    gating = taken(*sides, name="cost", rules={"no_regression": {"allow_increase": 0.1}})
    found = checks_of(check(*flips(60, 1, 1)), taken(*sides, name="latency", rules=SHOWN), gating)
    latency, cost = found["latency"].comparison, found["cost"].comparison
    assert latency.q == latency.p < 0.001
    assert latency.p_adjusted is None
    assert (cost.q, found["latency"].verdict is Verdict.FAIL) == (None, False)
    assert cost.p_adjusted is not None
