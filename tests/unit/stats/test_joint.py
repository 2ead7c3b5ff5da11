"""The joint sign-flip engine against brute force, and what it promises of order, memory and repeatability."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evalgate.stats import joint as engine
from evalgate.stats.columns import Column, weigh
from evalgate.stats.joint import each_alone, joint_test
from evalgate.stats.nulls import exact_null


def column(differences, units=None, *, mid=False):
    differences = np.array(differences, dtype=float)
    return Column(
        units=np.arange(len(differences)) if units is None else np.array(units), differences=differences, mid=mid
    )


def names(number):
    return [f"dataset\x00e{index}" for index in range(number)]


def brute_force(table, *, mids):
    """Raw and step-down adjusted p-values from every sign pattern, in plain loops over exact fractions of 60."""
    whole = np.rint(np.array(table) * 60).astype(int)
    patterns = list(itertools.product((1, -1), repeat=whole.shape[1]))
    sums = np.array([[int(line @ np.array(signs)) for signs in patterns] for line in whole])

    def p_of(line, value, mid):
        at_most = (sums[line] <= value).mean()
        below = (sums[line] < value).mean()
        return (at_most + below) / 2 if mid else at_most

    tables = [{value: p_of(line, value, mids[line]) for value in set(sums[line])} for line in range(len(whole))]
    p_values = np.array([[tables[line][value] for value in sums[line]] for line in range(len(whole))])
    raw = p_values[:, 0]
    order = sorted(range(len(raw)), key=lambda line: raw[line])
    adjusted, before = np.zeros(len(raw)), 0.0
    for position, line in enumerate(order):
        smallest = p_values[order[position:]].min(axis=0)
        at_most = (smallest <= raw[line] + 1e-12).mean()
        below = (smallest < raw[line] - 1e-12).mean()
        own = (at_most + below) / 2 if mids[line] else at_most
        adjusted[line] = before = max(before, own, raw[line])
    return raw, adjusted


@pytest.mark.parametrize("seed", range(6))
def test_small_problems_agree_with_brute_force(seed):
    """Columns of pass/fail, thirds and twentieths over shared units, some of them outside a column's slice."""
    rng = np.random.default_rng(seed)
    steps = (1, 3, 20)
    table = np.array([rng.integers(-step, step + 1, 9) / step for step in steps])
    table[1, rng.choice(9, 3, replace=False)] = 0
    columns = [column(line, mid=step == 1) for line, step in zip(table, steps, strict=True)]
    nulls = [exact_null(weigh(one)) for one in columns]
    mids = [null.uses_mid(weigh(one).observed, always=one.mid) for null, one in zip(nulls, columns, strict=True)]
    raw, adjusted = brute_force(table, mids=mids)
    joint = joint_test(columns, names(9), seed=1)
    assert joint.enumerated
    assert joint.raw == pytest.approx(raw.tolist(), abs=1e-12)
    assert joint.adjusted == pytest.approx(adjusted.tolist(), abs=1e-12)


def test_drawn_patterns_come_close_to_all_of_them():
    """14 changed units are drawn, not enumerated: 9,999 draws are within sampling error of the 16,384 patterns."""
    rng = np.random.default_rng(5)
    table = rng.integers(-1, 2, (3, 14)).astype(float)
    table[:, 0] = 1
    table[rng.integers(0, 3, 14), np.arange(14)] = -1
    _, adjusted = brute_force(table, mids=[True] * 3)
    joint = joint_test([column(line, mid=True) for line in table], names(14), seed=1)
    assert not joint.enumerated
    assert joint.patterns >= 10_000
    assert joint.adjusted == pytest.approx(adjusted.tolist(), abs=0.015)


def test_continuous_columns_use_the_drawn_patterns_as_their_distribution():
    rng = np.random.default_rng(2)
    differences = rng.normal(-0.05, 0.3, 40)
    joint = joint_test([column(differences)], names(40), seed=3)
    from scipy.special import stdtr

    t = differences.mean() / (differences.std(ddof=1) / np.sqrt(40))
    assert joint.raw[0] == pytest.approx(float(stdtr(39, t)), abs=0.02)


def test_units_outside_every_column_and_their_order_change_nothing():
    """The bits of a unit come from its name, so other units, and the order of all, leave the p-values alone."""
    rng = np.random.default_rng(8)
    table = rng.choice([-1.0, 0.0, 1.0], (2, 60), p=[0.3, 0.5, 0.2])
    straight = joint_test([column(line) for line in table], names(60), seed=4)
    order = rng.permutation(90)
    place = {unit: position for position, unit in enumerate(order)}
    moved_names = [names(90)[unit] for unit in order]
    moved = joint_test([column(line, [place[unit] for unit in range(60)]) for line in table], moved_names, seed=4)
    assert moved == straight


def test_another_seed_gives_other_draws_and_the_same_seed_the_same():
    rng = np.random.default_rng(9)
    columns = [column(rng.normal(-0.02, 0.3, 50)) for _ in range(3)]
    first, same, other = (joint_test(columns, names(50), seed=seed) for seed in (1, 1, 2))
    assert first == same
    assert first.adjusted != other.adjusted


def test_clusters_flip_whole_and_their_sums_are_what_counts():
    """Two clusters of five that each lost everything are two units: p is 1/4, not 1/1024."""
    joint = joint_test([column([-1.0] * 10, [0] * 5 + [1] * 5)], names(2), seed=1)
    assert joint.changed == (2,)
    assert joint.raw == (0.25,)


