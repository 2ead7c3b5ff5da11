"""How often an unchanged candidate passes: against brute force, and against simulation on the intervals that decide."""

import itertools

import numpy as np
import pytest

from evalgate.stats.intervals import mean_interval, tango, tango_lies_above
from evalgate.stats.passing import (
    examples_for_mean,
    examples_to_pass,
    gain_of_mean,
    gain_to_show,
    pass_chance,
    within_chance,
)
from evalgate.stats.power import Plan

SIMULATED = 4_000


def plan(examples, flip, **more):
    return Plan(examples=examples, flip=flip, alpha=0.05, **more)


@pytest.mark.parametrize("pairs", [1, 7, 30])
@pytest.mark.parametrize("margin", [0.02, 0.1, 0.5])
def test_the_interval_lies_above_exactly_where_its_end_does(pairs, margin):
    for worse, better in itertools.product(range(pairs + 1), repeat=2):
        if worse + better <= pairs:
            low = tango(better=better, worse=worse, pairs=pairs, level=0.9)[0]
            assert tango_lies_above(-margin, better=better, worse=worse, pairs=pairs, level=0.9) == (low > -margin)


@pytest.mark.parametrize(("examples", "flip"), [(30, 0.05), (60, 0.1), (100, 0.2), (250, 0.3)])
def test_pass_fail_is_what_drawing_it_gives(examples, flip):
    """Examples that change either way with equal chance, on the interval that decides."""
    rng = np.random.default_rng(examples)
    changed = rng.binomial(examples, flip, SIMULATED)
    worse = rng.binomial(changed, 0.5)
    lows = [
        tango(better=int(k - w), worse=int(w), pairs=examples, level=0.9)[0]
        for k, w in zip(changed, worse, strict=True)
    ]
    chance = pass_chance(plan(examples, flip), 0.10, binary=True)
    assert chance == pytest.approx(np.mean(np.array(lows) > -0.10), abs=0.03)


@pytest.mark.parametrize(
    ("examples", "flip", "repetitions", "size", "icc"),
    [
        (60, 0.2, 3, 1, 0.0),
        (100, 0.3, 1, 1, 0.0),
        (200, 0.1, 1, 5, 0.0),
        (200, 0.2, 3, 4, 0.3),
        (600, 0.2, 1, 10, 0.3),
    ],
)
def test_means_and_clusters_are_what_drawing_them_gives(examples, flip, repetitions, size, icc):
    """Normal differences with just this noise, in clusters that have `icc` of it in common."""
    rng = np.random.default_rng(examples + size)
    each, clusters = flip / repetitions, examples // size
    common = rng.normal(scale=np.sqrt(each * icc), size=(SIMULATED, clusters, 1))
    sums = (common + rng.normal(scale=np.sqrt(each * (1 - icc)), size=(SIMULATED, clusters, size))).sum(axis=2)
    sizes = np.full(clusters, float(size))
    passed = np.mean([mean_interval(drawn, sizes, level=0.9)[0] > -0.10 for drawn in sums])
    given = plan(examples, flip, repetitions=repetitions, cluster_size=float(size), icc=icc)
    assert pass_chance(given, 0.10, binary=False) == pytest.approx(passed, abs=0.04)


def test_without_noise_it_passes_where_equal_scores_do():
    """25 examples rule out ten points where nothing differs, 24 do not; clusters alike."""
    assert [pass_chance(plan(n, 0.0), 0.10, binary=True) for n in (0, 24, 25)] == [0.0, 0.0, 1.0]
    assert [pass_chance(plan(n, 0.0), 0.10, binary=False) for n in (1, 10, 40)] == [0.0, 0.0, 1.0]
    assert pass_chance(plan(100, 0.0, cluster_size=10.0), 0.10, binary=True) == 0.0


