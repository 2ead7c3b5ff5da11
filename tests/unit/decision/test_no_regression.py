"""no_regression: its three verdicts and the whole of what people are told."""

from __future__ import annotations

import pytest

from evalgate.decision import decide
from evalgate.records import Verdict
from evalgate.suite.checks import Unmeasurable
from tests.unit.decision.builds import ERROR, build, check, flips, suite


def one(*checks, policy=None, **of):
    """The first check of a one-suite build."""
    return decide(build(suite(*checks, **of), **(policy or {}))).suites[0].checks[0]


def rule_of(decision):
    return decision.rules[0]


def test_a_lopsided_split_fails_and_is_told_by_its_split():
    decision = one(check(*flips(80, 11, 3)), check(*flips(80, 1, 1), name="b"), check(*flips(80, 0, 0), name="c"))
    assert decision.verdict is Verdict.FAIL
    assert rule_of(decision).reason == (
        "11 examples that passed on main now fail; 3 went the other way. That is a drop of 10 points (−18 to −2.5)."
        " If this change did nothing, a split this lopsided in any of the 3 checks would happen about 2 times in 100."
    )
    assert rule_of(decision).next_step == "look at the examples that got worse: `evalgate show`"
    compared = decision.comparison
    assert (compared.pairs, compared.changed, compared.worse, compared.better) == (80, 14, 11, 3)
    assert compared.delta == pytest.approx(-0.1)
    assert compared.p == compared.p_adjusted == pytest.approx(0.017578125)
    assert compared.interval.method == "Tango score interval"
    assert [flip.example_id for flip in decision.regressed] == [f"e{index:05d}" for index in range(11)]
    assert {(flip.baseline, flip.candidate) for flip in decision.regressed} == {(1.0, 0.0)}
    assert len(decision.improved) == 3


def test_a_ruled_out_drop_passes_and_says_what_could_hide():
    decision = one(check(*flips(80, 1, 1)))
    assert decision.verdict is Verdict.PASS
    assert rule_of(decision).reason == (
        "No regression found; drops of 10 points or more are ruled out. Smaller ones could hide."
    )
    assert rule_of(decision).next_step is None


def test_neither_is_inconclusive_and_says_what_would_decide():
    decision = one(check(*flips(30, 4, 2)))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert rule_of(decision).reason == "Fits both no change and a drop of up to 22 points."
    assert rule_of(decision).next_step == "To decide: about 100 more examples."


def test_repetitions_are_proposed_where_they_would_do():
    decision = one(check(*flips(60, 5, 4)))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert rule_of(decision).next_step == "To decide: `repetitions: 3`, or about 35 more examples."


def test_a_lean_that_is_no_failure_says_that_it_is_ordinary():
    decision = one(check(*flips(80, 6, 1)), check(*flips(80, 3, 4), name="b"))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert rule_of(decision).reason == ("Leans worse (−13 to −1 points); among 2 checks one this lopsided is ordinary.")


def test_a_lean_within_the_margin_passes_and_is_still_told():
    decision = one(check(*flips(200, 6, 1)), check(*flips(200, 12, 12), name="b"))
    assert decision.verdict is Verdict.PASS
    assert rule_of(decision).reason == (
        "No regression found; drops of 10 points or more are ruled out. Smaller ones could hide."
        " Leans worse (−5.3 to −0.4 points); among 2 checks one this lopsided is ordinary."
    )


def test_too_few_examples_cannot_pass_on_equal_scores():
    decision = one(check(*flips(12, 0, 0)))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert rule_of(decision).reason == (
        "Fits both no change and a drop of up to 18 points."
        " 12 examples cannot rule out a drop of 10 points even where every score is equal."
    )
    assert rule_of(decision).next_step == "To decide: about 13 more examples."


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, "Nothing changed: the one answer scored the same."),
        (12, "Nothing changed: all 12 answers scored the same."),
    ],
)
def test_identical_answers_pass_at_any_size(number, told):
    decision = one(check(*flips(number, 0, 0)), identical=True)
    assert (decision.verdict, rule_of(decision).reason) == (Verdict.PASS, told)


