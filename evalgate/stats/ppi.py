"""PPI++: a few examples judged by people repair what a judge says of many (Angelopoulos, Duchi and Zrnic 2023).

A judge that leans towards one side makes differences where there are none, the surer the more examples it scores. On
some examples people scored both sides too; there the judge's error is seen, and taken off. The estimate is

    λ · mean(judge, elsewhere) + mean(people − λ · judge, where both scored)

which is unbiased for every λ however bad the judge is; λ is chosen to make it as sure as it can be, so a useless
judge costs nothing (λ = 0: the people's own mean).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.intervals import t_value


@dataclass(frozen=True, kw_only=True, slots=True)
class Repaired:
    """A mean paired difference, candidate − baseline as a share of the range, as people would have scored it.

    `weight` is λ, how much the judge counts. `degrees` are Satterthwaite's, of the two parts of the error.
    """

    estimate: float
    standard_error: float
    degrees: float
    weight: float
    labelled: int
    unlabelled: int

    def interval(self, *, level: float = 0.95) -> tuple[float, float]:
        """Return where the true mean difference could be, within [-1, 1].

        Two departures from the paper, whose sizes are thousands: Student's t in place of the normal quantile, and λ
        takes a degree of freedom like any other fitted slope.
        With them, 95 % intervals of 30 labels cover 94 %, of 60 labels 95 %.
        """
        if not math.isfinite(self.standard_error):
            return -1.0, 1.0
        half = t_value(self.degrees, (1 + level) / 2) * self.standard_error
        return max(-1.0, self.estimate - half), min(1.0, self.estimate + half)


def repair(people: NDArray[np.float64], judge: NDArray[np.float64], judge_elsewhere: NDArray[np.float64]) -> Repaired:
    """Return the mean paired difference, repaired.

    `people` and `judge` are the differences of the same labelled examples, `judge_elsewhere` those of other examples
    that only the judge scored; shares of the range, all finite. The labelled examples are a random part of all.
    Raises ValueError where the first two differ in length. Fewer than two labels: the error is infinite. Fewer than
    two examples elsewhere add nothing, and λ is 0.
    """
    if len(people) != len(judge):
        raise ValueError(f"{len(people)} labelled differences and {len(judge)} of the judge on the same examples")
    n, more = len(people), len(judge_elsewhere)
    if n < 2:
        estimate = float(people.mean()) if n else 0.0
        return Repaired(
            estimate=estimate, standard_error=math.inf, degrees=1.0, weight=0.0, labelled=n, unlabelled=more
        )
    weight = _weight(people, judge, judge_elsewhere)
    errors = people - weight * judge
    fitted = 2 if weight and n > 2 else 1
    parts = [(float(errors.var(ddof=fitted)) / n, n - fitted)]
    estimate = float(errors.mean())
    if weight:
        estimate += weight * float(judge_elsewhere.mean())
        parts.append((weight**2 * float(judge_elsewhere.var(ddof=1)) / more, more - 1))
    variance = sum(part for part, _ in parts)
    spread = sum(part**2 / degrees for part, degrees in parts)
    return Repaired(
        estimate=estimate,
        standard_error=math.sqrt(variance),
        degrees=variance**2 / spread if spread > 0 else float(n - fitted),
        weight=weight,
        labelled=n,
        unlabelled=more,
    )


def _weight(people: NDArray[np.float64], judge: NDArray[np.float64], judge_elsewhere: NDArray[np.float64]) -> float:
    """Return λ: the covariance of people and judge over the judge's variance, less where few are elsewhere.

    Example 6.1 of the paper, kept within [0, 1]: more than the judge itself is never believed, nor its opposite.
    """
    n, more = len(people), len(judge_elsewhere)
    if more < 2:
        return 0.0
    variance = float(np.concatenate((judge, judge_elsewhere)).var(ddof=1))
    if variance <= 0:
        return 0.0
    covariance = float(((people - people.mean()) * (judge - judge.mean())).sum()) / (n - 1)
    return min(1.0, max(0.0, covariance / ((1 + n / more) * variance)))