def test_a_cluster_whose_losses_and_gains_cancel_is_no_changed_unit():
    joint = joint_test([column([-1.0, 1.0, -1.0], [0, 0, 1])], names(2), seed=1)
    assert joint.changed == (1,)


def test_thirds_tie_as_fractions_do():
    """1/3 + 1/3 equals 2/3 exactly on the unit scale, where floats would differ in the last bit."""
    third = 1 / 3
    weights = weigh(column([third, third, -2 * third, 0.1 - 0.1]))
    assert weights.values.tolist() == [1.0, 1.0, -2.0]
    assert joint_test([column([third, third, -2 * third])], names(3), seed=1, exact=True).raw == (0.625,)


def test_differences_on_no_common_step_still_sum_exactly():
    """Any order of the units gives the same sums, so the same p-values, bit for bit."""
    rng = np.random.default_rng(3)
    differences = rng.normal(0, 1, 300)
    weights = weigh(column(differences))
    assert float(np.abs(weights.values).sum()) < 2**53
    assert weights.coarsen > 1
    order = rng.permutation(300)
    assert weigh(column(differences[order], order)).values.tolist() == weights.values.tolist()


def test_nothing_changed_is_p_1_and_no_draw():
    joint = joint_test([column([0.0] * 20), column([])], names(20), seed=1)
    assert (joint.raw, joint.adjusted, joint.patterns) == ((1.0, 1.0), (1.0, 1.0), 1)


def test_no_columns_at_all():
    joint = joint_test([], [], seed=1)
    assert (joint.raw, joint.adjusted, joint.patterns) == ((), (), 1)


def test_p_is_never_zero():
    """5,000 losses in a row have a probability below what a double can hold."""
    joint = joint_test([column([-1.0] * 5000, mid=True)], names(5000), seed=1)
    assert 0 < joint.raw[0] <= joint.adjusted[0]


def test_adjusting_never_makes_a_column_more_certain_and_keeps_their_order():
    rng = np.random.default_rng(11)
    columns = [column(rng.choice([-1.0, 0, 1.0], 80, p=[0.15, 0.75, 0.1]), mid=True) for _ in range(12)]
    joint = joint_test(columns, names(80), seed=6)
    assert all(adjusted >= raw for raw, adjusted in zip(joint.raw, joint.adjusted, strict=True))
    by_raw = [joint.adjusted[index] for index in np.argsort(joint.raw, kind="stable")]
    assert by_raw == sorted(by_raw)


def test_an_adjusted_p_near_alpha_is_drawn_again_with_ten_times_the_patterns():
    """Two columns of 16 changed units, one of them at an adjusted p of about 0.05."""
    losing = column([-1.0] * 12 + [1.0] * 4 + [0.0] * 16, mid=True)
    quiet = column([0.0] * 16 + [-1.0] * 8 + [1.0] * 8, mid=True)
    joint = joint_test([losing, quiet], names(32), seed=1)
    assert 0.04 < joint.adjusted[0] < 0.06
    assert joint.patterns == engine.DRAWN_AGAIN + 1


def test_a_settled_build_is_not_drawn_again():
    joint = joint_test([column([-1.0] * 30, mid=True), column([1.0] * 30, mid=True)], names(30), seed=1)
    assert joint.patterns == engine.DRAWN + 1


def test_more_columns_draw_more_patterns():
    rng = np.random.default_rng(1)
    columns = [column(rng.choice([-1.0, 1.0], 20), mid=True) for _ in range(120)]
    assert joint_test(columns, names(20), seed=1).patterns >= 12_001


def test_columns_too_many_to_hold_give_what_all_at_once_gives(monkeypatch):
    """A few columns at a time, worked out again for the second look, are the same numbers."""
    rng = np.random.default_rng(4)
    columns = [column(rng.normal(0, 0.3, 30)) for _ in range(5)] + [column(rng.choice([-1.0, 1.0], 30), mid=True)]
    at_once = joint_test(columns, names(30), seed=2)
    monkeypatch.setattr(engine, "_CELLS_IN_CHUNK", 20_000)
    assert joint_test(columns, names(30), seed=2) == at_once


def test_the_exact_distribution_of_many_flips_is_the_binomial():
    from scipy.special import bdtrc

    (p,) = joint_test([column([-1.0] * 120 + [1.0] * 80, mid=True)], names(200), seed=1, exact=True).raw
    assert p == pytest.approx(float(bdtrc(119, 200, 0.5)), rel=1e-9)


def test_a_column_by_itself_has_the_p_of_a_joint_test_of_one():
    """Pass/fail and thirds exactly, scores by the same draws; beside others it is no other."""
    rng = np.random.default_rng(8)
    names = [f"u{index}" for index in range(40)]
    units = np.arange(40, dtype=np.intp)
    columns = [
        Column(units=units, differences=rng.choice([-1.0, 0.0, 1.0], 40), mid=True),
        Column(units=units, differences=rng.choice([-1.0, 0.0, 1.0], 40) / 3, mid=False),
        Column(units=units, differences=rng.normal(size=40), mid=False),
        Column(units=units, differences=np.zeros(40), mid=True),
        Column(units=units[:5], differences=rng.normal(size=5), mid=False),
    ]
    for exact in (False, True):
        alone = each_alone(columns, names, seed=3, exact=exact)
        assert alone[3] == 1.0
        for column, p in zip(columns, alone, strict=True):
            assert joint_test([column], names, seed=3, exact=exact).raw == (p,)
        assert each_alone(columns[::-1], names, seed=3, exact=exact) == alone[::-1]
    assert each_alone([], names, seed=3) == ()
