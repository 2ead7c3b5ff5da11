"""A noise study worked out from scores, and what a decision makes of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evalgate.decision import canonical, decide
from evalgate.decision.evidence import KnownNoise
from evalgate.decision.known_noise import noises
from evalgate.decision.noise import study
from evalgate.decision.study import FAILED, MISSING, SIZES, StudiedSuite, StudyEvidence
from evalgate.records import Verdict
from evalgate.stats.planning import Planned, caught
from evalgate.stats.power import Plan
from evalgate.suite.checks import Policy
from tests.unit.decision.builds import ERROR, build, check, flips, suite

SOURCE = "the 5 runs of noise study 4"


def flickering(n=60, runs=5, *, seed=1, flaky=0.5, shift=()):
    """n pass/fail examples of which a share is right half of the time; the runs in `shift` lose all of those."""
    rng = np.random.default_rng(seed)
    unsure = rng.random(n) < flaky
    scores = np.where(unsure[:, None], (rng.random((n, runs)) < 0.5), rng.random((n, 1)) < 0.8).astype(float)
    for run in shift:
        scores[unsure, run] = 0.0
    return scores


def studied(*checks, answers=None, again=None, of_baseline=True, **more):
    held = suite(*checks, label=None, **more)
    shape = checks[0].candidate.values.shape if checks else (0, 5)
    return StudiedSuite(
        suite=held,
        label="v1/app.py:answer",
        of_baseline=of_baseline,
        answers=np.arange(shape[0] * shape[1]).reshape(shape) if answers is None else answers,
        again=again or {},
    )


def evidence(*suites, runs=5, **policy):
    return StudyEvidence(suites=suites, policy=Policy.model_validate(policy), runs=runs)


def only(found):
    (held,) = found.suites
    (noise,) = held.checks
    return noise


def test_a_quiet_task():
    """No flips: what could be there is said, nothing is flaky, and nothing is a false alarm."""
    found = study(evidence(studied(check(np.ones((40, 5)).tolist()), answers=np.zeros((40, 5), dtype=np.int64))))
    noise = only(found)
    assert (noise.flip.rate, noise.flip.low, noise.flaky, noise.shift_p) == (0, 0, (), 1)
    assert 0.05 < noise.flip.high < 0.10
    assert noise.components.total == 0
    assert found.suites[0].steady == 40
    assert (found.alarms.pairs, found.alarms.failed, found.alarms.independent) == (10, 0, 2)


def test_flaky_examples_are_named_with_their_counts():
    """The most even first; an error of the task is told as one and scores worst."""
    scores = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 1, 1, ERROR], [0, 0, 0, 0, 0]]
    answers = np.array([[0, 1, 2, 3, 4], [5, 5, 5, 6, 6], [7, 7, 7, 7, FAILED], [8, 8, 8, 8, 8]])
    found = study(evidence(studied(check(scores), answers=answers)))
    assert [(each.example_id, each.scores, each.answers) for each in only(found).flaky] == [
        ("e00001", ((1.0, 3), (0.0, 2)), 2),
        ("e00002", ((1.0, 4), (None, 1)), 1),
    ]
    assert only(found).flip.rate == pytest.approx((2 * 0.3 + 2 * 0.2) / 4)
    assert (found.suites[0].steady, found.suites[0].errors, found.suites[0].missing) == (1, 1, 0)


def test_each_pair_is_decided_as_a_build_is():
    """A check loses half of its answers from the third run on: pairs across fail, the earlier being the baseline."""
    scores = np.ones((30, 5))
    scores[:15, 2:] = 0
    held = studied(check(scores.tolist()), check(np.ones((30, 5)).tolist(), name="other"))
    found = study(evidence(held)).alarms
    expected = 0
    for first in range(5):
        for second in range(first + 1, 5):
            one = check(scores[:, [second]].tolist(), scores[:, [first]].tolist())
            expected += decide(build(suite(one))).verdict is Verdict.FAIL
    assert (found.pairs, found.failed) == (10, expected) == (10, 6)
    assert (found.independent, found.independent_failed) == (2, 0)  # 1 and 2, 3 and 4
    assert found.failing == (("support", "correctness", 6),)
    assert found.low == 0
    assert found.high == pytest.approx(0.8419, abs=1e-4)


def test_thresholds_are_no_false_alarms():
    """A rule about the candidate alone fails as it should, whatever it is compared with."""
    below = check(np.zeros((30, 5)).tolist(), rules={"no_regression": {}, "at_least": 0.8})
    assert study(evidence(studied(below))).alarms.failed == 0
    shown = check(np.zeros((30, 5)).tolist(), rules={"at_least": 0.8})
    assert study(evidence(studied(shown))).alarms is None
    assert only(study(evidence(studied(shown)))).drops == ()


def test_many_runs_are_not_all_paired():
    """Of 14 runs 7 pairs are independent, and 45 of the 91 are decided."""
    found = study(evidence(studied(check(flickering(20, 14).tolist())), runs=14)).alarms
    assert (found.pairs, found.independent) == (45, 7)


def test_a_shift_is_found_and_adjusted_for_every_check():
    """Beside four quiet checks its p is larger than alone; the other checks are not said to shift."""
    shifted = flickering(100, shift=(1, 3))
    alone = only(study(evidence(studied(check(shifted.tolist())))))
    others = [check(flickering(100, seed=n).tolist(), name=f"other{n}") for n in range(4)]
    (held,) = study(evidence(studied(check(shifted.tolist()), *others))).suites
    assert alone.shifts
    assert held.checks[0].shift_p == pytest.approx(5 * alone.shift_p)
    assert [each.shifts for each in held.checks] == [True, False, False, False, False]
    assert alone.whole_runs.spread > 0.08
    assert alone.false_alarms > 0.15


def test_the_table_is_what_the_planner_says():
    """At the examples there are and at other sizes, with the flip rate that was measured."""
    held = studied(check(flickering(80).tolist()), check(flickering(80, seed=2).tolist(), name="b"))
    found = study(evidence(held))
    noise = found.suites[0].checks[0]
    assert [row.examples for row in noise.drops] == [80, *SIZES]
    assert found.comparisons == 2
    for row in noise.drops:
        for repetitions, drop in zip((1, 3, 5), row.caught, strict=True):
            plan = Plan(examples=row.examples, flip=noise.flip.rate, alpha=0.05, repetitions=repetitions)
            assert drop == caught(Planned(plan=plan, comparisons=2))
    ignoring = check(flickering(80).tolist(), rules={"no_regression": {"ignore_drop_under": 0.08}})
    lifted = only(study(evidence(studied(ignoring)))).drops
    assert all(low < high for low, high in zip(noise.drops[-1].caught, lifted[-1].caught, strict=True))


def test_a_judge_s_own_variance_is_taken_from_its_second_scores():
    """Only answers that were scored twice count, and none that was an error."""
    scores = flickering(40)
    again = np.full(40, np.nan)
    again[:20] = scores[:20, 0]
    again[:2] = 1 - again[:2]
    (held,) = study(evidence(studied(check(scores.tolist()), again={"correctness": again}))).suites
    (noise,) = held.checks
    assert (noise.scored_again, noise.scored_differently) == (20, 2)
    assert noise.components.evaluator == pytest.approx(2 / 20 / 2)


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([[1, None, None]] * 3 + [[1, 1, 0]] * 17, "3 examples of 20 lack an answer or a score"),
        ([[ERROR, ERROR, ERROR]] * 20, "every run failed in the task itself"),
        ([[1, 0, 1]], "1 example alone has a score in every run"),
    ],
)
def test_what_cannot_be_measured_says_why(scores, said):
    """The noise of a task that only fails is none, and that is not told as good news."""
    found = study(evidence(studied(check(scores)), runs=3))
    assert only(found).obstacle == said
    assert found.obstacles == [("support", "correctness", said)]


def test_one_missing_answer_is_left_out():
    """Its example still has the other runs' scores, and is in no sum that needs all of them."""
    scores = flickering(60).tolist()
    scores[7][2] = None
    answers = np.arange(300).reshape(60, 5)
    answers[7, 2] = MISSING
    found = study(evidence(studied(check(scores), answers=answers)))
    assert only(found).obstacle is None
    assert only(found).flip.examples == 60
    assert found.suites[0].missing == 1


