"""What an acceptance covers of a check that failed, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalgate.decision import decide, exit_code
from evalgate.decision.accepting import failed_parts
from evalgate.decision.evidence import Acceptance
from evalgate.records import Verdict
from tests.unit.decision.builds import build, check, suite


def failing(name="route", worse=20, n=100, rules=None):
    """Twice wrong each: what zero_tolerance counts."""
    candidate = [[0.0, 0.0]] * worse + [[1.0, 1.0]] * (n - worse)
    return check(candidate, [[1.0, 1.0]] * n, name=name, rules=rules)


def accepted(decision, **changed):
    (decided,) = [each for each in decision.suites[0].checks if each.verdict is Verdict.FAIL]
    given = {
        "check": decided.name,
        "covers": tuple(failed_parts(decided)),
        "examples": tuple(flip.example_id for flip in decided.regressed),
        "author": "Jo",
        "reason": "meant",
        "expires": "2026-12-31",
        "changed": (),
        "expired": False,
        "obstacle": None,
    }
    return Acceptance(**{**given, **changed})


def decided(of, acceptance, **policy):
    return decide(build(replace(of, acceptances=(acceptance,)), **policy))


@pytest.mark.parametrize(
    "rules",
    [
        {"no_regression": {}},
        {"at_least": 0.95},
        {"no_regression": {}, "at_least": 0.95},
        {"zero_tolerance": {"absolute": True}},
    ],
)
def test_what_was_measured_is_covered_whatever_the_rule(rules):
    of = suite(failing(rules=rules))
    before = decide(build(of))
    assert before.verdict is Verdict.FAIL
    after = decided(of, accepted(before))
    assert (after.verdict, after.accepted, exit_code(after, build(of).policy)) == (Verdict.FAIL, True, 0)
    assert after.suites[0].checks[0].accepted.told == "Accepted by Jo until 2026-12-31: meant"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"expired": True}, "its last day was 2026-12-31"),
        ({"changed": ("the baseline",)}, "the baseline is not what it was measured with"),
        ({"obstacle": "It does not count."}, "It does not count."),
    ],
)
def test_what_voids_it_is_said(changed, said):
    of = suite(failing())
    before = decide(build(of))
    after = decided(of, accepted(before, **changed))
    assert (after.accepted, exit_code(after, build(of).policy)) == (False, 1)
    assert said in after.suites[0].checks[0].accepted.told


def test_a_rule_that_did_not_fail_then_is_not_covered():
    acceptance = accepted(decide(build(suite(failing()))))
    after = decided(suite(failing(rules={"no_regression": {}, "at_least": 0.95})), acceptance)
    assert (after.accepted, after.suites[0].checks[0].accepted.counts) == (False, False)
    assert "`at_least` fails too, which nobody accepted" in after.suites[0].checks[0].accepted.told


def test_a_larger_drop_is_not_covered():
    acceptance = accepted(decide(build(suite(failing(worse=15)))))
    assert decided(suite(failing(worse=17)), acceptance).accepted, "within the interval of what was measured"
    after = decided(suite(failing(worse=50)), acceptance)
    assert not after.accepted
    assert "the drop is 50 points now, and up to 2" in after.suites[0].checks[0].accepted.told


def test_another_check_that_fails_is_not_accepted_with_it():
    one = suite(failing())
    acceptance = accepted(decide(build(one)))
    both = suite(failing(), failing("tone"))
    after = decided(both, acceptance)
    assert (after.accepted, exit_code(after, build(both).policy)) == (False, 1)


def test_it_hides_nothing_that_could_not_be_measured():
    of = suite(failing())
    acceptance = accepted(decide(build(of)))
    lost = suite(check([None] * 100, [1.0] * 100, name="tone"), name="other", dataset="other")
    evidence = build(replace(of, acceptances=(acceptance,)), lost)
    after = decide(evidence)
    assert (after.verdict, after.accepted, exit_code(after, evidence.policy)) == (Verdict.FAIL, True, 4)


def test_what_passes_is_not_accepted():
    of = suite(failing())
    acceptance = accepted(decide(build(of)))
    fine = suite(failing(worse=0))
    after = decided(fine, acceptance)
    assert (after.verdict, after.accepted, after.suites[0].checks[0].accepted) == (Verdict.PASS, False, None)


def test_a_label_covers_whatever_failed_of_its_commit():
    """The verdict stays FAIL. A file that counts comes first: it says what is meant."""
    of = suite(failing(), failing("tone"))
    before = decide(build(of))
    after = decide(build(replace(of, labelled_by="octocat")))
    assert (after.verdict, after.accepted, exit_code(after, build(of).policy)) == (Verdict.FAIL, True, 0)
    assert {each.accepted.told for each in after.suites[0].checks} == {
        "Accepted by octocat, who set the label evalgate:accept for this commit; the next push voids it."
    }
    alone = suite(failing())
    written = accepted(decide(build(alone)))
    both = decide(build(replace(alone, acceptances=(written,), labelled_by="octocat")))
    assert both.suites[0].checks[0].accepted.author == "Jo"
    void = replace(written, expired=True)
    both = decide(build(replace(alone, acceptances=(void,), labelled_by="octocat")))
    assert (both.accepted, both.suites[0].checks[0].accepted.author) == (True, "octocat")
    assert not before.accepted


def test_a_label_accepts_nothing_that_was_not_measured():
    of = suite(check([], [], name="route"))
    assert not decide(build(replace(of, labelled_by="octocat"))).accepted
