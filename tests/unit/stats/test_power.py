"""What can be caught and what it takes, against the tables of the method and against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from evalgate.stats.power import (
    Plan,
    bounds,
    detectable_drop,
    detectable_drop_binary,
    examples_needed,
    examples_to_clear,
    examples_to_rule_out,
    failures_allowed,
    intraclass,
)
from evalgate.stats.units import connected

# n: minimum detectable drop in points at flip 2, 5, 10, 20, 30 %; in the second line for the worst of five checks
TABLE = {
    30: ((20, 22, 26, 31, 35), (28, 33, 37, 43, 49)),
    50: ((13, 15, 18, 22, 25), (19, 22, 25, 30, 35)),
    100: ((7, 9, 11, 14, 17), (11, 13, 15, 19, 22)),
    200: ((4, 6, 7, 9, 11), (6, 8, 10, 13, 15)),
    500: ((2, 3, 4, 6, 7), (3, 4, 6, 7, 9)),
}
FLIPS = (0.02, 0.05, 0.10, 0.20, 0.30)


@pytest.mark.parametrize("n", TABLE)
def test_the_published_table_of_detectable_drops(n):
    """Within a point: the table's own cells are rounded simulations."""
    for alpha, expected in zip((0.05, 0.01), TABLE[n], strict=True):
        for flip, points in zip(FLIPS, expected, strict=True):
            plan = Plan(examples=n, flip=flip, alpha=alpha)
            drop = detectable_drop_binary(plan) if n <= 50 else detectable_drop(plan)
            assert drop is not None
            assert 100 * drop == pytest.approx(points, abs=1.0)


def test_repetitions_buy_the_published_power():
    for n, expected in ((50, (21, 16, 14)), (100, (14, 10, 9))):
        for repetitions, points in zip((1, 3, 5), expected, strict=True):
            drop = detectable_drop(Plan(examples=n, flip=0.20, alpha=0.05, repetitions=repetitions))
            assert drop is not None
            assert 100 * drop == pytest.approx(points, abs=1.0)


def test_too_few_examples_catch_nothing():
    """Three examples cannot fail whatever happens to them."""
    assert detectable_drop_binary(Plan(examples=3, flip=0.0, alpha=0.05)) is None
    assert detectable_drop_binary(Plan(examples=0, flip=0.0, alpha=0.05)) is None
    assert detectable_drop(Plan(examples=0, flip=0.0, alpha=0.05)) is None


def test_clusters_are_worth_fewer_examples():
    plan = Plan(examples=100, flip=0.1, alpha=0.05, cluster_size=5, icc=0.3)
    assert plan.effective == pytest.approx(100 / 2.2)


def test_thresholds_on_evidence_allow_what_the_documents_say():
    assert failures_allowed(0.95, 80) == 0
    assert failures_allowed(0.95, 50) is None
    assert examples_to_clear(0.95) == 52
    assert examples_to_clear(1.0) is None


@pytest.mark.parametrize(("threshold", "n"), [(0.8, 15), (0.8, 19), (0.8, 20), (0.5, 7), (0.9, 200)])
def test_failures_allowed_is_the_last_number_that_clears(threshold, n):
    allowed = failures_allowed(threshold, n)
    clears = [failures for failures in range(n + 1) if bounds(1 - failures / n, n)[0] >= threshold]
    assert allowed == (max(clears) if clears else None)


def test_ruling_out_a_margin_takes_the_examples_that_tango_takes():
    from evalgate.stats.intervals import tango

    for margin in (0.02, 0.05, 0.10, 0.25):
        needed = examples_to_rule_out(margin)
        assert tango(better=0, worse=0, pairs=needed, level=0.90)[0] > -margin
        assert tango(better=0, worse=0, pairs=needed - 1, level=0.90)[0] <= -margin


def test_examples_needed_shrink_with_the_drop_squared():
    assert examples_needed(variance=0.2, drop=0.1, alpha=0.05) == pytest.approx(
        4 * examples_needed(variance=0.2, drop=0.2, alpha=0.05)
    )


def test_intraclass_correlation_of_equal_and_of_unrelated_clusters():
    clusters = np.repeat(np.arange(20), 5)
    alike = np.repeat(np.random.default_rng(1).choice([-1.0, 0.0, 1.0], 20), 5)
    unrelated = np.random.default_rng(2).choice([-1.0, 0.0, 1.0], 100)
    assert intraclass(alike, clusters) == (pytest.approx(1.0), 5.0)
    assert intraclass(unrelated, clusters)[0] < 0.15
    assert intraclass(np.zeros(100), clusters) == (0.0, 5.0)
    assert intraclass(unrelated, np.arange(100)) == (0.0, 1.0)


def test_connected_components():
    groups = [["a", "b"], ["c"], ["b", "d"], ["e", "f"]]
    roots = connected(groups)
    assert roots["a"] == roots["b"] == roots["d"]
    assert len({roots["a"], roots["c"], roots["e"]}) == 3
    assert roots["e"] == roots["f"]
