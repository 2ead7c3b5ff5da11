"""Input that breaks statistics: every one has an answer, in finite numbers and whole sentences, without a warning."""

import dataclasses
import math

import numpy as np
import pytest

from evalgate.decision import canonical, decide
from evalgate.errors import ConfigurationError
from evalgate.records import Verdict
from tests.unit.decision.builds import ABSENT, ERROR, build, check, flips, suite

PASS, FAIL, INCONCLUSIVE, UNMEASURABLE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.UNMEASURABLE
RULES = {"no_regression": {}, "at_least": {"threshold": 0.2, "mode": "evidence"}, "zero_tolerance": {}}
TWO_ENDED = ({"improves": 0.02}, {"equivalent": 0.1})


def decided(*checks, **more):
    """The first check, and everything in the decision a number that is one."""
    decision = decide(build(suite(*checks, **more)))
    for number in _numbers(decision):
        assert math.isfinite(number)
    assert b"nan" not in canonical(decision).lower()
    return decision.suites[0].checks[0]


def _numbers(value):
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _numbers(getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, float):
        yield value


def told(found):
    return " ".join(rule.reason for rule in found.rules)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_scores_that_are_all_the_same(value):
    """Nothing changed, so a drop is ruled out; that an evaluator finds nothing is said beside it."""
    found = decided(check([value] * 40, [value] * 40))
    assert (found.verdict, found.comparison.changed, found.comparison.p) == (PASS, 0, 1.0)
    assert bool(found.notes) == (value == 0.5)
    assert decided(check([value] * 40, [value] * 40, low=None, high=None)).verdict is INCONCLUSIVE


def test_a_constant_difference():
    """Everything is worse by the same: no spread at all, and as certain as it gets."""
    found = decided(check([0.4] * 40, [0.6] * 40))
    assert found.verdict is FAIL
    assert 0 < found.comparison.p < 1e-9
    assert found.comparison.interval.high == pytest.approx(-0.2)


@pytest.mark.parametrize(("candidate", "baseline"), [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.3, 0.8), (ERROR, 1.0)])
@pytest.mark.parametrize("rules", [{"no_regression": {}}, *TWO_ENDED])
def test_a_single_example_decides_nothing(candidate, baseline, rules):
    """Whatever it did: one example is no evidence either way."""
    found = decided(check([candidate], [baseline], rules=rules))
    assert found.verdict is INCONCLUSIVE
    assert found.detectable is None


def test_no_example_at_all():
    empty = decide(build(suite(check([], []))))
    assert (empty.verdict, empty.suites[0].reason) == (UNMEASURABLE, "There are no examples.")


@pytest.mark.parametrize("rules", [{"no_regression": {}}, *TWO_ENDED])
def test_no_example_changed(rules):
    """Equal scores, not equal answers: an interval around 0, and never one of no width."""
    found = decided(check(*flips(60, 0, 0), rules=rules))
    assert found.comparison.delta == 0
    assert found.comparison.interval.low < 0 < found.comparison.interval.high
    assert found.verdict is {"no_regression": PASS, "improves": INCONCLUSIVE, "equivalent": PASS}[next(iter(rules))]


@pytest.mark.parametrize(
    ("worse", "better", "verdict"),
    [(60, 0, FAIL), (0, 60, PASS), (30, 30, INCONCLUSIVE), (5, 0, FAIL), (3, 0, INCONCLUSIVE)],
)
def test_every_example_changed(worse, better, verdict):
    """All worse, all better, half and half; five of five, which chance does once in 32; three, too few to say."""
    found = decided(check(*flips(worse + better, worse, better)))
    assert found.verdict is verdict
    assert found.comparison.changed == worse + better
    assert 0 < found.comparison.p <= 1


@pytest.mark.parametrize("worse", [0, 1, 30, 60])
def test_one_cluster_is_one_example(worse):
    """Sixty examples of one conversation: no verdict, whatever became of them."""
    found = decided(check(*flips(60, worse, 0)), clusters=["talk"] * 60)
    assert found.verdict is INCONCLUSIVE
    assert "1 cluster cannot rule out a drop of 10 points even where every score is equal." in told(found)
    assert (found.comparison.interval.low, found.comparison.interval.high) == (-1.0, 1.0)
    assert found.detectable is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1e200, -0.5, 1.5])
def test_what_is_no_score_is_missing(bad):
    """One is let through and named; three of sixty are too many. Redraws of it are no answers either."""
    one = decided(check([bad] + [1.0] * 59, [1.0] * 60))
    assert (one.verdict, one.missing.candidate) == (PASS, 1)
    assert one.candidate_mean == 1.0
    many = decided(check([bad] * 3 + [1.0] * 57, [1.0] * 60, rules=RULES))
    assert many.verdict is UNMEASURABLE
    assert "(candidate 3, main 0)" in told(many)
    both = decided(check([bad] * 60, [bad] * 60))
    assert (both.verdict, both.candidate_mean, both.distribution) == (UNMEASURABLE, None, None)


