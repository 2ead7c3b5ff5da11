"""Agreement against worked examples from the literature, and against its definitions by brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from evalgate.stats.agreement import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    kappa_error,
    kappa_interval,
    quadratic_weights,
    raw_agreement,
    sensitivity,
    specificity,
)
from evalgate.stats.intervals import wilson
from evalgate.stats.krippendorff import Level, krippendorff_alpha

DIAGNOSES = np.array([[75.0, 1.0, 4.0], [5.0, 4.0, 1.0], [0.0, 0.0, 10.0]])
"""Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, table 18.1: kappa .68, its error .087."""
GAP = math.nan
FOUR_OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
        [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    ]
)
"""Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example D: .743, .815, .849."""


def test_raw_agreement():
    assert raw_agreement(DIAGNOSES) == pytest.approx(0.89)


def test_the_published_kappa_and_its_error():
    assert cohen_kappa(DIAGNOSES) == pytest.approx(0.68, abs=0.005)
    assert kappa_error(DIAGNOSES) == pytest.approx(0.087, abs=0.001)
    assert kappa_interval(DIAGNOSES) == pytest.approx((0.51, 0.85), abs=0.006)


def jackknife_error(table, weights):
    """The spread of kappa when each subject is left out, which the large-sample error approaches."""
    left_out, times = [], []
    for row, column in itertools.product(range(len(table)), repeat=2):
        if table[row, column]:
            fewer = table.copy()
            fewer[row, column] -= 1
            left_out.append(cohen_kappa(fewer, weights))
            times.append(table[row, column])
    n, values = table.sum(), np.repeat(left_out, np.array(times, dtype=int))
    return math.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum())


@pytest.mark.parametrize("weights", [None, quadratic_weights(3)], ids=["unweighted", "quadratic"])
def test_the_error_is_that_of_leaving_subjects_out(weights):
    table = 20 * DIAGNOSES
    assert kappa_error(table, weights) == pytest.approx(jackknife_error(table, weights), rel=0.01)


def test_quadratic_weighted_kappa_by_its_definition():
    """Cohen (1968): 1 − mean squared distance of the pairs over that of all pairings of both judges' labels."""
    pairs = [(r, c) for r in range(3) for c in range(3) for _ in range(int(DIAGNOSES[r, c]))]
    first, second = np.array(pairs).T
    observed = ((first - second) ** 2).mean()
    expected = ((first[:, None] - second[None, :]) ** 2).mean()
    assert cohen_kappa(DIAGNOSES, quadratic_weights(3)) == pytest.approx(1 - observed / expected)


def test_perfect_agreement_of_a_few_is_not_certain():
    low, high = kappa_interval(np.array([[4.0, 0.0], [0.0, 6.0]]))
    assert high == 1.0
    assert low == pytest.approx((wilson(1.0, 10, level=0.95)[0] - 0.52) / 0.48)


@pytest.mark.parametrize("table", [np.zeros((2, 2)), np.array([[9.0, 0.0], [0.0, 0.0]])], ids=["empty", "one label"])
def test_kappa_of_nothing_to_tell_apart_is_unknown(table):
    assert math.isnan(cohen_kappa(table))
    assert kappa_interval(table) == (-1.0, 1.0)
    assert kappa_error(table) == math.inf


def test_agreement_of_nobody_is_nan():
    assert math.isnan(raw_agreement(np.zeros((2, 2))))
    assert math.isnan(gwet_ac1(np.zeros((2, 2))))
    assert math.isnan(fleiss_kappa(np.zeros((0, 2))))


@pytest.mark.parametrize(
    ("level", "published"), [(Level.NOMINAL, 0.743), (Level.ORDINAL, 0.815), (Level.INTERVAL, 0.849)]
)
def test_the_published_alphas(level, published):
    assert krippendorff_alpha(FOUR_OBSERVERS, level=level) == pytest.approx(published, abs=0.0005)


def alpha_by_pairs(values, level):
    """Alpha from every pair of values, one by one."""
    units = [[v for v in unit if not math.isnan(v)] for unit in values.T]
    units = [unit for unit in units if len(unit) > 1]
    everything = sorted(v for unit in units for v in unit)

    def apart(a, b):
        if level is Level.NOMINAL:
            return float(a != b)
        if level is Level.INTERVAL:
            return (a - b) ** 2
        low, high = min(a, b), max(a, b)
        between = sum(low <= v <= high for v in everything)
        return (between - (everything.count(a) + everything.count(b)) / 2) ** 2 if a != b else 0.0

    n = len(everything)
    observed = sum(apart(a, b) / (len(unit) - 1) for unit in units for a, b in itertools.permutations(unit, 2)) / n
    expected = sum(apart(a, b) for a, b in itertools.permutations(everything, 2)) / (n * (n - 1))
    return 1 - observed / expected


@pytest.mark.parametrize("level", list(Level))
def test_alpha_by_its_definition(level):
    rng = np.random.default_rng(4)
    values = rng.integers(1, 6, size=(3, 25)).astype(float)
    values[rng.random(values.shape) < 0.3] = math.nan
    assert krippendorff_alpha(values, level=level) == pytest.approx(alpha_by_pairs(values, level))


@pytest.mark.parametrize(
    "values",
    [np.full((2, 4), math.nan), np.array([[1.0, GAP], [GAP, 2.0]]), np.ones((3, 5)), np.zeros((2, 0))],
    ids=["no values", "no unit with two", "one value", "no units"],
)
@pytest.mark.parametrize("level", list(Level))
def test_alpha_where_nothing_could_differ_is_nan(values, level):
    assert math.isnan(krippendorff_alpha(values, level=level))


def test_alpha_of_equal_judges_is_1():
    assert krippendorff_alpha(np.array([[1.0, 2.0, 5.0]] * 2), level=Level.ORDINAL) == 1.0


def test_sensitivity_and_specificity_with_their_intervals():
    truth = np.array([True] * 10 + [False] * 20)
    judged = np.array([True] * 9 + [False] + [True] * 4 + [False] * 16)
    caught, cleared = sensitivity(truth, judged), specificity(truth, judged)
    assert (caught.share, caught.subjects, cleared.share, cleared.subjects) == (0.9, 10, 0.8, 20)
    assert (caught.low, caught.high) == wilson(0.9, 10, level=0.95)
    assert (cleared.low, cleared.high) == wilson(0.8, 20, level=0.95)


def test_a_judge_that_saw_no_failure_has_an_unknown_specificity():
    unknown = specificity(np.array([True]), np.array([True]))
    assert math.isnan(unknown.share)
    assert (unknown.low, unknown.high, unknown.subjects) == (0.0, 1.0, 0)
