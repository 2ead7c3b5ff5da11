"""The promise and the power, measured on whole decisions with fixed seeds."""

from __future__ import annotations

import numpy as np

from evalgate.decision import decide
from evalgate.records import Verdict
from tests.unit.decision.builds import build, check, suite

LANG = "metadata.lang"


def measured(rng, builds, *, examples, checks, drop=0.0, noise=0.5, slices=False):
    """The share of builds that FAIL. Half of the examples pass for sure, `noise` of the rest's chance is a coin's."""
    failed = 0
    for _ in range(builds):
        hard = rng.random((checks, examples)) < 0.3
        chance = np.where(hard, noise, 0.98)
        baseline = (rng.random(chance.shape) < chance).astype(float)
        candidate = (rng.random(chance.shape) < chance).astype(float)
        broken = rng.random(examples) < drop
        candidate[0, broken] = 0.0
        rules = {"no_regression": {"slices": [LANG] if slices else []}}
        parts = [
            check(candidate[index].tolist(), baseline[index].tolist(), name=f"check {index}", rules=rules)
            for index in range(checks)
        ]
        values = [f"lang {index % 3}" for index in range(examples)]
        failed += decide(build(suite(*parts, slices={LANG: values}))).verdict is Verdict.FAIL
    return failed / builds


def test_an_unchanged_candidate_fails_about_5_times_in_100_with_one_check():
    assert measured(np.random.default_rng(1), 400, examples=50, checks=1) <= 0.065


def test_an_unchanged_candidate_fails_no_more_often_with_many_checks_and_slices():
    assert measured(np.random.default_rng(2), 40, examples=60, checks=4, slices=True) <= 0.075


def test_a_drop_is_caught():
    """Fifteen points of a hundred examples, among three checks."""
    assert measured(np.random.default_rng(3), 40, examples=100, checks=3, drop=0.18) >= 0.6
