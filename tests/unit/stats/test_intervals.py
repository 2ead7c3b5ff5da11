"""Intervals at their edges."""

from __future__ import annotations

import numpy as np
import pytest

from evalgate.stats.intervals import clopper_pearson, mean_interval, mean_spread, tango, wilson


def single(differences, level=0.90, **kwargs):
    return mean_interval(np.array(differences, dtype=float), np.ones(len(differences)), level=level, **kwargs)


def test_tango_is_symmetric():
    low, high = tango(better=2, worse=9, pairs=40, level=0.90)
    assert tango(better=9, worse=2, pairs=40, level=0.90) == pytest.approx((-high, -low))


@pytest.mark.parametrize(
    "counts", [(0, 0, 1), (1, 0, 1), (0, 1, 1), (5, 5, 10), (10, 0, 10), (0, 10, 10), (0, 1, 100_000)]
)
def test_tango_holds_its_estimate_and_stays_in_range(counts):
    better, worse, pairs = counts
    low, high = tango(better=better, worse=worse, pairs=pairs, level=0.90)
    assert -1 <= low <= (better - worse) / pairs <= high <= 1


def test_no_pairs_know_nothing():
    assert tango(better=0, worse=0, pairs=0, level=0.90) == (-1.0, 1.0)
    assert single([]) == (-1.0, 1.0)


def test_one_pair_knows_nothing():
    assert single([0.2]) == (-1.0, 1.0)


def test_equal_scores_do_not_rule_everything_out():
    """The plain t interval of 20 zeros is a point; two imaginary examples keep its lower end honest."""
    low, high = single([0.0] * 20)
    assert low == pytest.approx(-0.113, abs=0.005)
    assert high == 0.0


def test_the_upper_end_is_the_plain_t():
    from scipy.special import stdtrit

    differences = np.array([-0.3, 0.1, 0.0, -0.2, 0.4, -0.1])
    half = stdtrit(5, 0.95) * differences.std(ddof=1) / np.sqrt(6)
    assert single(differences)[1] == pytest.approx(differences.mean() + half)


def test_the_lower_end_is_never_above_the_plain_one():
    from scipy.special import stdtrit

    differences = np.array([-1.0] * 30 + [-0.9])
    half = stdtrit(30, 0.95) * differences.std(ddof=1) / np.sqrt(31)
    assert single(differences, bounded=False)[0] <= differences.mean() - half + 1e-12


def test_whole_broken_clusters_cannot_hide_behind_few_clusters():
    """Ten clusters of five without any change: 10 points are not ruled out, 30 such clusters rule them out."""
    assert mean_interval(np.zeros(10), np.full(10, 5.0), level=0.90)[0] < -0.10
    assert mean_interval(np.zeros(30), np.full(30, 5.0), level=0.90)[0] > -0.10


def test_one_cluster_knows_nothing():
    assert mean_interval(np.array([-3.0]), np.array([8.0]), level=0.90) == (-1.0, 1.0)
    assert mean_spread(np.array([-3.0]), np.array([8.0]))[1] == np.inf


def test_one_huge_cluster_among_small_ones():
    """What can PASS is the lower end, and nothing is ruled out."""
    assert mean_interval(np.array([-50.0, 0.0, 0.0]), np.array([100.0, 1.0, 1.0]), level=0.90)[0] == -1.0
    assert mean_interval(np.zeros(3), np.array([100.0, 1.0, 1.0]), level=0.90)[0] < -0.5


def test_unbounded_differences_are_not_cut_off():
    low, high = single([-3.0, -2.0, -4.0, -3.5], bounded=False)
    assert low < -3.5
    assert -3 < high < 0


def test_proportions_of_nothing_know_nothing():
    assert wilson(0.0, 0, level=0.90) == clopper_pearson(0.0, 0, level=0.90) == (0.0, 1.0)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_proportions_at_both_ends(interval):
    low, high = interval(1.0, 12, level=0.90)
    assert (low < 1.0, high) == (True, 1.0)
    assert interval(0.0, 12, level=0.90) == pytest.approx((0.0, 1 - low))
