"""What a list of amounts comes to: total, mean, median and the 95th percentile."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Of `count` amounts. The 95th percentile is shown only: it is too noisy to decide anything."""

    count: int
    total: float
    mean: float
    median: float
    p95: float


def summarize(amounts: NDArray[np.float64]) -> Summary | None:
    """Return what `amounts` (n,) come to, in their own unit, in whatever order they are; None where there are none."""
    if not amounts.size:
        return None
    total = math.fsum(amounts.tolist())
    median, p95 = (float(value) for value in np.quantile(amounts, (0.5, 0.95)))
    return Summary(count=amounts.size, total=total, mean=total / amounts.size, median=median, p95=p95)