def test_one_answer_that_is_not_identical_takes_the_pass_away():
    assert one(check(*flips(12, 0, 0)), identical=[True] * 11 + [False]).verdict is Verdict.INCONCLUSIVE


def test_identical_answers_that_score_differently_point_at_the_evaluator():
    decision = one(check(*flips(40, 12, 0)), identical=True)
    assert decision.verdict is Verdict.FAIL
    assert rule_of(decision).reason.endswith(
        "Yet every answer is the baseline's, byte for byte: what differs is how the same answers were scored."
    )
    assert "score one set of answers twice" in rule_of(decision).next_step


def test_a_certain_drop_under_the_ignored_one_is_let_go():
    rules = {"no_regression": {"ignore_drop_under": 0.05}}
    decision = one(check(*flips(300, 9, 0), rules=rules))
    assert decision.verdict is Verdict.PASS
    assert rule_of(decision).reason == (
        "No regression found; drops of 10 points or more are ruled out. Smaller ones could hide."
        " Worse by 3 points, which is under the 5 points that `ignore_drop_under` lets go."
    )
    assert one(check(*flips(300, 15, 0), rules=rules)).verdict is Verdict.FAIL


def test_scores_are_told_as_scores():
    candidate = [0.5 - 0.01 * (index % 7) for index in range(40)]
    decision = one(check(candidate, [0.6] * 39 + [0.1]))
    assert decision.verdict is Verdict.FAIL
    assert rule_of(decision).reason.startswith("39 examples score worse than on main; 1 scores better. ")
    assert decision.comparison.interval.method == "paired t with two imaginary examples"


def test_no_baseline_is_unmeasurable():
    decision = one(check([1.0] * 30), label=None)
    assert rule_of(decision).unmeasurable is Unmeasurable.BASELINE
    assert rule_of(decision).reason == "There is no baseline to compare with."
    assert rule_of(decision).next_step


def test_a_baseline_of_errors_alone_is_no_baseline():
    decision = one(check([1.0] * 30, [ERROR] * 30))
    assert rule_of(decision).unmeasurable is Unmeasurable.BASELINE
    assert rule_of(decision).reason == (
        "Every answer of main is an error of its task, so there is nothing to compare with."
    )


def test_a_candidate_of_errors_alone_fails():
    decision = one(check([ERROR] * 30, [1.0] * 30))
    assert decision.verdict is Verdict.FAIL
    assert decision.missing.candidate_errors == 30
    assert decision.regressed[0].candidate is None


def test_errors_count_as_the_worst_on_both_sides():
    """The same examples fail on both sides, by an error or by a score: nothing changed between them."""
    decision = one(check([ERROR] * 5 + [0.0] * 5 + [1.0] * 40, [0.0] * 5 + [ERROR] * 5 + [1.0] * 40))
    assert decision.comparison.changed == 0
    assert (decision.candidate_mean, decision.baseline_mean) == (0.8, 0.8)


def test_the_worst_of_a_minimized_score_is_the_top_of_its_range():
    errors = one(check([ERROR] * 8 + [0.2] * 52, [0.2] * 60, direction="minimize"))
    assert errors.verdict is Verdict.FAIL
    assert errors.candidate_mean == pytest.approx((8 + 52 * 0.2) / 60)
    lower = one(check([0.1] * 60, [0.2] * 60, direction="minimize"))
    assert lower.comparison.delta == pytest.approx(0.1)
    assert len(lower.improved) == 60


def test_ranges_are_shares():
    decision = one(check([3.0] * 30, [4.0] * 30, low=1.0, high=5.0))
    assert decision.comparison.delta == pytest.approx(-0.25)
    assert (decision.regressed[0].baseline, decision.regressed[0].candidate) == (4.0, 3.0)
    assert (decision.low, decision.high, decision.binary) == (1.0, 5.0, False)


