"""The test for whole runs that shift: exact where it can be, at its level, and the same in any order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evalgate.stats.whole_run import whole_run_p


def names(count):
    return [f"e{number}" for number in range(count)]


def p_of(scores, units=None, *, seed=1, drawn=None):
    units = np.arange(len(scores)) if units is None else units
    return whole_run_p(scores, units, names(int(units.max()) + 1), seed=seed, drawn=drawn)


def found(*studies):
    """How many of these scores and units show a shift, by few draws."""
    return sum(p_of(*study, drawn=299) <= 0.05 for study in studies)


def brute(scores):
    """Every order of every example's runs."""
    k = scores.shape[1]
    orders = list(itertools.permutations(range(k)))
    observed = ((scores.mean(axis=0) - scores.mean()) ** 2).sum()
    totals = []
    for chosen in itertools.product(orders, repeat=len(scores)):
        traded = np.array([row[list(order)] for row, order in zip(scores, chosen, strict=True)])
        totals.append(((traded.mean(axis=0) - traded.mean()) ** 2).sum())
    return np.mean(np.array(totals) >= observed - 1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("examples", "runs"), [(4, 3), (3, 3), (7, 2), (5, 2)])
def test_few_orders_are_all_tried(seed, examples, runs):
    scores = np.random.default_rng(seed).choice([0.0, 0.25, 1.0], (examples, runs))
    assert p_of(scores) == pytest.approx(brute(scores))


def test_drawn_orders_come_to_what_all_of_them_do():
    """Twenty changed examples of two runs trade places in a million ways, all of which numpy can try."""
    differences = np.random.default_rng(9).choice([-1.0, 1.0], 20, p=[0.3, 0.7])
    signs = 1 - 2 * ((np.arange(2**20)[:, None] >> np.arange(20)) & 1)
    expected = np.mean((signs @ differences) ** 2 >= differences.sum() ** 2)
    scores = np.stack([(1 - differences) / 2, (1 + differences) / 2], axis=1)
    assert p_of(scores) == pytest.approx(expected, abs=0.01)


def test_many_units_are_not_drawn_and_come_to_the_same():
    """Unless one cluster is a giant: a sum is not normal then, and draws it is."""
    rng = np.random.default_rng(11)
    for shift in (0.0, 0.04, 0.06):
        moved = 0.5 + np.array([shift, 0.0, -shift, 0.0])
        scores = (rng.random((640, 4)) < moved).astype(float)
        assert p_of(scores) == pytest.approx(p_of(scores, drawn=2_000), abs=0.03)
        beside, units = np.concatenate([scores, scores[:1].repeat(60, axis=0)]), np.append(np.arange(640), [640] * 60)
        assert p_of(beside, units, seed=1) != p_of(beside, units, seed=2)
    assert p_of(np.tile([0.0, 1.0], (600, 1))) == 1e-4


def test_nothing_that_changes_is_no_shift_and_p_is_never_0():
    assert p_of(np.ones((20, 5))) == 1
    shifted = np.tile(np.array([0.0, 0.0, 1.0]), (60, 1))
    assert p_of(shifted) == pytest.approx(1 / 10_000)
    one = np.zeros((20, 5))
    one[0, 0] = 1
    assert p_of(one) == 1


def test_neither_order_nor_rounding_changes_it():
    """Examples, runs, the index of a unit, and the last bit of a score."""
    rng = np.random.default_rng(4)
    scores = rng.choice([0.1, 0.3, 0.7], (50, 4))
    expected = p_of(scores)
    order = rng.permutation(50)
    assert whole_run_p(scores[order], order, names(50), seed=1) == expected
    assert p_of(scores + 1e-13) == expected
    assert p_of(scores, seed=2) != expected
    floats = rng.random((50, 4))
    assert whole_run_p(floats[order], order, names(50), seed=1) == p_of(floats)


def simulated(seed, *, shift=0.0, clusters=60, together=0.0, binary=True):
    rng = np.random.default_rng(seed)
    units = np.arange(60) % clusters
    level = rng.choice([0.05, 0.5, 0.8, 0.95], (60, 1))
    moved = level + rng.normal(0, shift, (1, 5)) + rng.normal(0, together, (clusters, 5))[units]
    scores = (rng.random((60, 5)) < moved).astype(float) if binary else moved + rng.normal(0, 0.2, (60, 5))
    return scores, units


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("together", [0.0, 0.4])
def test_it_keeps_its_level(binary, together):
    """300 studies in which no run shifts: about 15 are found, 27 at the most, whether or not clusters vary together."""
    clusters = 20 if together else 60
    studies = (simulated(seed, clusters=clusters, together=together, binary=binary) for seed in range(300))
    assert found(*studies) <= 27


def test_clusters_that_are_not_said_are_taken_for_a_shift():
    """Why the units count: studies without a shift, as if every example stood alone."""
    assert found(*((simulated(seed, clusters=6, together=0.4, binary=False)[0],) for seed in range(100))) > 30


@pytest.mark.parametrize("binary", [True, False])
def test_it_finds_a_shift(binary):
    assert found(*(simulated(seed, shift=0.25, binary=binary) for seed in range(100))) >= 80
