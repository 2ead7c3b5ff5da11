"""What cost, tokens and latency vary by between runs of one task, and what plans make of it."""

import math

import numpy as np
import pytest

from evalgate.decision.noise import study
from evalgate.decision.ratios.noise import studied_spreads
from evalgate.decision.ratios.outlook import rise_for
from evalgate.decision.study import SIZES, StudiedSuite, StudyEvidence
from evalgate.suite.checks import Policy
from tests.unit.decision.builds import ERROR, UNKNOWN, check, suite, taken

RUNS = 5


def amounts(n=400, *, examples=0.4, answers=0.1, runs=0.0, seed=1):
    """What n examples took in each run: log-normal, with so much of it from each of these."""
    rng = np.random.default_rng(seed)
    logs = rng.normal(0, examples, (n, 1)) + rng.normal(0, runs, (1, RUNS)) + rng.normal(0, answers, (n, RUNS))
    return 0.01 * np.exp(logs)


def studied(values, *, name="cost", rules=None, **more):
    rows = values.tolist() if isinstance(values, np.ndarray) else values
    held = suite(check([[1] * RUNS] * len(rows)), taken(rows, name=name, rules=rules), label=None, **more)
    numbers = np.zeros((len(rows), RUNS), dtype=np.int64)
    one = StudiedSuite(suite=held, label="main", of_baseline=True, answers=numbers, again={})
    return StudyEvidence(suites=(one,), policy=Policy(), runs=RUNS)


def found(*given, **more):
    (noise,) = study(studied(*given, **more)).suites[0].resources
    return noise


def test_the_variance_is_told_apart():
    """As it was put in: between examples, between runs of one, and what a whole run adds."""
    parts = found(amounts(answers=0.1)).components
    assert math.sqrt(parts.examples) == pytest.approx(0.4, rel=0.15)
    assert math.sqrt(parts.answers) == pytest.approx(0.1, rel=0.1)
    assert parts.runs == pytest.approx(0, abs=1e-3)
    shifting = found(amounts(answers=0.1, runs=0.3, seed=3))
    assert math.sqrt(shifting.components.runs) == pytest.approx(0.3, rel=0.6)
    assert shifting.log == pytest.approx(0.1 * math.sqrt(2), rel=0.1), "what a whole run adds is no noise of answers"


def test_rises_are_those_of_a_comparison_with_that_noise():
    noise = found(amounts(60))
    assert [row.examples for row in noise.rises] == [60, *SIZES]
    error = noise.log / math.sqrt(60)
    assert noise.rises[0].caught[0] == rise_for(error, alpha=0.05, comparisons=2, allowed=0.1)
    assert list(noise.rises[0].caught) == sorted(noise.rises[0].caught, reverse=True)
    assert found(amounts(60), rules={"improves": {"by": 0.3}}).rises == ()
    assert found(amounts(60), rules={"no_regression": {}, "report_only": True}).rises == ()


def test_one_answer_in_a_loop_counts_as_three_times_as_much():
    """As in a comparison: what it varies by is bounded."""
    values = np.full((40, RUNS), 0.01)
    values[0, 0] = 100.0
    assert found(values).components.answers == pytest.approx(np.var([math.log(3), 0, 0, 0, 0], ddof=1) / 40, rel=0.1)


def test_nothing_and_zeros():
    """No variance is none, also where nobody took anything; what took something once differs by the clip."""
    for value in (0.01, 0.0):
        noise = found(np.full((40, RUNS), value))
        assert (noise.log, noise.obstacle) == (0.0, None)
        assert noise.rises[0].caught == (None, None, None)
    once = np.zeros((40, RUNS))
    once[0, 0] = 0.01
    assert 0 < found(once).log < math.log(3)


def test_what_nobody_knows_is_no_noise():
    """A failed run took something that is in no comparison; an unknown amount is missing."""
    values = amounts(40).tolist()
    failed = [list(row) for row in values]
    failed[0][1] = ERROR
    assert found(failed).obstacle is None
    unknown = [[UNKNOWN, *row[1:]] for row in values[:9]] + values[9:]
    assert found(unknown).obstacle == "nobody knows what 9 examples of 40 took"
    assert found([[ERROR] * RUNS] * 40).obstacle == "fewer than two examples were answered in every run"


def test_spreads_for_plans():
    """Of what varied, with what the examples of a cluster have in common."""
    clusters = [f"c{place // 4}" for place in range(80)]
    together = np.repeat(amounts(20, answers=0.2), 4, axis=0)
    (spread,) = studied_spreads(studied(together, clusters=clusters), "study 4").values()
    assert spread.source == "study 4"
    assert spread.icc > 0.9
    assert studied_spreads(studied(np.full((40, RUNS), 0.01)), "study 4") == {}
