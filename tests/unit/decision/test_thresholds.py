"""at_least and at_most, as observed and on evidence, and what is said of them before anything is paid."""

from __future__ import annotations

import pytest

from evalgate.decision import decide
from evalgate.decision.before import threshold_outlook
from evalgate.errors import ConfigurationError
from evalgate.records import EvaluatorSpec, Verdict
from evalgate.suite.checks import Threshold, Unmeasurable
from tests.unit.decision.builds import ERROR, build, check, suite


def rule_of(candidate, rules, **spec):
    return decide(build(suite(check(candidate, rules=rules, **spec), label=None))).suites[0].checks[0].rules[0]


def evidence(threshold):
    return {"threshold": threshold, "mode": "evidence"}


def test_the_observed_mean_against_the_threshold_is_told_as_that():
    passed = rule_of([1.0] * 8 + [0.0] * 2, {"at_least": 0.8})
    assert (passed.verdict, passed.reason) == (
        Verdict.PASS,
        (
            "The candidate scores 80 % on 10 examples; at least 80 % is asked."
            " That is the value observed (`mode: point`)."
        ),
    )
    failed = rule_of([1.0] * 7 + [0.0] * 3, {"at_least": 0.8})
    assert (failed.verdict, failed.next_step) == (Verdict.FAIL, "look at the examples: `evalgate show`")


def test_a_mean_that_only_floats_keep_from_the_threshold_meets_it():
    assert rule_of([0.1] * 3 + [0.3] * 3, {"at_least": 0.2}).verdict is Verdict.PASS


def test_a_mean_just_under_the_threshold_is_told_with_the_digits_that_show_it():
    rule = rule_of([0.799999] * 5, {"at_least": 0.8})
    assert (rule.verdict, "79.9999 % on 5" in rule.reason) == (Verdict.FAIL, True)


def test_at_most_reads_the_scores_own_units():
    assert rule_of([1.5] * 10, {"at_most": 2.0}, low=0.0, high=None, direction="minimize").verdict is Verdict.PASS
    assert rule_of([2.5] * 10, {"at_most": 2.0}, low=0.0, high=None, direction="minimize").verdict is Verdict.FAIL


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_an_error_counts_against_the_rule_whichever_way_the_score_is_turned(direction):
    half = [ERROR] * 5 + [0.5] * 5
    assert rule_of(half, {"at_least": 0.5}, direction=direction).verdict is Verdict.FAIL
    assert rule_of(half, {"at_most": 0.5}, direction=direction).verdict is Verdict.FAIL


def test_errors_of_an_unbounded_score_cannot_pass_a_threshold():
    rule = rule_of([ERROR] * 30, {"at_most": 2.0}, low=None, high=None, direction="minimize")
    assert (rule.verdict, rule.reason) == (
        Verdict.FAIL,
        "30 examples ended in errors of the task, which have no score.",
    )


@pytest.mark.parametrize(
    ("passing", "n", "verdict"),
    [(80, 80, Verdict.PASS), (79, 80, Verdict.INCONCLUSIVE), (68, 80, Verdict.FAIL), (50, 50, Verdict.INCONCLUSIVE)],
)
def test_evidence_needs_the_bound_on_the_right_side(passing, n, verdict):
    assert rule_of([1.0] * passing + [0.0] * (n - passing), {"at_least": evidence(0.95)}).verdict is verdict


def test_evidence_is_told_with_its_bounds():
    rule = rule_of([1.0] * 76 + [0.0] * 4, {"at_least": evidence(0.9)})
    assert rule.reason == (
        "The candidate scores 95 % on 80 examples and could really be 89.32 % to 97.74 %; at least 90 % is asked."
    )
    assert rule.next_step == "add examples, or repetitions of those there are"


def test_evidence_for_at_most_is_the_mirror():
    assert rule_of([0.0] * 80, {"at_most": evidence(0.05)}).verdict is Verdict.PASS
    assert rule_of([0.0] * 60 + [1.0] * 20, {"at_most": evidence(0.05)}).verdict is Verdict.FAIL


def test_evidence_counts_examples_and_never_runs():
    """Fifty examples of three runs each are fifty: 50 of 50 do not clear 0.95."""
    assert rule_of([[1.0] * 3] * 50, {"at_least": evidence(0.95)}).verdict is Verdict.INCONCLUSIVE


def test_evidence_about_an_unbounded_mean_is_inconclusive():
    rule = rule_of([1.0] * 80, {"at_least": evidence(0.5)}, low=None, high=None)
    assert (rule.verdict, "declare the range" in rule.next_step) == (Verdict.INCONCLUSIVE, True)


def test_too_many_missing_answers_are_unmeasurable():
    rule = rule_of([None] * 2 + [1.0] * 48, {"at_least": 0.5})
    assert (rule.verdict, rule.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.ERRORS)
    assert "(candidate 2)" in rule.reason


def outlook(threshold, examples, kind="at_least", **spec):
    rule = Threshold(threshold=threshold, mode="evidence")
    return threshold_outlook("accuracy", kind, rule, EvaluatorSpec(name="accuracy", **spec), examples)


def test_what_a_threshold_takes_is_said_before_anything_is_paid():
    assert outlook(0.95, 80) == "to PASS at 0.95 with 80 examples: 0 failures allowed"
    assert outlook(0.2, 80, "at_most") == "to PASS at 0.2 with 80 examples: 10 failures allowed"
    assert threshold_outlook("a", "at_least", Threshold(threshold=0.9), EvaluatorSpec(name="a"), 3) is None
    assert outlook(0.9, 3, low=None, high=None) is None


def test_a_threshold_that_no_answers_pass_is_refused_with_the_number_that_would():
    with pytest.raises(ConfigurationError, match="50 examples without one failure do not clear") as refused:
        outlook(0.95, 50)
    assert "52 examples or more" in refused.value.next_step
    with pytest.raises(ConfigurationError) as never:
        outlook(1.0, 5000)
    assert "zero_tolerance" in never.value.next_step
