"""Screen, then confirm: each sentence of how the baseline is used, as a table of what is drawn next."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from evalgate.decision import decide, screen_words
from evalgate.decision.evidence import History, StoredRuns
from evalgate.decision.flow import (
    BaselineRuns,
    Draw,
    Flow,
    Measured,
    Step,
    SuiteFlow,
    after,
    begin,
)
from evalgate.errors import ConfigurationError
from evalgate.records import Verdict
from evalgate.suite.checks import Policy
from tests.unit.decision.builds import build, check, suite

STORED = StoredRuns(repetitions=3, of="main@1a2b3c4", date="2026-11-20")
SCREEN_DRAW = Draw(suite="support", candidate=1, baseline=0, key=None)


def known(name="support", **changed):
    whole = {
        "name": name,
        "candidate": "c",
        "baseline": "b",
        "dataset": "d",
        "evaluators": "e",
        "policy": "p",
        "stored": STORED,
    }
    return SuiteFlow(**(whole | changed))


def flow(*suites, on_inconclusive="warn", **changed):
    return Flow(suites=suites or (known(),), policy=Policy(on_inconclusive=on_inconclusive), **changed)


def both(name="support", times=3):
    return Draw(suite=name, candidate=times, baseline=times, key=known(name).draw_key(times))


def sides(n, worse, better=0, *, stored=3):
    """One candidate run against `stored` runs of the baseline, `worse` of n examples broken and `better` repaired."""
    baseline = [1.0] * worse + [0.0] * better + [1.0] * (n - worse - better)
    candidate = [0.0] * worse + [1.0] * better + [1.0] * (n - worse - better)
    return candidate, [[value] * stored for value in baseline]


def screened(n=100, worse=0, better=0, *, name="support", stored=STORED, **options):
    candidate, baseline = sides(n, worse, better, stored=stored.repetitions)
    one = suite(check(candidate, baseline, **options), name=name, dataset=name, label=stored.of)
    return replace(one, screen=stored)


def measured(*suites, drawn=(SCREEN_DRAW,), **policy):
    evidence = build(*suites, **policy)
    return Measured(evidence=evidence, decision=decide(evidence), drawn=tuple(drawn))


@pytest.mark.parametrize(
    ("state", "draw"),
    [
        pytest.param(flow(), SCREEN_DRAW, id="one run of the candidate against the stored ones"),
        pytest.param(flow(known(repetitions=5)), SCREEN_DRAW, id="whatever the suite's own repetitions"),
        pytest.param(
            flow(history=History(measurements=1, failed=1, last_failed=True)), both(), id="a FAIL skips the screen"
        ),
        pytest.param(flow(history=History(measurements=2, failed=1)), SCREEN_DRAW, id="an older FAIL does not"),
        pytest.param(flow(known(stored=None)), both(), id="nothing stored to screen with"),
        pytest.param(flow(known(improvement=True)), both(), id="improves and equivalent never on the screen"),
        pytest.param(flow(on_inconclusive="fail"), both(), id="on_inconclusive: fail never on the screen"),
        pytest.param(
            flow(known(compares=False), on_inconclusive="fail"), SCREEN_DRAW, id="strict, but nothing is compared"
        ),
        pytest.param(
            flow(known(baseline=None, stored=None)),
            SCREEN_DRAW,
            id="absolute rules alone need one run of the candidate",
        ),
        pytest.param(
            flow(baseline_runs=BaselineRuns.FRESH), both(times=1), id="fresh: both sides, the suite's repetitions"
        ),
        pytest.param(
            flow(known(repetitions=2), baseline_runs=BaselineRuns.FRESH), both(times=2), id="fresh, two repetitions"
        ),
        pytest.param(
            flow(known(repetitions=2), baseline_runs=BaselineRuns.STORED),
            Draw(suite="support", candidate=2, baseline=0, key=None),
            id="stored: the candidate alone",
        ),
        pytest.param(flow(known(stored=None), confirm_repetitions=5), both(times=5), id="confirm_repetitions"),
    ],
)
def test_what_is_drawn_first(state, draw):
    assert begin(state) == (draw,)


@pytest.mark.parametrize(
    ("shown", "step"),
    [
        pytest.param({}, Step.STOP, id="nothing changed"),
        pytest.param({"worse": 4, "better": 4}, Step.STOP, id="p 0.5"),
        pytest.param({"worse": 6, "better": 3}, Step.CONFIRM, id="p 0.25 is under 0.30"),
        pytest.param({"worse": 12}, Step.CONFIRM, id="what would FAIL is confirmed, not failed"),
        pytest.param({"better": 12}, Step.STOP, id="an improvement"),
        pytest.param({"n": 12}, Step.STOP, id="INCONCLUSIVE stops: no comparison can FAIL"),
        pytest.param({"worse": 12, "rules": {"report_only": True}}, Step.STOP, id="what does not gate"),
    ],
)
def test_what_the_screen_leads_to(shown, step):
    at = measured(screened(**shown))
    answer = after(flow(), at)
    assert answer.step is step
    assert answer.draws == ((both(),) if step is Step.CONFIRM else ())
    assert answer.store == ()
    assert at.decision.verdict is not Verdict.FAIL


def test_the_threshold_of_the_screen_is_an_argument():
    at = measured(screened(worse=6, better=3))
    assert after(flow(screen_p=0.2), at).step is Step.STOP


def test_a_slice_that_leans_worse_is_confirmed():
    candidate, baseline = sides(100, 6, 6)
    part = check(candidate, baseline, rules={"no_regression": {"slices": ["metadata.lang"]}})
    languages = ["de"] * 6 + ["en"] * 94
    few = replace(suite(part, slices={"metadata.lang": languages}), screen=STORED)
    assert after(flow(), measured(few)).step is Step.STOP
    languages = ["de"] * 6 + ["en"] * 6 + ["de"] * 4 + ["en"] * 84
    tested = replace(suite(part, slices={"metadata.lang": languages}), screen=STORED)
    assert after(flow(), measured(tested)).draws == (both(),)


@pytest.mark.parametrize(
    ("rules", "draws"),
    [
        pytest.param({"at_least": 0.99}, True, id="at_least would fail"),
        pytest.param({"at_most": 0.5}, True, id="at_most would fail"),
        pytest.param({"at_least": 0.9}, False, id="a threshold that is met"),
        pytest.param({"at_least": 0.99, "report_only": True}, False, id="a threshold that does not gate"),
    ],
)
def test_absolute_rules_bring_the_candidate_alone_to_three(rules, draws):
    at = measured(screened(worse=2, better=2, rules=rules))
    alone = Draw(suite="support", candidate=3, baseline=0, key=known().draw_key(3, alone=True))
    assert after(flow(), at).draws == ((alone,) if draws else ())


def test_an_absolute_rule_beside_a_comparison_that_leans_draws_both_sides():
    rules = {"no_regression": {}, "at_least": 0.99}
    assert after(flow(), measured(screened(worse=8, rules=rules))).draws == (both(),)


def test_after_the_candidate_alone_was_drawn_its_decision_stands():
    rules = {"no_regression": {}, "at_least": 0.99}
    alone = Draw(suite="support", candidate=3, baseline=0, key=known().draw_key(3, alone=True))
    again = after(flow(), measured(screened(worse=8, rules=rules), drawn=(SCREEN_DRAW, alone)))
    assert (again.step, again.store) == (Step.DECIDE, ())


def test_a_confirmation_decides_and_its_baseline_replaces_the_stored_one_whatever_the_verdict():
    for worse, verdict in ((12, Verdict.FAIL), (0, Verdict.PASS)):
        candidate, baseline = sides(100, worse)
        fresh = suite(check([[one] * 3 for one in candidate], baseline))
        at = measured(fresh, drawn=(SCREEN_DRAW, both()))
        answer = after(flow(), at)
        assert at.decision.verdict is verdict
        assert (answer.step, answer.store) == (Step.DECIDE, ("support",))


@pytest.mark.parametrize("runs", [BaselineRuns.FRESH, BaselineRuns.STORED])
def test_fresh_and_stored_decide_on_what_they_drew(runs):
    state = flow(baseline_runs=runs)
    candidate, baseline = sides(100, 12, stored=1)
    answer = after(state, measured(suite(check(candidate, baseline)), drawn=begin(state)))
    assert answer.step is Step.DECIDE
    assert answer.store == (("support",) if runs is BaselineRuns.FRESH else ())
    assert any("1 time in 4" in sentence for sentence in answer.told) is (runs is BaselineRuns.STORED)


def test_too_few_stored_runs_cannot_pass_at_the_screen_and_are_drawn_anew():
    stored = replace(STORED, repetitions=2)
    at = measured(screened(n=300, stored=stored))
    assert at.decision.verdict is Verdict.INCONCLUSIVE
    assert at.decision.suites[0].checks[0].rules[0].reason == (
        "No regression found, compared with the stored 2 runs of main@1a2b3c4 (2026-11-20); so few may have been lucky"
        " or unlucky, and a PASS takes 3."
    )
    answer = after(flow(known(stored=stored)), at)
    assert answer.draws == (both(),)
    assert answer.told == ("Drawn again, because 1 suite stored too few runs to pass on.",)


def test_answers_that_are_the_stored_ones_byte_for_byte_pass_however_few_were_stored():
    stored = replace(STORED, repetitions=1)
    same = replace(screened(n=9, stored=stored), identical=np.ones(9, dtype=bool))
    at = measured(same)
    assert at.decision.verdict is Verdict.PASS
    assert after(flow(known(stored=stored)), at).step is Step.STOP


def test_a_pass_at_the_screen_uses_the_95_interval_and_says_what_it_was_compared_with():
    at = measured(screened(n=100, worse=2, better=2))
    one = at.decision.suites[0].checks[0]
    assert one.comparison.interval.level == 0.95
    assert one.verdict is Verdict.PASS
    assert one.rules[0].reason == (
        "No regression found, compared with the stored 3 runs of main@1a2b3c4 (2026-11-20); drops of 10 points or more"
        " are ruled out. Smaller ones could hide."
    )


def test_what_passes_at_90_and_not_at_95_does_not_pass_at_the_screen():
    """Four of 70 worse, two better: the lower end is above −10 points at 90 % and below it at 95 %."""
    screen = screened(n=70, worse=4, better=2)
    candidate, baseline = sides(70, 4, 2)
    confirmed = replace(screen, screen=None, checks=(check([[one] * 3 for one in candidate], baseline),))
    lower = {}
    for name, one in (("screen", screen), ("confirmed", confirmed)):
        first = decide(build(one)).suites[0].checks[0]
        lower[name] = (first.comparison.interval.low > -0.10, first.verdict)
    assert lower == {"screen": (False, Verdict.INCONCLUSIVE), "confirmed": (True, Verdict.PASS)}


def test_a_screen_uses_every_stored_run_and_a_confirmation_as_many_of_each_side():
    candidate, baseline = [0.0] + [1.0] * 99, [[1.0, 0.0, 0.0]] + [[1.0] * 3] * 99
    one = suite(check(candidate, baseline))
    assert decide(build(one)).suites[0].checks[0].comparison.delta == pytest.approx(-0.01)
    screen = replace(one, screen=STORED)
    assert decide(build(screen)).suites[0].checks[0].comparison.delta == pytest.approx(-0.01 / 3)


def test_a_screen_that_leans_worse_fails_nothing_and_says_so():
    reason = measured(screened(worse=12)).decision.suites[0].checks[0].rules[0].reason
    assert "the screen alone fails nothing" in reason


def test_only_the_suites_that_lean_are_drawn_and_p_stays_over_all_columns():
    state = flow(known("a"), known("b"))
    leaning, calm = screened(worse=9, better=1, name="a"), screened(worse=4, better=4, name="b")
    first = measured(leaning, calm, drawn=begin(state))
    answer = after(state, first)
    assert answer.draws == (both("a"),)
    fresh = suite(check([0.0] * 9 + [1.0] * 91, [1.0] * 9 + [0.0] + [1.0] * 90), name="a", dataset="a")
    together = replace(first.evidence, suites=(fresh, first.evidence.suites[1]))
    decision = decide(together)
    assert decision.columns == 2
    assert [one.screen is None for one in together.suites] == [True, False]
    last = Measured(evidence=together, decision=decision, drawn=(*begin(state), *answer.draws))
    assert after(state, last).step is Step.DECIDE
    assert after(state, last).store == ("a",)


def test_a_suite_that_leans_only_once_another_was_confirmed_is_confirmed_too():
    """What the first confirmation took out of the family cannot make screen data FAIL."""
    state = flow(known("a"), known("b"))
    candidate, baseline = sides(100, 0)
    fresh = suite(check([[one] * 3 for one in candidate], baseline), name="a", dataset="a")
    at = measured(fresh, screened(worse=9, name="b"), drawn=(*begin(state), both("a")))
    assert at.decision.verdict is not Verdict.FAIL
    assert after(state, at).draws == (both("b"),)


def test_a_confirmation_draws_samples_of_its_own_the_same_on_both_sides():
    draw = both()
    assert draw.samples == tuple(f"{draw.key}-{number}" for number in (1, 2, 3))
    assert not set(draw.samples) & set(Draw(suite="support", candidate=3, baseline=0, key=None).samples)
    assert SCREEN_DRAW.samples == ("r1",)


@pytest.mark.parametrize("part", ["baseline", "candidate", "dataset", "evaluators", "policy"])
def test_the_draw_key_is_of_everything_that_the_verdict_depends_on(part):
    assert known().draw_key(3) == known().draw_key(3)
    assert known(**{part: "other"}).draw_key(3) != known().draw_key(3)


def test_samples_drawn_for_an_absolute_rule_are_none_of_a_comparisons():
    """A candidate's that are known are never compared with a baseline's that are drawn later."""
    assert known().draw_key(3, alone=True) != known().draw_key(3)


def test_a_draw_of_another_size_is_another_draw():
    """`repetitions: 3` after a first measurement with 1 is measured, and not answered with that one."""
    assert known().draw_key(1) != known().draw_key(3)
    fresh = {"baseline_runs": BaselineRuns.FRESH}
    (once,), (thrice,) = (begin(flow(known(repetitions=times), **fresh)) for times in (1, 3))
    assert once.key != thrice.key


def test_sides_that_change_places_draw_other_samples():
    assert known(baseline="x", candidate="y").draw_key(3) != known(baseline="y", candidate="x").draw_key(3)


def test_a_draw_is_of_whole_suites():
    """Never a retry of the failures alone: a draw has no place for a choice of examples."""
    assert {field.name for field in fields(Draw)} == {"suite", "candidate", "baseline", "key"}


@pytest.mark.parametrize(
    ("before", "failed", "said"),
    [
        (0, 0, None),
        (
            1,
            0,
            "This is measurement 2 of pull request 12; the one before it did not fail. {} 2 times, {} 10 times in 100.",
        ),
        (1, 1, "This is measurement 2 of pull request 12; the one before it failed. {} 2 times, {} 10 times in 100."),
        (
            3,
            2,
            "This is measurement 4 of pull request 12; 2 of the 3 before it failed. {} 4 times, {} 19 times in 100.",
        ),
        (
            3,
            0,
            "This is measurement 4 of pull request 12; none of the 3 before it failed. {} 4 times, {} 19 times in 100.",
        ),
        (
            3,
            3,
            "This is measurement 4 of pull request 12; all of the 3 before it failed. {} 4 times, {} 19 times in 100.",
        ),
    ],
)
def test_the_report_counts_the_measurements_of_a_pull_request(before, failed, said):
    """And says what that does to the promise: the chance that one of so many fails, each with alpha."""
    history = History(measurements=before, failed=failed, change="pull request 12")
    promise = "The promise is for each measurement by itself: a change that does nothing, measured"
    wanted = None if said is None else said.format(promise, "fails at least once up to about")
    assert screen_words.measurement(history, alpha=0.05) == wanted


def test_a_confirmation_says_why():
    (told,) = after(flow(), measured(screened(worse=6, better=3))).told
    assert told == "Drawn again, because the screen leans worse (by luck alone about 25 times in 100)."


def test_the_order_of_suites_changes_nothing():
    parts, shown = (known("b"), known("a")), (screened(worse=9, name="b"), screened(worse=9, name="a"))
    forwards = after(flow(*parts), measured(*shown))
    assert after(flow(*parts[::-1]), measured(*shown[::-1])) == forwards
    assert begin(flow(*parts)) == begin(flow(*parts[::-1]))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (flow(screen_p=0.01), "screen_p is 0.01 and alpha 0.05"),
        (flow(confirm_repetitions=0), "confirm_repetitions is 0"),
        (flow(known(improvement=True), baseline_runs=BaselineRuns.STORED), "needs both sides fresh"),
    ],
)
def test_a_flow_that_cannot_keep_its_promise_is_refused(state, message):
    with pytest.raises(ConfigurationError, match=message) as refused:
        begin(state)
    assert refused.value.next_step


@pytest.mark.parametrize(("head", "draw"), [(3, SCREEN_DRAW), (2, both()), (0, both())])
def test_a_strict_policy_goes_by_stored_runs_where_both_sides_have_as_many_as_a_confirmation(head, draw):
    """One run against three is a screen, which a strict policy never goes by; three against three is none."""
    assert begin(flow(known(head=head), on_inconclusive="fail")) == (draw,)


@pytest.mark.parametrize("changed", [{"stored": None}, {"improvement": True}])
def test_stored_runs_of_the_candidate_alone_spare_nothing(changed):
    assert begin(flow(known(head=3, **changed), on_inconclusive="fail")) == (both(),)