def test_a_score_without_a_range_has_noise_and_no_drops():
    scores = np.random.default_rng(1).normal(5, 1, (30, 5)).tolist()
    noise = only(study(evidence(studied(check(scores, low=None, high=None)))))
    assert not noise.declared
    assert noise.drops == ()


def test_neither_order_nor_a_second_time_changes_a_study():
    """Examples and suites in any order give the same numbers."""
    scores, other = flickering(50, shift=(2,)), flickering(50, seed=3)
    ids = [f"e{n:05d}" for n in range(50)]
    first = study(evidence(studied(check(scores.tolist())), studied(check(other.tolist()), name="z", dataset="d")))
    order = np.random.default_rng(5).permutation(50)
    mixed = studied(
        check(scores[order].tolist()),
        example_ids=[ids[place] for place in order],
        answers=np.arange(250).reshape(50, 5)[order],
    )
    second = study(evidence(studied(check(other.tolist()), name="z", dataset="d"), mixed))
    assert {each.name: each for each in second.suites} == {each.name: each for each in first.suites}
    assert second.alarms == first.alarms


def known(shift=None):
    return KnownNoise(flip=0.3, source=SOURCE, shift=shift)


def test_a_decision_reads_noise_from_the_study_first():
    """Before the baseline's repetitions, and before its own flips; plans from such a build do too."""
    candidate, baseline = flips(60, 2, 1)
    for given in (
        check(candidate, baseline),
        check([[c, c] for c in candidate], [[b, 1 - b] for b in baseline]),
    ):
        told = build(suite(replace(given, noise=known())))
        (decided,) = decide(told).suites
        assert decided.checks[0].detectable_from == SOURCE
        assert noises(told)["support", "correctness"].flip == 0.3
        assert decided.warnings == ()
        (without,) = decide(build(suite(given))).suites
        assert without.checks[0].detectable != decided.checks[0].detectable


def test_every_build_after_a_shift_warns():
    """With the check and the size; a check that decides nothing does not warn, and the verdict stays what it was."""
    candidate, baseline = flips(60, 2, 1)
    told = build(suite(replace(check(candidate, baseline), noise=known(shift=0.06))))
    decision = decide(told)
    (decided,) = decision.suites
    (warning,) = decided.warnings
    assert warning == (
        "By the 5 runs of noise study 4, whole runs shift all examples together (correctness by about 6 points): a"
        " candidate that changed nothing fails more often than is promised here. `evalgate noise --show` says how"
        " often."
    )
    assert decided.verdict is decide(build(suite(check(candidate, baseline)))).suites[0].verdict
    assert canonical(decide(told)) == canonical(decision)
    shown = check(candidate, baseline, rules={"report_only": True})
    (quiet,) = decide(build(suite(replace(shown, noise=known(shift=0.06))))).suites
    assert quiet.warnings == ()
