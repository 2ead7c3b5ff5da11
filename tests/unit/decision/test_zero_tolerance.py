"""zero_tolerance: what fails is drawn once more, for real, and only what fails twice counts."""

from __future__ import annotations

from evalgate.decision import decide, redraws
from evalgate.decision.evidence import Redraw
from evalgate.records import Verdict
from evalgate.suite.checks import Unmeasurable
from tests.unit.decision.builds import ERROR, build, check, suite

GOOD = [1.0] * 10


def built(candidate, baseline=GOOD, again=None, *, absolute=False, **spec):
    drawn = {example_id: Redraw(candidate=pair[0], baseline=pair[1]) for example_id, pair in (again or {}).items()}
    rules = {"zero_tolerance": {"absolute": absolute}}
    return build(suite(check(candidate, baseline, rules=rules, redraws=drawn, **spec)))


def rule_of(*args, **kwargs):
    return decide(built(*args, **kwargs)).suites[0].checks[0].rules[0]


def failing(*values):
    return list(values) + [1.0] * (10 - len(values))


def test_no_failure_passes_and_asks_for_nothing():
    assert redraws(built(GOOD)) == ()
    rule = rule_of(GOOD)
    assert (rule.verdict, rule.reason) == (Verdict.PASS, "None of 10 examples failed twice.")


def test_each_failure_is_asked_for_once_more():
    evidence = built(failing(0.0, 1.0, ERROR))
    assert redraws(evidence) == (("support", "e00000"), ("support", "e00002"))


def test_what_was_drawn_again_is_not_asked_for_again():
    assert redraws(built(failing(0.0, 0.0), again={"e00000": (None, None)})) == (("support", "e00001"),)


def test_before_the_second_draw_nothing_is_known():
    rule = rule_of(failing(0.0))
    assert (rule.verdict, rule.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.ERRORS)
    assert rule.reason == "1 example failed and got no second answer: e00000."


def test_failing_twice_fails_and_names_the_examples():
    rule = rule_of(failing(0.0, 0.0), again={"e00000": (0.0, 1.0), "e00001": (1.0, 1.0)})
    assert (rule.verdict, rule.example_ids) == (Verdict.FAIL, ("e00000",))
    assert rule.reason == (
        "1 example failed twice: e00000. 1 example of 10 did not reproduce: e00001."
        " Answers that flicker like this block an unchanged build about 16 times in 100."
    )


def test_what_does_not_reproduce_passes_and_is_listed():
    rule = rule_of(failing(0.0), again={"e00000": (1.0, 1.0)})
    assert rule.verdict is Verdict.PASS
    assert "did not reproduce: e00000" in rule.reason


def test_the_baseline_failing_two_of_two_excuses_and_absolute_does_not():
    again = {"e00000": (0.0, 0.0)}
    excused = rule_of(failing(0.0), failing(0.0), again)
    assert (excused.verdict, excused.reason) == (
        Verdict.PASS,
        "None of 10 examples failed twice. 1 example failed twice on main too and does not count: e00000.",
    )
    assert rule_of(failing(0.0), failing(0.0), again, absolute=True).verdict is Verdict.FAIL


def test_the_baseline_failing_one_of_two_does_not_excuse():
    assert rule_of(failing(0.0), failing(0.0), {"e00000": (0.0, 1.0)}).verdict is Verdict.FAIL
    assert rule_of(failing(0.0), GOOD, {"e00000": (0.0, 0.0)}).verdict is Verdict.FAIL


def test_no_second_answer_where_it_decides_is_unmeasurable():
    assert rule_of(failing(0.0), GOOD, {"e00000": (None, 1.0)}).verdict is Verdict.UNMEASURABLE
    assert rule_of(failing(0.0), failing(0.0), {"e00000": (0.0, None)}).verdict is Verdict.UNMEASURABLE


def test_no_second_answer_of_the_baseline_where_its_first_passed_decides_nothing():
    assert rule_of(failing(0.0), GOOD, {"e00000": (0.0, None)}).verdict is Verdict.FAIL


def test_without_a_baseline_failing_twice_fails():
    assert rule_of(failing(0.0), None, {"e00000": (0.0, None)}).verdict is Verdict.FAIL


def test_repetitions_are_draws_too():
    """Two failures among three repetitions are two failures: nothing needs drawing where the baseline has its own."""
    candidate = [[0.0, 1.0, 0.0]] + [[1.0] * 3] * 9
    baseline = [[1.0] * 3] * 10
    assert redraws(built(candidate, baseline)) == ()
    assert rule_of(candidate, baseline).verdict is Verdict.FAIL
    assert rule_of(candidate, [[0.0, 0.0, 1.0]] + [[1.0] * 3] * 9).verdict is Verdict.PASS


def test_a_score_below_its_best_is_a_failure():
    assert redraws(built(failing(0.99))) == (("support", "e00000"),)
    assert redraws(built([0.0] * 9 + [0.2], [0.0] * 10, direction="minimize")) == (("support", "e00009"),)


def test_a_second_score_that_is_none_of_the_evaluators_is_no_answer():
    assert rule_of(failing(0.0), GOOD, {"e00000": (float("nan"), 1.0)}).verdict is Verdict.UNMEASURABLE
    assert rule_of(failing(0.0), GOOD, {"e00000": (7.0, 1.0)}).verdict is Verdict.UNMEASURABLE


def test_an_unbounded_score_has_no_failures():
    rule = rule_of([3.0] * 10, low=None, high=None)
    assert (rule.verdict, rule.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.NOTHING)
    assert redraws(built([3.0] * 10, low=None, high=None)) == ()


def test_failing_twice_is_a_fact_however_much_is_missing():
    rule = rule_of([0.0, None, None, None] + [1.0] * 6, GOOD, {"e00000": (0.0, 1.0)})
    assert rule.verdict is Verdict.FAIL
    assert rule_of([None] * 4 + [1.0] * 6).unmeasurable is Unmeasurable.ERRORS


def test_a_check_that_gates_nothing_asks_for_no_draw():
    rules = {"zero_tolerance": {}, "report_only": True}
    assert redraws(build(suite(check(failing(0.0), GOOD, rules=rules)))) == ()


def test_many_failures_are_named_by_the_first_few():
    rule = rule_of([0.0] * 10, GOOD, {f"e{index:05d}": (0.0, 1.0) for index in range(10)})
    assert rule.reason == "10 examples failed twice: e00000, e00001, e00002, e00003, e00004 and 5 more."
    assert len(rule.example_ids) == 10
