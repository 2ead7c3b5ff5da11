"""A judge's difference beside the one that people's labels of both sides correct it to."""

from dataclasses import replace

import numpy as np
import pytest

from evalgate.decision import decide
from evalgate.decision.evidence import Judged, KnownJudge
from evalgate.records import Verdict
from tests.unit.decision.builds import build, check, suite

KNOWN = KnownJudge(labelled=80, measured_on="2026-03-01", kappa=0.8, kappa_low=0.6)


def leaning(*, labelled: int, n: int = 100, clusters=None, order=None, direction="maximize"):
    """A judge that sees 30 of 100 answers get worse, where people see the same quality on both sides."""
    flip = 1 if direction == "maximize" else 0
    baseline, candidate = [flip] * n, [1 - flip] * 30 + [flip] * (n - 30)
    people = np.full(n, np.nan)
    people[np.random.default_rng(3).permutation(n)[:labelled]] = flip
    places = np.arange(n) if order is None else order
    told = check([candidate[i] for i in places], [baseline[i] for i in places], name="tone", direction=direction)
    judge = Judged(known=KNOWN, people=(people[places], people[places].copy()))
    ids = [f"e{i:03d}" for i in places]
    return build(suite(replace(told, judge=judge), example_ids=ids, clusters=clusters))


def test_labels_on_both_sides_take_a_leaning_off():
    """The raw difference is −30 points; by people nothing changed. The verdict goes by the judge."""
    decision = decide(leaning(labelled=50))
    (tone,) = decision.suites[0].checks
    assert decision.verdict is Verdict.FAIL
    assert tone.comparison.delta == pytest.approx(-0.3)
    assert tone.corrected.labelled == 50
    assert tone.corrected.low <= 0 <= tone.corrected.high
    assert abs(tone.corrected.estimate) < 0.1
    assert tone.corrected.told.startswith("People labelled the answers of both sides to 50 of these examples. As they")
    assert tone.corrected.told.endswith("by the judge alone it is −30 points. The verdict goes by the judge.")


def test_a_score_of_which_less_is_better_is_turned_round():
    """As everywhere: + is better."""
    assert decide(leaning(labelled=50, direction="minimize")).suites[0].checks[0].corrected == (
        decide(leaning(labelled=50)).suites[0].checks[0].corrected
    )


def test_the_order_of_examples_changes_nothing():
    order = np.random.default_rng(1).permutation(100)
    assert decide(leaning(labelled=50, order=order)).suites[0].checks[0].corrected == (
        decide(leaning(labelled=50)).suites[0].checks[0].corrected
    )


def test_all_labelled_is_the_peoples_own_mean():
    """Nothing is left for the judge to say."""
    found = decide(leaning(labelled=100)).suites[0].checks[0].corrected
    assert found.estimate == pytest.approx(0)


@pytest.mark.parametrize("labelled", [0, 4])
def test_too_few_labels_correct_nothing(labelled):
    assert decide(leaning(labelled=labelled)).suites[0].checks[0].corrected is None


def test_clustered_examples_are_not_corrected():
    """The formula takes examples for independent."""
    clusters = [f"c{i // 5}" for i in range(100)]
    assert decide(leaning(labelled=50, clusters=clusters)).suites[0].checks[0].corrected is None


def test_labels_that_are_all_alike_leave_something_open():
    """An interval of no width would say that eight labels settle everything."""
    found = decide(leaning(labelled=8)).suites[0].checks[0].corrected
    assert found.low < found.estimate - 0.05