def test_a_slice_without_an_answer_on_one_side():
    """Nothing to compare there: said, and no verdict of the check's."""
    candidate, baseline = flips(200, 2, 2)
    langs = {"metadata.lang": ["it"] * 3 + ["de"] * 197}
    candidate[0] = candidate[1] = candidate[2] = None
    found = decided(check(candidate, baseline, rules={"no_regression": {"slices": ["metadata.lang"]}}), slices=langs)
    italian = next(part for part in found.slices if part.value == "it")
    assert (italian.verdict, italian.reason) == (INCONCLUSIVE, "No example has both answers.")
    assert italian.comparison.interval is None
    assert found.verdict is PASS


def test_a_large_slice_without_an_answer_on_one_side():
    """Twelve of a thousand are missing, all in one slice that is large enough to be tested."""
    candidate, baseline = flips(1000, 5, 5)
    candidate[500:512] = [None] * 12
    langs = {"metadata.lang": ["de"] * 500 + ["it"] * 12 + ["de"] * 488}
    found = decided(check(candidate, baseline, rules={"no_regression": {"slices": ["metadata.lang"]}}), slices=langs)
    italian = next(part for part in found.slices if part.value == "it")
    assert (italian.tested, italian.verdict, italian.reason) == (True, INCONCLUSIVE, "No example has both answers.")
    assert found.verdict is PASS


@pytest.mark.parametrize("value", [None, "only one"])
def test_a_slice_path_with_one_value_or_none(value):
    """Nothing to part by: the whole, once more or not at all."""
    rules = {"no_regression": {"slices": ["metadata.lang"]}}
    found = decided(check(*flips(60, 1, 1), rules=rules), slices={"metadata.lang": [value] * 60})
    assert (found.verdict, len(found.slices)) == (PASS, 0 if value is None else 1)


def test_unequal_repetitions_use_as_many_of_each():
    """Three stored answers against one: the first of each make the pairs; a rule on the change asks for equal ones."""
    rng = np.random.default_rng(6)
    baseline = [[float(value) for value in line] for line in rng.random((60, 3)) < 0.9]
    candidate = [[line[0], ABSENT, ABSENT] for line in baseline]
    found = decided(check(candidate, baseline))
    assert (found.verdict, found.comparison.changed) == (PASS, 0)
    uneven = [[*line[: 1 + index % 3], *[ABSENT] * (2 - index % 3)] for index, line in enumerate(baseline)]
    assert decided(check(uneven, baseline)).comparison.changed == 0
    for rules in TWO_ENDED:
        assert decided(check(candidate, baseline, rules=rules)).verdict is UNMEASURABLE


@pytest.mark.parametrize("worse", [0, 10, 60])
def test_unbounded_scores_without_a_scale_never_pass(worse):
    """They can fail; that nothing of them is ruled out is said, with what to declare."""
    rng = np.random.default_rng(7)
    baseline = rng.normal(1000, 200, 60)
    candidate = baseline + rng.normal(0, 20, 60) - np.where(np.arange(60) < worse, 150, 0)
    found = decided(check(candidate.tolist(), baseline.tolist(), low=None, high=None))
    assert found.verdict is (FAIL if worse else INCONCLUSIVE)
    if not worse:
        assert "is unbounded and declares no scale" in told(found)
        assert found.rules[0].next_step.startswith("declare `scale` on the evaluator correctness")


def test_three_thousand_slices_are_refused_by_the_name_of_their_path():
    """Before a score is read, with what to do."""
    of = check([1.0] * 3000, [1.0] * 3000, rules={"no_regression": {"slices": ["metadata.user"]}})
    with pytest.raises(ConfigurationError, match=r"metadata\.user of suite support alone has 3,000 values") as refused:
        decided(of, slices={"metadata.user": [f"u{index}" for index in range(3000)]})
    assert refused.value.next_step == "take metadata.user out of `slices`, or slice by something with fewer values"


def test_only_errors_on_both_sides():
    """Equal failure is no pass: the baseline is none."""
    found = decided(check([ERROR] * 40, [ERROR] * 40, rules=RULES))
    assert found.verdict is FAIL  # by at_least: every answer is at the worst
    assert "Every answer of main is an error of its task" in told(found)


def test_scores_as_large_as_numbers_get():
    """Sums and squares of them are still numbers."""
    found = decided(check([1e99, -1e99] * 30, [-1e99, 1e99] * 30, low=None, high=None, scale=1e99))
    assert found.verdict is INCONCLUSIVE
