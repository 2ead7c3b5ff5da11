"""What scores vary by, against the textbook's sums of squares and against simulated truth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from evalgate.stats.intervals import clopper_pearson, wilson
from evalgate.stats.variance import (
    cluster_correlation,
    components,
    evaluator_variance,
    false_alarm_rate,
    flip_rate,
    whole_runs,
)


def alone(scores):
    """Each example a unit of its own."""
    return np.arange(len(scores))


def drawn(seed, *, examples, runs, spread=0.3, shift=0.0, noise=0.2, clusters=None, together=0.0):
    """Scores with known components: examples, whole runs, clusters within a run, answers."""
    rng = np.random.default_rng(seed)
    units = np.arange(examples) if clusters is None else np.arange(examples) % clusters
    return (
        rng.normal(0, spread, (examples, 1))
        + rng.normal(0, shift, (1, runs))
        + rng.normal(0, together, (units.max() + 1, runs))[units]
        + rng.normal(0, noise, (examples, runs))
    ), units


def textbook(scores):
    """Two-way analysis of variance without replication, in plain loops: (examples, runs, residual)."""
    n, k = len(scores), len(scores[0])
    grand = sum(map(sum, scores)) / (n * k)
    rows = [sum(row) / k for row in scores]
    columns = [sum(row[j] for row in scores) / n for j in range(k)]
    by_row = k * sum((mean - grand) ** 2 for mean in rows) / (n - 1)
    by_column = n * sum((mean - grand) ** 2 for mean in columns) / (k - 1)
    rest = sum((scores[i][j] - rows[i] - columns[j] + grand) ** 2 for i in range(n) for j in range(k))
    rest /= (n - 1) * (k - 1)
    return (by_row - rest) / k, (by_column - rest) / n, rest


@pytest.mark.parametrize("seed", range(5))
def test_components_of_single_examples_are_the_textbook_s(seed):
    scores, units = drawn(seed, examples=12, runs=4, shift=0.5)
    examples, runs, rest = textbook(scores.tolist())
    found = components(scores, units)
    assert (found.examples, found.runs, found.answers) == pytest.approx((examples, runs, rest))
    assert found.total == pytest.approx(examples + runs + rest)


def test_a_component_below_nothing_is_nothing():
    """Runs whose means are closer than chance puts them."""
    scores = np.array([[0.0, 1.0], [1.0, 0.0]] * 10)
    assert components(scores, alone(scores)).runs == 0
    assert whole_runs(scores, alone(scores)).spread == 0
    assert whole_runs(scores, alone(scores)).inflation == 1


def test_components_are_right_on_average_with_clusters_too():
    """Clusters that vary together within a run are not taken for whole runs that do."""
    for clusters, together in ((None, 0.0), (15, 0.3)):
        made = [
            components(*drawn(seed, examples=60, runs=5, shift=0.25, clusters=clusters, together=together))
            for seed in range(400)
        ]
        assert np.mean([each.runs for each in made]) == pytest.approx(0.25**2, rel=0.15)
        assert np.mean([each.examples for each in made]) == pytest.approx(0.3**2, rel=0.1)
        assert np.mean([each.answers for each in made]) == pytest.approx(0.2**2 + together**2, rel=0.1)


def test_the_evaluator_takes_its_part_of_the_answers():
    scores, units = drawn(1, examples=50, runs=5)
    plain, split = components(scores, units), components(scores, units, evaluator=0.01)
    assert split.evaluator == pytest.approx(0.01)
    assert split.answers + split.evaluator == pytest.approx(plain.answers)
    assert components(scores, units, evaluator=9.0).answers == 0
    first, second = np.array([0.0, 1.0, 0.5]), np.array([1.0, 1.0, 0.0])
    assert evaluator_variance(first, second) == pytest.approx((1 + 0.25) / 6)
    assert evaluator_variance(first[:0], second[:0]) == 0


def test_too_little_has_no_components():
    assert components(np.zeros((1, 5)), np.array([0])) is None
    assert components(np.zeros((5, 1)), np.arange(5)) is None
    assert whole_runs(np.zeros((5, 3)), np.zeros(5, dtype=int)) is None


def test_the_flip_rate_is_the_share_of_pairs_that_differ():
    """Of every pair of runs of every example; an example with one score says nothing."""
    scores = np.random.default_rng(2).choice([0.0, 1.0], (30, 4))
    scores[3, 1:] = np.nan
    scores[4, 2] = np.nan
    shares = []
    for row in scores:
        pairs = list(itertools.combinations([value for value in row if not np.isnan(value)], 2))
        if pairs:
            shares.append(np.mean([a != b for a, b in pairs]))
    found = flip_rate(scores, alone(scores))
    assert found.rate == pytest.approx(np.mean(shares))
    assert found.examples == len(shares) == 29
    assert found.flaky == sum(share > 0 for share in shares)
    assert found.low < found.rate < found.high
    assert flip_rate(np.full((3, 2), np.nan), np.arange(3)) is None


def test_equal_scores_differ_by_nothing():
    """Also where their mean is rounded, and the interval still says that there could be some."""
    scores = np.full((40, 3), 0.1)
    found = flip_rate(scores, alone(scores))
    assert (found.rate, found.flaky, found.low) == (0, 0, 0)
    assert found.high == pytest.approx(wilson(0.0, 40, level=0.95)[1])
    few = flip_rate(scores[:10], alone(scores[:10]))
    assert few.high == pytest.approx(clopper_pearson(0.0, 10, level=0.95)[1])


@pytest.mark.parametrize(
    ("flaky", "share", "examples", "runs"),
    [(0.3, 0.5, 50, 5), (0.05, 0.5, 50, 5), (0.5, 0.5, 50, 2), (1.0, 0.1, 30, 5), (0.3, 0.5, 15, 5)],
)
def test_the_interval_of_the_flip_rate_covers(flaky, share, examples, runs):
    """At least 93 times in 100, and it is no wider than that of as many single pairs."""
    rng = np.random.default_rng(3)
    true = flaky * 2 * share * (1 - share)
    covered = 0
    for _ in range(600):
        passing = np.where(rng.random(examples) < flaky, share, 1.0)
        found = flip_rate((rng.random((examples, runs)) < passing[:, None]).astype(float), np.arange(examples))
        covered += found.low <= true <= found.high
    assert covered / 600 >= 0.93


def test_clusters_widen_the_interval():
    scores = np.repeat(np.random.default_rng(4).choice([0.0, 1.0], (20, 4)), 5, axis=0)
    single, grouped = flip_rate(scores, np.arange(100)), flip_rate(scores, np.repeat(np.arange(20), 5))
    assert grouped.rate == single.rate
    assert grouped.high - grouped.low > 1.5 * (single.high - single.low)


def test_what_a_shift_does_to_the_promise():
    """Simulated: paired z at 5 % between two runs whose means also shift."""
    assert false_alarm_rate(0.05, 1.0) == pytest.approx(0.05)
    rng = np.random.default_rng(5)
    inflation = 4.0
    independent = rng.normal(0, 1, 100_000)
    shifted = rng.normal(0, np.sqrt(inflation - 1), 100_000)
    failed = np.mean((independent + shifted) < -1.6449)
    assert false_alarm_rate(0.05, inflation) == pytest.approx(failed, abs=0.005)


def test_the_shift_that_is_caught_is_caught_8_times_in_10():
    """By the F test that the permutations stand for, at what `caught` says for data without any shift."""
    from evalgate.stats.whole_run import whole_run_p

    caught = np.mean([whole_runs(*drawn(seed, examples=80, runs=5)).caught for seed in range(50)])
    names = [f"e{n}" for n in range(80)]
    studies = [drawn(1000 + seed, examples=80, runs=5, shift=caught) for seed in range(150)]
    found = [whole_run_p(*study, names, seed=1, drawn=299) <= 0.05 for study in studies]
    assert 0.7 <= np.mean(found) <= 0.9


def test_cluster_correlation_of_alike_and_of_unrelated_examples():
    units = np.repeat(np.arange(20), 5)
    rng = np.random.default_rng(6)
    alike = np.repeat(rng.normal(0, 1, (20, 4)), 5, axis=0)
    assert cluster_correlation(alike, units) == pytest.approx(1.0)
    assert cluster_correlation(rng.normal(0, 1, (100, 4)), units) < 0.2
    assert cluster_correlation(alike, np.arange(100)) == 0
