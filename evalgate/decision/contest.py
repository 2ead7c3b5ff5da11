"""What a comparison of several sees: everybody's answers on the examples that all of them share, and what those took.

The gate fills these from journals; another store of answers would fill the same records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import Scores
from evalgate.records import EvaluatorSpec
from evalgate.suite.checks import Check, Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What the runs of one contender took, over the shared examples. Arrays are over its runs that answered.

    Unknown cost and tokens are NaN: what nobody counted is not free.
    """

    runs: int
    errors: int
    """Runs that ended in an error of the task or of a service; what they cost is in no figure."""
    cost: NDArray[np.float64]
    """US dollars."""
    tokens: NDArray[np.float64]
    seconds: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """One of those that are compared, in one suite. `scores` are over the suite's `example_ids`, by check."""

    name: str
    label: str
    """What answered: `prompts/support.yaml on openai/gpt-4.1`, and where it is recorded."""
    scores: Mapping[str, Scores]
    spent: Spent


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """One check that is compared: what everybody's scores of it are. `unit` is that of a score without a range."""

    name: str
    check: Check
    evaluator: EvaluatorSpec
    unit: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """Something that could not be compared, and why, as a sentence. `suite` is empty where it is out of all."""

    name: str
    suite: str = ""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteContest:
    """One suite. `contenders[0]` is the one that the others are compared with; all have equal repetitions."""

    name: str
    dataset: str
    file: str
    """What people call the dataset."""
    example_ids: tuple[str, ...]
    clusters: tuple[str, ...] | None
    repetitions: int
    checks: tuple[Compared, ...]
    metric: str
    """The check that a winner has to be better in: the quality that is held against cost and latency."""
    contenders: tuple[Contender, ...]
    notes: tuple[str, ...] = ()
    """Sentences about what was left aside so that like is compared with like."""
    warnings: tuple[str, ...] = ()
    """What makes its claims less sure than they say, as sentences."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contest:
    """Everything that one comparison of several sees. `policy` is that of the chosen one's build."""

    chosen: str
    suites: tuple[SuiteContest, ...]
    policy: Policy
    left_out: tuple[LeftOut, ...] = ()