def test_one_missing_answer_is_let_through_and_three_of_sixty_are_not():
    baseline = [1.0] * 60
    assert one(check([None] + [1.0] * 59, baseline)).verdict is Verdict.PASS
    decision = one(check([None] * 3 + [1.0] * 57, baseline))
    assert rule_of(decision).unmeasurable is Unmeasurable.ERRORS
    assert rule_of(decision).reason == (
        "Of 60 examples, some lack an answer or its evaluation (candidate 3, main 0); the policy allows one example"
        " or 2 %."
    )
    assert decision.missing_could_change == (
        "It would be PASS were every missing answer right, and INCONCLUSIVE were every missing answer wrong."
    )


def test_missing_answers_of_the_baseline_count_alike():
    decision = one(check([1.0] * 60, [None] * 3 + [1.0] * 57))
    assert rule_of(decision).unmeasurable is Unmeasurable.ERRORS
    assert (decision.missing.candidate, decision.missing.baseline) == (0, 3)


def test_nothing_but_missing_answers_is_unmeasurable_even_for_one_example():
    assert rule_of(one(check([None], [1.0]))).unmeasurable is Unmeasurable.ERRORS


def test_a_pass_must_hold_with_every_missing_answer_at_its_worst():
    candidate, baseline = flips(45, 0, 0)
    candidate[0] = None
    candidate[1], baseline[1] = 0.0, 1.0
    decision = one(check(candidate, baseline))
    assert decision.comparison.interval.low > -0.10
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert rule_of(decision).reason == (
        "The answers that are there rule out a drop of 10 points;"
        " with the candidate's 1 missing answer wrong, they would not."
    )
    assert decision.missing_could_change == "It would be PASS were every missing answer right."


def test_an_unbounded_score_without_a_scale_never_passes_and_can_fail():
    spec = {"low": None, "high": None}
    same = one(check([2.0, 3.0] * 60, [2.0, 3.0] * 60, **spec))
    assert same.verdict is Verdict.INCONCLUSIVE
    assert rule_of(same).reason == (
        "No regression found, but correctness is unbounded and declares no scale, so no drop can be ruled out."
    )
    assert "`scale`" in rule_of(same).next_step
    worse = one(check([1.0, 2.0] * 60, [2.0, 3.0] * 60, **spec))
    assert worse.verdict is Verdict.FAIL


def test_an_unbounded_score_with_a_scale_is_measured_by_it():
    decision = one(check([19.0] * 80, [20.0] * 80, low=None, high=None, scale=100.0))
    assert decision.comparison.delta == pytest.approx(-0.01)
    assert one(check([20.0] * 80, [20.0] * 80, low=None, high=None, scale=100.0)).verdict is Verdict.PASS


def test_errors_of_an_unbounded_score_are_as_bad_as_anything_seen():
    decision = one(
        check([ERROR] * 12 + [3.0] * 48, [3.0] * 59 + [9.0], low=None, high=None, scale=10.0, direction="minimize")
    )
    assert decision.verdict is Verdict.FAIL


def test_repetitions_are_averaged_within_the_example():
    """Three repetitions that agree are one example's evidence, not three; averages take mid-p only where few tie."""
    candidate, baseline = flips(20, 5, 0)
    once = one(check(candidate, baseline))
    thrice = one(check([[score] * 3 for score in candidate], [[score] * 3 for score in baseline]))
    assert (thrice.comparison.pairs, thrice.comparison.changed, thrice.comparison.worse) == (20, 5, 5)
    assert (once.comparison.p, thrice.comparison.p) == (0.015625, 0.03125)


def test_unequal_repetitions_use_the_first_of_each_side():
    """Baseline draws beyond the candidate's one inform the mean that is shown, and nothing that can fail."""
    baseline = [[1.0, 0.0, 0.0]] * 40
    decision = one(check([1.0] * 40, baseline))
    assert decision.comparison.changed == 0
    assert decision.baseline_mean == pytest.approx(1 / 3)


