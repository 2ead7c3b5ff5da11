"""What a drop takes, against the planner's table, and one example fewer."""

from __future__ import annotations

import pytest

from evalgate.records import Verdict
from evalgate.stats.planning import MOST_REPETITIONS, Planned, caught, caught_by_flow, examples_for, table
from evalgate.stats.power import Plan
from tests.bench.operating_characteristics import Cell, measure
from tests.bench.simulated import Spec

FLIPS = (0.02, 0.05, 0.10, 0.20, 0.30)
ALONE = {
    30: (20, 22, 26, 31, 35),
    50: (13, 15, 18, 22, 25),
    100: (7, 9, 11, 14, 17),
    200: (4, 6, 7, 9, 11),
    500: (2, 3, 4, 6, 7),
}
WORST_OF_FIVE = {
    30: (28, 33, 37, 43, 49),
    50: (19, 22, 25, 30, 35),
    100: (11, 13, 15, 19, 22),
    200: (6, 8, 10, 13, 15),
    500: (3, 4, 6, 7, 9),
}


def planned(examples=100, flip=0.2, *, comparisons=1, **changed):
    return Planned(plan=Plan(examples=examples, flip=flip, alpha=0.05, **changed), comparisons=comparisons)


@pytest.mark.parametrize(("comparisons", "published"), [(1, ALONE), (5, WORST_OF_FIVE)], ids=["alone", "worst of five"])
def test_the_planners_table(comparisons, published):
    """Within a point: the table's own cells are rounded simulations."""
    found = table(sizes=tuple(published), flips=FLIPS, comparisons=comparisons)
    for points, row in zip(published.values(), found, strict=True):
        for share, expected in zip(row, points, strict=True):
            assert 100 * share == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("drop", [0.05, 0.10, 0.25, 0.40])
@pytest.mark.parametrize("comparisons", [1, 5])
def test_the_fewest_examples_catch_the_drop_and_one_fewer_does_not(drop, comparisons):
    needed = examples_for(drop, planned(comparisons=comparisons))
    assert caught(planned(needed, comparisons=comparisons)) <= drop
    fewer = caught(planned(needed - 1, comparisons=comparisons))
    assert fewer is None or fewer > drop


def test_the_table_read_backwards():
    """Ten points at flip 20 % take about 200 examples, five points more than 500."""
    assert 150 < examples_for(0.10, planned()) < 210
    assert 500 < examples_for(0.05, planned()) < 900


def test_repetitions_stand_in_for_examples_where_runs_are_the_noise():
    by_times = [caught(planned(100).with_repetitions(times)) for times in range(1, MOST_REPETITIONS + 1)]
    assert by_times[2] <= 0.10 < by_times[1] <= 0.14
    assert min(by_times) > 0.02


def test_clusters_take_more_examples():
    assert examples_for(0.10, planned(cluster_size=5, icc=0.3)) > 2 * examples_for(0.10, planned())


def test_what_no_number_of_examples_catches():
    assert examples_for(1e-6, planned()) is None


@pytest.mark.parametrize("drop", [0.0, -0.1, 1.5, float("nan")])
def test_a_drop_that_is_none_is_refused(drop):
    with pytest.raises(ValueError, match="is no share of the range"):
        examples_for(drop, planned())


def test_nothing_is_caught_with_three_examples():
    assert caught(planned(3, 0.0)) is None


@pytest.mark.parametrize(("examples", "flip"), [(100, 0.10), (200, 0.20)])
def test_the_flow_catches_what_is_planned(examples, flip):
    """500 builds through the shipped screen and confirmation: 80 %, with a Monte Carlo error of 1.8."""
    drop = caught_by_flow(planned(examples, flip), screen_p=0.30, stored=3, confirm=3)
    spec = Spec(n=examples, flip=flip, drop=drop, flow="fair")
    assert 0.75 <= measure(Cell(group="plan", row=f"{flip}", spec=spec), 500)[Verdict.FAIL] / 500 <= 0.88


def test_the_flow_catches_smaller_drops_than_one_run_of_each_side():
    for comparisons in (1, 5):
        of = planned(100, 0.2, comparisons=comparisons)
        assert caught_by_flow(of, screen_p=0.30, stored=3, confirm=3) < caught(of)


def test_a_flow_over_nothing_catches_nothing():
    assert caught_by_flow(planned(0), screen_p=0.30, stored=3, confirm=3) is None
    assert caught_by_flow(planned(3), screen_p=0.30, stored=3, confirm=3) is None
