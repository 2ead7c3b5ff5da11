"""Slices: they can fail a check, and otherwise change nothing unless they are required."""

from __future__ import annotations

import pytest

from evalgate.decision import decide
from evalgate.errors import ConfigurationError
from evalgate.records import Verdict
from tests.unit.decision.builds import build, check, flips, suite

LANG = "metadata.lang"


def sliced(candidate, baseline, values, *, required=False):
    rules = {"no_regression": {"slices": [{"path": LANG, "required": required}]}}
    return decide(build(suite(check(candidate, baseline, rules=rules), slices={LANG: values}))).suites[0].checks[0]


def test_a_slice_fails_its_check_and_is_named():
    """Nine of twenty German examples broke; over all 300 examples that is no drop that fails."""
    worse, gained = 9, 12
    candidate, baseline = flips(300, worse, gained)
    values = ["de"] * worse + ["en"] * gained + ["de"] * 11 + ["en"] * (300 - 11 - worse - gained)
    decision = sliced(candidate, baseline, values)
    assert decision.verdict is Verdict.FAIL
    assert decision.rules[0].reason == (
        "Where metadata.lang is de (20 examples): 9 examples that passed on main now fail; none went the other way."
        " That is a drop of 45 points (−63 to −28). If this change did nothing, a split this lopsided in any of the 3"
        " comparisons would happen less than once in 100."
    )
    assert {part.value: part.verdict for part in decision.slices} == {"de": Verdict.FAIL, "en": Verdict.PASS}


def test_a_slice_that_fails_beside_its_check_is_told_briefly():
    candidate, baseline = flips(80, 11, 3)
    decision = sliced(candidate, baseline, ["de"] * 20 + ["en"] * 60)
    assert decision.rules[0].reason.endswith(
        " Where metadata.lang is de (20 examples) the drop is 40 points (−63 to −9.7)."
    )


def test_the_first_three_slices_that_fail_are_told_and_the_others_counted():
    """Five languages of twenty broke by half, five that are larger won it back: over all there is no drop."""
    candidate, baseline, values = [], [], []
    for at in range(5):
        candidate += [0.0] * 12 + [1.0] * 8 + [1.0] * 40
        baseline += [1.0] * 20 + [0.0] * 12 + [1.0] * 28
        values += [f"v{at}"] * 20 + [f"w{at}"] * 40
    decision = sliced(candidate, baseline, values)
    assert decision.verdict is Verdict.FAIL
    reason = decision.rules[0].reason
    assert [f"Where metadata.lang is v{at} (20 examples)" in reason for at in range(5)] == [True] * 3 + [False] * 2
    assert reason.endswith(" So do 2 more slices.")


def test_an_inconclusive_slice_changes_nothing_unless_required():
    candidate, baseline = flips(80, 1, 1)
    values = ["de"] * 12 + ["en"] * 68
    shown = sliced(candidate, baseline, values)
    assert (shown.verdict, shown.slices[0].verdict) == (Verdict.PASS, Verdict.INCONCLUSIVE)
    required = sliced(candidate, baseline, values, required=True)
    assert required.verdict is Verdict.INCONCLUSIVE
    assert required.rules[0].reason.startswith("Where metadata.lang is de (12 examples): Fits both")
    assert required.rules[0].next_step == "add examples to that slice, or drop its `required`"


def test_a_small_slice_is_shown_and_not_tested():
    candidate, baseline = flips(80, 9, 0)
    decision = sliced(candidate, baseline, ["de"] * 9 + ["en"] * 71)
    part = decision.slices[0]
    assert (part.tested, part.verdict, part.comparison.p_adjusted) == (False, Verdict.INCONCLUSIVE, None)
    assert part.reason == "Shown, not tested: 9 examples, and a slice is tested from 10."
    assert part.comparison.worse == 9


def test_examples_without_a_value_are_in_no_slice():
    decision = sliced(*flips(40, 0, 0), ["de"] * 20 + [None] * 20)
    assert [(part.value, part.examples) for part in decision.slices] == [("de", 20)]


def test_a_slice_with_no_answer_on_one_side_is_inconclusive():
    """One missing example is let through; that it is a whole slice is seen there."""
    candidate, baseline = flips(60, 0, 0)
    candidate[0] = None
    decision = sliced(candidate, baseline, ["de"] + ["en"] * 59)
    part = decision.slices[0]
    assert (part.verdict, part.reason) == (Verdict.INCONCLUSIVE, "No example has both answers.")
    assert part.comparison.interval is None
    assert decision.verdict is Verdict.PASS


def test_a_path_that_no_example_has_gives_no_slices():
    rules = {"no_regression": {"slices": ["metadata.nowhere"]}}
    decision = decide(build(suite(check(*flips(40, 0, 0), rules=rules)))).suites[0].checks[0]
    assert (decision.slices, decision.verdict) == ((), Verdict.PASS)


def test_slices_share_the_promise_of_the_build():
    """Four losses in a slice of twelve fail alone; among forty such slices one is ordinary."""
    candidate, baseline = [1.0] * 480, [1.0] * 480
    for index in range(4):
        candidate[index] = 0.0
    for start in range(12, 480, 12):
        candidate[start : start + 2], baseline[start + 2 : start + 6] = [0.0, 0.0], [0.0] * 4
    decision = sliced(candidate, baseline, [f"v{index // 12:02d}" for index in range(480)])
    first = decision.slices[0].comparison
    assert first.p == 0.03125
    assert first.p_adjusted > 0.05
    assert decision.verdict is not Verdict.FAIL


def test_three_thousand_slice_values_are_refused_by_the_name_of_their_path():
    values = [f"user {index}" for index in range(3000)]
    with pytest.raises(
        ConfigurationError, match=r"3,001 comparisons.*metadata\.lang of suite support.*3,000 values"
    ) as refused:
        sliced([1.0] * 3000, [1.0] * 3000, values)
    assert "metadata.lang" in refused.value.next_step
