"""How answers are spread: by label, by value, over ranges; the same whatever the order of examples."""

import dataclasses

import numpy as np
import pytest

from evalgate.decision import decide
from evalgate.decision.distribution import Spread, Tally, _edges
from evalgate.decision.evidence import Labels
from tests.unit.decision.builds import ABSENT, ERROR, build, check, flips, suite


def spread(of):
    return decide(build(suite(of))).suites[0].checks[0].distribution


def rows(found):
    return [(tally.name, tally.baseline, tally.candidate) for tally in found.tallies]


def test_pass_and_fail_are_all_in_the_mean():
    """Nothing more is to be said of them, labelled or not."""
    of = check(*flips(40, 3, 1))
    assert spread(of) is None
    labelled = dataclasses.replace(of, labels=Labels(counts=(("pass", 37, 39), ("fail", 3, 1))))
    assert spread(labelled) is None


def test_labels_are_counted_and_the_rest_summed():
    """As they come from the store: the most frequent first; scores of the same check say less."""
    labels = Labels(counts=(("billing", 20, 31), ("refund", 9, 1)), other_names=3, others=(4, 2))
    found = spread(dataclasses.replace(check([0.5] * 40, [0.7] * 40), labels=labels))
    assert found.of is Spread.LABELS
    assert rows(found) == [("billing", 31, 20), ("refund", 1, 9)]
    assert found.others == Tally(name="3 more", candidate=4, baseline=2)
    alone = spread(dataclasses.replace(check([0.5] * 40, rules={"at_least": 0.1}), labels=labels))
    assert [tally.baseline for tally in alone.tallies] == [None, None]


def test_few_values_are_counted_one_by_one():
    """Ratings of 1 to 5, three repetitions: every answer counts; errors and missing answers do not."""
    candidate = [[1, 2, 2], [3, None, ABSENT], [ERROR, 5, 5], *[[4, 4, 4]] * 5]
    baseline = [[2, 2, 2], [3, 3, 3], [5, 5, 5], *[[4, 4, 4]] * 5]
    found = spread(check(candidate, baseline, low=1.0, high=5.0))
    assert found.of is Spread.VALUES
    assert rows(found) == [("1", 0, 1), ("2", 3, 2), ("3", 3, 1), ("4", 15, 15), ("5", 3, 2)]
    assert found.candidate_quartiles is None


def test_other_scores_fall_into_ranges_of_round_numbers():
    """Every score is in one range; quartiles are those of each side."""
    rng = np.random.default_rng(1)
    candidate, baseline = (rng.normal(mean, 40, 500) for mean in (300, 310))
    found = spread(check(candidate.tolist(), baseline.tolist(), low=None, high=None, scale=400.0))
    assert found.of is Spread.RANGES
    assert [tally.low for tally in found.tallies[1:]] == [tally.high for tally in found.tallies[:-1]]
    assert {tally.low % 50 for tally in found.tallies} == {0.0}
    assert 3 <= len(found.tallies) <= 10
    assert sum(tally.candidate for tally in found.tallies) == sum(tally.baseline for tally in found.tallies) == 500
    assert found.candidate_quartiles == pytest.approx(np.quantile(candidate, [0, 0.25, 0.5, 0.75, 1]))
    for tally in found.tallies[:-1]:
        assert tally.candidate == ((tally.low <= candidate) & (candidate < tally.high)).sum()


def test_a_few_scores_that_all_differ_are_no_values():
    """Three examples with six different scores are scores that happen to be few."""
    assert spread(check([0.11, 0.52, 0.83], [0.22, 0.41, 0.94])).of is Spread.RANGES


def test_scores_that_are_all_the_same_are_one_value():
    """No range of width zero, no division by it."""
    assert rows(spread(check([0.5] * 12, [0.5] * 12))) == [("0.5", 12, 12)]
    assert rows(spread(check([0.5], [0.5]))) == [("0.5", 1, 1)]
    assert rows(spread(check([0.5], rules={"at_least": 0.1}))) == [("0.5", None, 1)]


def test_a_side_without_a_score_has_none_in_any_row():
    """Every answer of the candidate is an error: its counts are 0 and it has no quartiles."""
    rng = np.random.default_rng(2)
    found = spread(check([ERROR] * 30, rng.random(30).tolist()))
    assert {tally.candidate for tally in found.tallies} == {0}
    assert found.candidate_quartiles is None
    assert spread(check([None] * 30, [None] * 30)) is None


def test_what_is_no_score_is_counted_nowhere():
    """NaN, infinite, outside of the range."""
    bad = [float("nan"), float("inf"), -float("inf"), 7.0, -3.0]
    found = spread(check([*bad, *[0.5] * 5, *[0.25] * 10], [0.5] * 20))
    assert rows(found) == [("0.25", 0, 10), ("0.5", 20, 5)]


def test_the_order_of_examples_changes_nothing():
    """Also where the first thousand have few values and the rest many."""
    values = [0.25] * 1500 + np.random.default_rng(3).random(1500).round(3).tolist()
    assert spread(check(values, values)) == spread(check(values[::-1], values[::-1]))


@pytest.mark.parametrize(
    ("low", "high", "edges"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.71, 0.78, [0.71, 0.72, 0.73, 0.74, 0.75, 0.76, 0.77, 0.78]),
        (-3.0, 4.0, [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0]),
        (1e99, 9e99, [1e99, 2e99, 3e99, 4e99, 5e99, 6e99, 7e99, 8e99, 9e99]),
    ],
)
def test_ranges_end_at_round_numbers(low, high, edges):
    """As a person would draw them."""
    assert _edges(low, high) == pytest.approx(edges)


@pytest.mark.parametrize(("low", "high"), [(0.0, 5e-324), (1e15, 1e15 + 0.25), (-1e100, 1e100), (0.3, 0.3)])
def test_ranges_hold_everything_however_wide_or_narrow(low, high):
    """No step of zero, no range that is empty, nothing left outside."""
    edges = _edges(low, high)
    assert edges == sorted(set(edges))
    assert edges[0] <= low <= high <= edges[-1]
    assert 2 <= len(edges) <= 12
