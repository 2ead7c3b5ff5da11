"""Agreement and corrections where their formulas divide by nothing."""

from __future__ import annotations

import math

import numpy as np

from evalgate.stats.agreement import cohen_kappa, fleiss_kappa, gwet_ac1, rogan_gladen
from evalgate.stats.corrections import benjamini_hochberg, holm


def test_agreement_on_a_single_label_is_undefined_beyond_chance():
    assert math.isnan(cohen_kappa(np.array([[9.0, 0.0], [0.0, 0.0]])))
    assert math.isnan(fleiss_kappa(np.array([[3.0, 0.0], [3.0, 0.0]])))
    assert gwet_ac1(np.array([[9.0, 0.0], [0.0, 0.0]])) == 1.0


def test_perfect_agreement_is_1():
    assert cohen_kappa(np.array([[4.0, 0.0], [0.0, 5.0]])) == 1.0
    assert fleiss_kappa(np.array([[3.0, 0.0], [0.0, 3.0]])) == 1.0


def test_a_judge_no_better_than_a_coin_says_nothing():
    assert math.isnan(rogan_gladen(0.4, sensitivity=0.5, specificity=0.5))


def test_a_rate_stays_a_rate():
    assert rogan_gladen(0.01, sensitivity=0.9, specificity=0.9) == 0.0
    assert rogan_gladen(0.99, sensitivity=0.9, specificity=0.9) == 1.0


def test_corrections_of_nothing_are_nothing():
    assert holm([]) == benjamini_hochberg([]) == ()


def test_corrections_stay_at_most_1():
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert benjamini_hochberg([0.9, 0.8]) == (0.9, 0.9)
