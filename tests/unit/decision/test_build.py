"""Builds and suites: the order of verdicts, what is never green, and equal bytes for equal evidence."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace

import numpy as np
import pytest

from evalgate.decision import canonical, decide, redraws
from evalgate.decision.evidence import BuildEvidence, Problem, Scores, SuiteEvidence
from evalgate.errors import ConfigurationError
from evalgate.records import Direction, Verdict
from evalgate.suite.checks import Unmeasurable
from tests.unit.decision.builds import ERROR, build, check, flips, ids, suite

LANG = "metadata.lang"


def test_a_build_is_its_worst_suite_and_a_suite_its_worst_check():
    failing = suite(check(*flips(40, 12, 0)), check(*flips(40, 0, 0), name="other"), name="a")
    unmeasurable = suite(check([1.0] * 40), name="b")
    inconclusive = suite(check(*flips(12, 0, 0)), name="c")
    passing = suite(check(*flips(60, 0, 0)), name="d")
    for parts, verdict in (
        ((failing, unmeasurable, inconclusive, passing), Verdict.FAIL),
        ((unmeasurable, inconclusive, passing), Verdict.UNMEASURABLE),
        ((inconclusive, passing), Verdict.INCONCLUSIVE),
        ((passing,), Verdict.PASS),
    ):
        decision = decide(build(*parts))
        assert decision.verdict is verdict
        assert decision.suites[0].verdict is verdict
    assert [part.verdict for part in decide(build(failing)).suites[0].checks] == [Verdict.FAIL, Verdict.PASS]


def test_a_check_is_its_worst_rule():
    rules = {"no_regression": {}, "at_least": 0.9}
    decision = decide(build(suite(check([0.0] * 60, [0.0] * 60, rules=rules)))).suites[0].checks[0]
    assert [(rule.rule, rule.verdict) for rule in decision.rules] == [
        ("no_regression", Verdict.PASS),
        ("at_least", Verdict.FAIL),
    ]
    assert decision.verdict is Verdict.FAIL


def test_the_reasons_name_what_is_worst():
    decision = decide(build(suite(check(*flips(12, 0, 0)), check(*flips(12, 1, 0), name="b"), name="s")))
    assert decision.suites[0].reason.startswith("b (1 other check likewise): Fits both")
    assert decision.reason == f"s: {decision.suites[0].reason}"
    passing = decide(build(suite(check(*flips(60, 0, 0)), check(*flips(60, 0, 0), name="b"))))
    assert passing.reason == "support: All 2 checks pass."


def test_the_promise_is_per_build():
    two = suite(check(*flips(60, 0, 0)), check(*flips(60, 0, 0), name="b"))
    assert decide(build(two)).promise == (
        "A candidate that changed nothing fails about 5 times in 100, over all 2 checks together."
    )
    assert decide(build(two, exact=True, alpha=0.01)).promise.startswith(
        "A candidate that changed nothing fails at most 1 time in 100"
    )
    absolute = suite(check(*flips(60, 0, 0), rules={"at_least": 0.5}))
    assert decide(build(absolute)).promise == (
        "No comparison decides this build: rules about the candidate alone state facts, which need no promise."
    )
    lost = suite(check([None] * 20 + [1.0] * 40, [1.0] * 60))
    assert decide(build(lost)).promise == "No comparison could be made, so none is promised anything."
    assert decide(build(absolute)).columns == 0


def test_a_stored_baseline_is_told_for_what_it_risks():
    """Nothing confirms a FAIL against it, and its luck is in every comparison with it."""
    of = suite(check(*flips(60, 1, 1)), label="stored build 3")
    assert decide(build(replace(of, stored=True))).promise == (
        "A candidate that changed nothing fails about 5 times in 100. That is for a baseline drawn together with the"
        " candidate, and this one is stored: where its runs were lucky, a candidate that changed nothing fails up to 1"
        " time in 4, every time it is measured."
    )


def problem(kind=Unmeasurable.INCOMPLETE):
    return Problem(kind=kind, message="The run was interrupted.", next_step="evalgate run --resume")


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ((), None),
        ((suite(),), Unmeasurable.NOTHING),
        ((suite(example_ids=ids(20)),), Unmeasurable.NOTHING),
        ((suite(check([], [])),), Unmeasurable.NOTHING),
        ((suite(check(*flips(60, 0, 0), rules={"report_only": True})),), Unmeasurable.NOTHING),
        ((suite(check([1.0] * 60), label=None),), Unmeasurable.BASELINE),
        ((suite(check([None] * 60, [1.0] * 60)),), Unmeasurable.ERRORS),
        ((suite(check([None] * 54 + [1.0] * 6, [None] * 54 + [1.0] * 6)),), Unmeasurable.ERRORS),
        ((suite(check([ERROR] * 60, [ERROR] * 60)),), Unmeasurable.BASELINE),
        ((suite(check([float("nan")] * 60, [float("nan")] * 60)),), Unmeasurable.ERRORS),
        ((suite(check(*flips(60, 0, 0)), problems=[problem()]),), Unmeasurable.INCOMPLETE),
    ],
    ids=[
        "no suites",
        "no examples and no checks",
        "no checks",
        "no examples",
        "no gating check",
        "no baseline",
        "no answer",
        "the judge failing on nine of ten",
        "only errors on both sides",
        "only NaN",
        "an interrupted run",
    ],
)
def test_what_must_never_be_green(parts, kind):
    decision = decide(build(*parts))
    assert decision.verdict is Verdict.UNMEASURABLE
    assert [part.unmeasurable for part in decision.suites] == ([kind] if parts else [])
    assert decision.reason
    assert all(part.next_step for part in decision.suites)


def test_a_problem_is_told_and_no_number_is_read():
    decision = decide(build(suite(check(*flips(60, 30, 0)), problems=[problem()])))
    assert (decision.suites[0].reason, decision.suites[0].next_step) == (
        "The run was interrupted.",
        "evalgate run --resume",
    )
    assert decision.suites[0].checks == ()
    assert redraws(build(suite(check([0.0], [1.0], rules={"zero_tolerance": {}}), problems=[problem()]))) == ()


def test_a_sample_has_numbers_and_no_verdict():
    """What is run with --limit while working on a prompt is worth seeing, and asks for no draws of its own."""
    sample = dataclasses.replace(problem(), sample=True)
    decision = decide(build(suite(check(*flips(60, 30, 0)), problems=[sample])))
    assert decision.verdict is Verdict.UNMEASURABLE
    assert len(decision.suites[0].checks[0].regressed) == 30
    both = suite(check(*flips(60, 30, 0)), problems=[sample, problem()])
    assert decide(build(both)).suites[0].checks == ()
    assert redraws(build(suite(check([0.0], [1.0], rules={"zero_tolerance": {}}), problems=[sample]))) == ()


def test_of_several_problems_the_one_that_blocks_counts():
    several = suite(check(*flips(60, 0, 0)), problems=[problem(), problem(Unmeasurable.BASELINE)])
    let_through = {"on_unmeasurable": {"baseline": "warn"}}
    assert decide(build(several, **let_through)).suites[0].unmeasurable is Unmeasurable.INCOMPLETE


def test_a_suite_with_a_problem_does_not_hide_the_failure_of_another():
    decision = decide(build(suite(check(*flips(60, 20, 0)), name="a"), suite(problems=[problem()], name="b")))
    assert decision.verdict is Verdict.FAIL


def test_a_check_that_gates_nothing_is_shown_and_changes_nothing():
    shown = check(*flips(60, 30, 0), name="shown", rules={"no_regression": {}, "report_only": True})
    bare = check(*flips(60, 30, 0), name="bare", rules={"report_only": True})
    decision = decide(build(suite(check(*flips(60, 0, 0)), shown, bare)))
    assert decision.verdict is Verdict.PASS
    assert decision.columns == 1
    described = {part.name: part for part in decision.suites[0].checks}
    assert [described[name].gating for name in ("correctness", "shown", "bare")] == [True, False, False]
    assert described["shown"].comparison.worse == described["bare"].comparison.worse == 30
    assert described["shown"].comparison.p_adjusted is None
    assert described["bare"].verdict is Verdict.INCONCLUSIVE


def test_a_neutral_score_is_shown_and_cannot_gate():
    neutral = check(*flips(60, 0, 0), name="length", rules={"report_only": True}, direction=Direction.NEUTRAL)
    assert decide(build(suite(check(*flips(60, 0, 0)), neutral))).verdict is Verdict.PASS
    with pytest.raises(ConfigurationError, match="neutral") as refused:
        decide(build(suite(check(*flips(60, 0, 0), direction=Direction.NEUTRAL))))
    assert "report_only" in refused.value.next_step


def test_arrays_that_do_not_fit_the_examples_are_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="do not fit the suite's 3 examples"):
        decide(build(suite(check([1.0] * 4, [1.0] * 4), example_ids=ids(3), identical=[False] * 3)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, ERROR, None, float("nan"), float("inf"), -3.0, 1e308])
@pytest.mark.parametrize("number", [1, 14])
@pytest.mark.parametrize("clustered", [False, True])
def test_constant_and_impossible_scores_have_an_answer(value, number, clustered):
    """Whatever stands in every cell, a decision comes out, as JSON without NaN, and nothing warns."""
    rules = {
        "no_regression": {"slices": [LANG]},
        "at_least": {"threshold": 0.5, "mode": "evidence"},
        "at_most": 0.5,
        "zero_tolerance": {},
    }
    spec = [{}, {"low": None, "high": None}, {"low": None, "high": None, "scale": 2.0}, {"low": 0.0, "high": None}]
    for spread, direction in ((one, way) for one in spec for way in (Direction.MAXIMIZE, Direction.MINIMIZE)):
        for other in (value, 1.0):
            both = check([value] * number, [other] * number, rules=rules, direction=direction, **spread)
            of = suite(both, clusters=["c"] * number if clustered else None, slices={LANG: ["de"] * number})
            assert json.loads(canonical(decide(build(of))))["verdict"] in set(Verdict)


@pytest.mark.filterwarnings("error")
def test_everything_changed():
    decision = decide(build(suite(check([0.0] * 40, [1.0] * 40)))).suites[0].checks[0]
    assert (decision.verdict, decision.comparison.delta, decision.comparison.interval.low) == (Verdict.FAIL, -1.0, -1.0)
    gained = decide(build(suite(check([1.0] * 40, [0.0] * 40)))).suites[0].checks[0]
    assert (gained.verdict, gained.comparison.interval.high) == (Verdict.PASS, 1.0)


def test_scores_outside_the_range_are_missing_and_float_noise_is_not():
    decision = decide(build(suite(check([1.0 + 1e-12] * 59 + [1.2], [1.0] * 60)))).suites[0].checks[0]
    assert decision.missing.candidate == 1
    assert decision.candidate_mean == 1.0


def big_build(rng):
    """Two suites on one dataset and one on another; clusters, slices, errors, missing answers, repetitions."""
    number = 60

    def drawn(width=1, share=0.8):
        values = (rng.random((number, width)) < share).astype(float).tolist()
        for line in values:
            if rng.random() < 0.02:
                line[0] = ERROR
        return values

    rules = {"no_regression": {"slices": [LANG]}, "at_least": 0.5}
    first = suite(
        check(drawn(share=0.7), drawn(), name="exact", rules=rules),
        check(rng.random(number).tolist(), rng.random(number).tolist(), name="similarity"),
        check(drawn(3), drawn(2), name="judged"),
        name="first",
        clusters=[f"c{index // 2}" for index in range(number)],
        slices={LANG: [("de", "en", None)[index % 3] for index in range(number)]},
    )
    second = suite(check(drawn(), drawn(), rules={"zero_tolerance": {}, "no_regression": {}}), name="second")
    missing = [None, *drawn()[1:]]
    third = suite(check(missing, drawn(), name="exact"), name="third", dataset="other")
    return build(first, second, third)


def shuffled(evidence, rng):
    """The same evidence with its suites, checks and examples in another order."""

    def examples(of):
        order = rng.permutation(len(of.example_ids))

        def side(scores):
            return scores and Scores(values=scores.values[order], cells=scores.cells[order])

        checks = [
            dataclasses.replace(one, candidate=side(one.candidate), baseline=side(one.baseline)) for one in of.checks
        ]
        return SuiteEvidence(
            name=of.name,
            dataset=of.dataset,
            example_ids=tuple(of.example_ids[index] for index in order),
            checks=tuple(checks[index] for index in rng.permutation(len(checks))),
            clusters=of.clusters and tuple(of.clusters[index] for index in order),
            slices={path: tuple(values[index] for index in order) for path, values in of.slices.items()},
            identical=of.identical[order],
            problems=of.problems,
            baseline_label=of.baseline_label,
        )

    parts = [examples(part) for part in evidence.suites]
    return BuildEvidence(suites=tuple(parts[index] for index in rng.permutation(len(parts))), policy=evidence.policy)


@pytest.mark.parametrize("seed", range(4))
def test_equal_evidence_gives_equal_bytes_in_any_order(seed):
    rng = np.random.default_rng(seed)
    evidence = big_build(rng)
    expected = canonical(decide(evidence))
    assert canonical(decide(evidence)) == expected
    for _ in range(2):
        assert canonical(decide(shuffled(evidence, rng))) == expected
        assert redraws(shuffled(evidence, rng)) == redraws(evidence)


def test_the_bytes_hold_every_number_and_differ_with_them():
    evidence = big_build(np.random.default_rng(0))
    decision = decide(evidence)
    other = decide(BuildEvidence(suites=evidence.suites, policy=evidence.policy.model_copy(update={"alpha": 0.01})))
    assert canonical(decision) != canonical(other)
    read = json.loads(canonical(decision))
    assert [part["name"] for part in read["suites"]] == ["first", "second", "third"]
    assert [part["name"] for part in read["suites"][0]["checks"]] == ["exact", "judged", "similarity"]
    assert set(read["suites"][0]["checks"][0]["slices"][0]) == {
        field.name for field in dataclasses.fields(decision.suites[0].checks[0].slices[0])
    }


def test_evidence_is_not_touched():
    evidence = big_build(np.random.default_rng(1))
    before = [np.copy(one.candidate.cells) for part in evidence.suites for one in part.checks]
    decide(evidence)
    after = [one.candidate.cells for part in evidence.suites for one in part.checks]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
