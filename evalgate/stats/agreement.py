"""How well two or more judges agree beyond chance, and what an imperfect judge's rate says of the true one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def cohen_kappa(table: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> float:
    """Return Cohen's kappa of a square table of two judges' labels, as counts or shares.

    `weights` say how bad each disagreement is (Cohen 1968); by default all are equally bad. NaN where chance alone
    would agree on everything.
    """
    shares = table / table.sum()
    bad = 1 - np.eye(len(table)) if weights is None else weights
    by_chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    expected = float((bad * by_chance).sum())
    return 1 - float((bad * shares).sum()) / expected if expected > 0 else math.nan


def fleiss_kappa(counts: NDArray[np.float64]) -> float:
    """Return Fleiss' kappa of (subjects, labels) counts, each subject judged equally often, at least twice.

    NaN where every judgement is the same label.
    """
    judges = counts.sum(axis=1)[0]
    agreement = float((((counts**2).sum(axis=1) - judges) / (judges * (judges - 1))).mean())
    by_chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return (agreement - by_chance) / (1 - by_chance) if by_chance < 1 else math.nan


def gwet_ac1(table: NDArray[np.float64]) -> float:
    """Return Gwet's AC1 of a square table of two judges' labels: stays sensible where one label is rare."""
    shares = table / table.sum()
    prevalence = (shares.sum(axis=0) + shares.sum(axis=1)) / 2
    by_chance = float((prevalence * (1 - prevalence)).sum()) / (len(table) - 1)
    return (float(np.trace(shares)) - by_chance) / (1 - by_chance)


def rogan_gladen(share: float, *, sensitivity: float, specificity: float) -> float:
    """Return the true share of positives from an imperfect judge's, within [0, 1] (Rogan and Gladen 1978).

    For absolute rates only, never for differences. NaN for a judge no better than a coin.
    """
    informative = sensitivity + specificity - 1
    return min(1.0, max(0.0, (share + specificity - 1) / informative)) if informative > 0 else math.nan