def test_what_could_be_caught_is_read_from_repetitions_where_there_are_any():
    noisy = [[1.0, 0.0] if index % 5 == 0 else [1.0, 1.0] for index in range(100)]
    repeated = one(check(noisy, noisy))
    assert repeated.detectable_from == "the repetitions of main"
    assert repeated.detectable == pytest.approx(0.114, abs=0.01)
    single = one(check(*flips(100, 5, 5)))
    assert single.detectable_from == "this run's own changes"
    assert single.detectable == pytest.approx(0.111, abs=0.005)


def test_clusters_are_tested_as_wholes():
    """Twelve losses in two conversations are two losses."""
    candidate, baseline = flips(60, 12, 0)
    clusters = [f"c{index // 6}" for index in range(60)]
    single, clustered = one(check(candidate, baseline)), one(check(candidate, baseline), clusters=clusters)
    assert single.verdict is Verdict.FAIL
    assert clustered.verdict is Verdict.INCONCLUSIVE
    assert clustered.comparison.changed == 2
    assert clustered.comparison.interval.method == "CR2 t with two imaginary clusters"
    assert not clustered.comparison.could_fail


def test_few_clusters_cannot_rule_out_a_drop():
    decision = one(check(*flips(60, 0, 0)), clusters=[f"c{index // 6}" for index in range(60)])
    assert rule_of(decision).reason.endswith(
        "10 clusters cannot rule out a drop of 10 points even where every score is equal."
    )
    assert rule_of(decision).next_step == "To decide: about 15 more clusters."


def test_clusters_of_one_suite_bind_the_examples_of_another_on_its_dataset():
    """Two clusterings of one dataset meet in what they connect; a suite without one follows the other's."""
    candidate, baseline = flips(40, 8, 0)
    pairs = [f"p{index // 2}" for index in range(40)]
    shifted = [f"q{(index + 1) // 2}" for index in range(40)]
    decision = decide(
        build(
            suite(check(candidate, baseline), name="a", clusters=pairs),
            suite(check(candidate, baseline), name="b", clusters=shifted),
            suite(check(candidate, baseline), name="c"),
        )
    )
    assert [part.checks[0].comparison.changed for part in decision.suites] == [1, 1, 1]


def test_could_fail_says_whether_so_many_changes_ever_could():
    assert not one(check(*flips(80, 3, 0))).comparison.could_fail
    assert one(check(*flips(80, 4, 0))).comparison.could_fail
    assert not one(check(*flips(80, 4, 0)), policy={"exact": True}).comparison.could_fail


def test_exact_takes_no_mid_p():
    candidate, baseline = flips(80, 4, 0)
    assert one(check(candidate, baseline)).comparison.p == 0.03125
    assert one(check(candidate, baseline), policy={"exact": True}).comparison.p == 0.0625


def test_so_few_changed_clusters_that_they_could_not_have_failed_are_said_to_be():
    clusters = [f"c{index // 3}" for index in range(90)]
    decision = one(check(*flips(90, 9, 0)), clusters=clusters)
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert rule_of(decision).reason == (
        "Leans worse (−21 to −0.5 points); with 3 changed clusters this check could not have failed."
    )
    undecided = one(check(*flips(20, 1, 0)))
    assert rule_of(undecided).reason == (
        "Fits both no change and a drop of up to 20 points. With 1 changed example this check could not have failed."
        " 20 examples cannot rule out a drop of 10 points even where every score is equal."
    )


def test_answers_that_both_sides_lack_do_not_cancel_out_in_what_they_could_change():
    candidate, baseline = flips(40, 0, 0)
    for index in range(5):
        candidate[index] = baseline[index] = None
    decision = one(check(candidate, baseline))
    assert decision.verdict is Verdict.UNMEASURABLE
    assert decision.missing_could_change == (
        "It would be PASS were every missing answer in the candidate's favour, and FAIL were every missing answer"
        " against the candidate."
    )
