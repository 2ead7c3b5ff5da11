"""PPI++ on paired differences: its formula, that it repairs a judge who leans, and what it makes of too little."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalgate.stats.ppi import repair


def test_the_papers_formula_by_hand():
    """Angelopoulos et al. (2023): the mean is their example 3.1 with λ of example 6.1, worked out term by term."""
    people, judge = np.array([0.0, 1.0, -1.0, 0.0, 1.0]), np.array([0.9, 0.3, -0.9, -0.9, 0.9])
    elsewhere = np.array([0.5, -0.1, 0.3, 0.2, 0.0, -0.4, 0.6])
    n, more = 5, 7
    pooled = np.var([*judge, *elsewhere], ddof=1)
    weight = np.cov(people, judge)[0, 1] / ((1 + n / more) * pooled)
    assert 0 < weight < 1
    estimate = weight * elsewhere.mean() + (people - weight * judge).mean()
    variance = np.var(people - weight * judge, ddof=2) / n + weight**2 * np.var(elsewhere, ddof=1) / more
    repaired = repair(people, judge, elsewhere)
    assert repaired.weight == pytest.approx(weight)
    assert repaired.estimate == pytest.approx(estimate)
    assert repaired.standard_error == pytest.approx(math.sqrt(variance))
    assert n - 2 <= repaired.degrees <= n + more - 3


def simulated(rng, *, labelled, elsewhere, lean, noise):
    """True differences of 0 or ±1 about zero; the judge sees them with noise, and leans to the candidate."""

    def truth(size):
        return rng.choice([-1.0, 0.0, 1.0], p=[0.15, 0.7, 0.15], size=size)

    def seen(differences):
        return np.clip(differences + lean + rng.normal(0, noise, len(differences)), -1, 1)

    people = truth(labelled)
    return people, seen(people), seen(truth(elsewhere))


@pytest.mark.parametrize(("labelled", "elsewhere"), [(60, 300), (120, 400)])
def test_a_judge_that_leans_is_repaired_and_still_helps(labelled, elsewhere):
    """Of 2,000 intervals 95 % hold the truth (Monte Carlo error 0.5 %), and they are shorter than people's alone."""
    rng = np.random.default_rng(7)
    held, widths, alone, fooled = 0, [], [], 0
    for _ in range(2_000):
        people, judge, more = simulated(rng, labelled=labelled, elsewhere=elsewhere, lean=0.15, noise=0.2)
        low, high = repair(people, judge, more).interval()
        held += low <= 0 <= high
        widths.append(high - low)
        low, high = repair(people, judge, np.zeros(0)).interval()
        alone.append(high - low)
        fooled += abs(more.mean()) > 1.96 * more.std(ddof=1) / math.sqrt(elsewhere)
    assert 0.935 <= held / 2_000 <= 0.975
    assert np.mean(widths) < 0.8 * np.mean(alone)
    assert fooled / 2_000 > 0.9


def test_a_useless_judge_is_left_out():
    people = np.array([1.0, 0.0, -1.0, 0.0])
    repaired = repair(people, -people, np.array([0.3, -0.2, 0.1]))
    assert repaired.weight == 0.0
    assert repaired.estimate == people.mean()
    assert repaired.standard_error == pytest.approx(people.std(ddof=1) / 2)


def test_a_judge_that_never_changes_its_mind_is_left_out():
    assert repair(np.array([1.0, 0.0]), np.zeros(2), np.zeros(5)).weight == 0.0


@pytest.mark.parametrize("labels", [[], [0.5]])
def test_too_few_labels_say_nothing(labels):
    repaired = repair(np.array(labels), np.array(labels), np.zeros(9))
    assert repaired.interval() == (-1.0, 1.0)
    assert (repaired.labelled, repaired.unlabelled) == (len(labels), 9)


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 labelled differences and 1 of the judge"):
        repair(np.zeros(2), np.zeros(1), np.zeros(3))