def test_more_noise_passes_less_and_repetitions_more():
    chances = [pass_chance(plan(60, flip), 0.10, binary=True) for flip in (0.02, 0.05, 0.1, 0.2, 0.3)]
    assert chances == sorted(chances, reverse=True)
    assert pass_chance(plan(60, 0.3, repetitions=5), 0.10, binary=True) > chances[-1]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("flip", [0.0, 0.05, 0.3])
def test_the_examples_named_pass_and_much_fewer_do_not(flip, binary):
    needed = examples_to_pass(plan(10, flip), 0.10, binary=binary, chance=0.8)
    assert pass_chance(plan(needed, flip), 0.10, binary=binary) >= 0.8
    assert pass_chance(plan(int(needed * 0.9), flip), 0.10, binary=binary) < 0.8


def test_no_number_is_said_where_a_million_do_not():
    assert examples_to_pass(plan(10, 0.3), 0.0005, binary=True, chance=0.8) is None


def test_a_million_examples_are_worked_out_at_once():
    assert pass_chance(plan(1_000_000, 0.3), 0.01, binary=True) == pytest.approx(1.0)


def shown(rng, *, examples, flip, gain):
    """The 90 % intervals of pass/fail examples of which a share gets better for good, and others flip."""
    counts = rng.multinomial(examples, [flip / 2 + gain, flip / 2, 1 - flip - gain], SIMULATED)
    return np.array([tango(better=int(b), worse=int(w), pairs=examples, level=0.9) for b, w, _ in counts])


@pytest.mark.parametrize(("examples", "flip", "by"), [(40, 0.1, 0.0), (100, 0.2, 0.05), (300, 0.05, 0.02)])
def test_the_gain_that_is_shown_passes_8_times_in_10(examples, flip, by):
    gain = gain_to_show(plan(examples, flip), by, binary=True)
    assert gain is not None
    lows = shown(np.random.default_rng(examples), examples=examples, flip=flip, gain=gain)[:, 0]
    assert np.mean(lows > by) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("units", "noise", "by"), [(40, 0.2, 0.0), (100, 0.3, 0.1), (400, 0.3, 0.3)])
def test_so_does_a_mean(units, noise, by):
    """On the interval of log ratios, which is that of any mean."""
    gain = gain_of_mean(units, noise**2, by, chance=0.8)
    assert gain is not None
    rng = np.random.default_rng(units)
    draws = rng.normal(gain, noise, (SIMULATED, units))
    lows = np.array([mean_interval(each, np.ones(units), level=0.9)[0] for each in draws])
    assert np.mean(lows > by) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(("examples", "flip", "margin"), [(60, 0.05, 0.1), (150, 0.2, 0.1), (300, 0.1, 0.05)])
def test_an_unchanged_candidate_lies_within_as_often_as_is_said(examples, flip, margin):
    found = shown(np.random.default_rng(examples), examples=examples, flip=flip, gain=0.0)
    inside = np.mean((found[:, 0] > -margin) & (found[:, 1] < margin))
    assert within_chance(plan(examples, flip), margin, binary=True) == pytest.approx(inside, abs=0.03)


def test_examples_for_a_gain_and_for_a_mean_are_just_enough():
    few = examples_to_pass(plan(0, 0.2), -0.05, binary=True, chance=0.8, gain=0.2)
    assert gain_to_show(plan(few, 0.2), 0.05, binary=True) == pytest.approx(0.2, abs=0.01)
    assert examples_for_mean(0.04, 0.1, chance=0.9) == pytest.approx(0.04 * (1.645 + 1.282) ** 2 / 0.1**2, rel=0.5)


@pytest.mark.parametrize("by", [0.0, 0.5])
def test_what_no_gain_shows(by):
    """Everything flips, or there is next to nothing to show it by."""
    assert gain_to_show(plan(2, 0.1), by, binary=True) is None
    assert gain_to_show(plan(100, 1.0), by, binary=True) is None
    assert gain_of_mean(1, 0.04, by, chance=0.8) is None
    assert within_chance(plan(1, 0.0), 0.1, binary=True) == 0
