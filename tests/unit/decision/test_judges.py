"""Judges that nobody has held to human labels: warned of in every report, and held back where the policy says so."""

from dataclasses import replace

import pytest

from evalgate.decision import decide, redraws
from evalgate.decision.evidence import Judged, KnownJudge
from evalgate.records import Verdict
from tests.unit.decision.builds import build, check, suite

KNOWN = KnownJudge(labelled=80, measured_on="2026-03-01", kappa=0.62, kappa_low=0.45)
UNKNOWN_TOLD = (
    "tone is the verdict of a judge that, as it is now, nobody has held to human labels: how often it is wrong is not"
    " known. `evalgate judge validate LABELS --suite s --judge tone` finds out."
)
WEAK = replace(KNOWN, kappa=0.55, kappa_low=0.31)
WEAK_TOLD = (
    "tone is the verdict of a judge that agrees with people too little: on 80 labelled answers (2026-03-01) kappa is"
    " 0.55, and could be 0.31, under the 0.4 that is asked for. `evalgate judge show tone` lists where it differs from"
    " people; mend its prompt, or label more answers."
)
ALIKE = replace(KNOWN, kappa=None, kappa_low=-1.0)
ALIKE_TOLD = (
    "tone is the verdict of a judge that was held to 80 labelled answers (2026-03-01) which are too much alike to say"
    " how well it agrees with people. `evalgate judge show tone` lists where it differs from people; mend its prompt,"
    " or label more answers."
)


def judged(known, *, rules=None, **policy):
    """A build of one suite with a check on a judge that got much worse, and one on code that did not."""
    worse = check([0] * 40, [1] * 40, name="tone", rules=rules or {"no_regression": {}})
    same = check([1] * 40, [1] * 40, name="exact")
    judge = None if known == "code" else Judged(known=known)
    return build(suite(replace(worse, judge=judge), same, name="s"), **policy)


@pytest.mark.parametrize(
    ("known", "told"),
    [(None, UNKNOWN_TOLD), (WEAK, WEAK_TOLD), (ALIKE, ALIKE_TOLD), (KNOWN, None), ("code", None)],
    ids=["unknown", "weak", "alike", "trusted", "no judge"],
)
def test_a_judge_that_is_not_trusted_is_a_warning_and_gates_all_the_same(known, told):
    """Until the policy says otherwise."""
    decision = decide(judged(known))
    assert decision.verdict is Verdict.FAIL
    assert decision.suites[0].warnings == ((told,) if told else ())


def test_under_require_validated_it_is_shown_and_gates_nothing():
    """The other check decides; a judge that is trusted gates as before."""
    decision = decide(judged(None, require_validated=True))
    (tone, exact) = decision.suites[0].checks
    assert (tone.gating, exact.gating) == (False, True)
    assert decision.verdict is Verdict.PASS
    assert decision.suites[0].warnings == (f"{UNKNOWN_TOLD} It does not gate (`require_validated`).",)
    assert decide(judged(KNOWN, require_validated=True)).verdict is Verdict.FAIL


def test_the_floor_is_the_policys():
    """min_kappa, of the lower end."""
    assert decide(judged(WEAK, min_kappa=0.3)).suites[0].warnings == ()
    assert "under the 0.6 that is asked for" in decide(judged(KNOWN, min_kappa=0.6)).suites[0].warnings[0]


def test_a_suite_of_untrusted_judges_alone_is_unmeasurable():
    """Never green on nothing."""
    evidence = judged(None, require_validated=True)
    alone = replace(evidence.suites[0], checks=evidence.suites[0].checks[:1])
    decision = decide(replace(evidence, suites=(alone,)))
    assert decision.verdict is Verdict.UNMEASURABLE
    assert decision.suites[0].reason == f"{UNKNOWN_TOLD} It does not gate (`require_validated`)."
    assert decision.suites[0].next_step == "evalgate judge validate LABELS --suite s --judge tone"


def test_what_does_not_gate_is_not_drawn_again():
    """Zero tolerance of a judge that is held back asks for nothing."""
    rules = {"zero_tolerance": {}}
    assert redraws(judged(None, rules=rules))
    assert not redraws(judged(None, rules=rules, require_validated=True))


def test_a_check_that_only_shows_needs_no_trusted_judge():
    assert decide(judged(None, rules={"no_regression": {}, "report_only": True})).suites[0].warnings == ()
