"""A noise study as records: what it saw of a task against itself, and what it found.

Scores and differences are shares of the score's range unless a field says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import SuiteEvidence
from evalgate.stats.variance import Components, FlipRate, WholeRuns
from evalgate.suite.checks import Policy
from evalgate.suite.resources import Resource

FAILED, MISSING = -1, -2
"""In the place of an answer: the task's own error, and one that infrastructure failed to give."""
SIZES = (50, 100, 200, 500)
REPETITIONS = (1, 3, 5)
"""What the tables of what can be caught show, beside the examples that there are."""
SHIFT_LEVEL = 0.05
"""Whole runs are said to shift where that is so unlikely without it, over all checks of a study together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudiedSuite:
    """One suite whose task ran several times over. `suite` has every run as a repetition of the candidate.

    `answers` is (examples, runs): equal numbers are answers equal byte for byte; where there is none, it is FAILED or
    MISSING. `again` has, by check, a second score of the first run's answers; NaN where none was asked for or given.
    """

    suite: SuiteEvidence
    label: str
    of_baseline: bool
    """Whether it is the suite's baseline task that ran; else the suite's own, as it stands."""
    answers: NDArray[np.int64]
    again: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyEvidence:
    """Everything that one noise study saw."""

    suites: tuple[StudiedSuite, ...]
    policy: Policy
    runs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Flaky:
    """An example whose score differs between runs: each score with how often, the best first; None: an error."""

    example_id: str
    scores: tuple[tuple[float | None, int], ...]
    answers: int
    """How many different answers it got."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drops:
    """The drop (of a resource: the rise) that so many examples catch 8 times in 10, by repetitions; None: none."""

    examples: int
    caught: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckNoise:
    """What one check varies by. Where there is an `obstacle`, nothing else is known."""

    name: str
    obstacle: str | None = None
    flip: FlipRate | None = None
    binary: bool = False
    low: float | None = None
    high: float | None = None
    """The score's range; None where it has none: its noise is then a share of what was seen."""
    declared: bool = True
    icc: float = 0.0
    components: Components | None = None
    whole_runs: WholeRuns | None = None
    shift_p: float = 1.0
    """How likely run means this far apart are if whole runs do not shift, over all checks of the study together."""
    false_alarms: float | None = None
    """How often this check alone would fail an unchanged candidate, were `whole_runs.inflation` the truth."""
    scored_again: int = 0
    scored_differently: int = 0
    drops: tuple[Drops, ...] = ()
    flaky: tuple[Flaky, ...] = ()

    @property
    def shifts(self) -> bool:
        """Whether whole runs shift."""
        return self.shift_p <= SHIFT_LEVEL


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceNoise:
    """What cost, tokens or latency of one answer varies by. Where there is an `obstacle`, nothing else is known.

    `components` are of its logarithm, `log` is the standard deviation of the log ratio of two equal runs, without what
    a whole run shifts; `rises` are what `no_regression` catches.
    """

    name: str
    resource: Resource
    obstacle: str | None = None
    components: Components | None = None
    log: float = 0.0
    icc: float = 0.0
    rises: tuple[Drops, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteNoise:
    """One suite of a study. `steady` counts the examples that got the same answer in every run.

    `checks` are those of scores, `resources` those of what runs take.
    """

    name: str
    label: str
    of_baseline: bool
    examples: int
    clusters: int | None
    steady: int
    errors: int
    missing: int
    checks: tuple[CheckNoise, ...]
    resources: tuple[ResourceNoise, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FalseAlarms:
    """Pairs of runs decided as if one were the candidate. `low` and `high` are of the rate, from independent pairs."""

    pairs: int
    failed: int
    independent: int
    independent_failed: int
    low: float
    high: float
    level: float
    failing: tuple[tuple[str, str, int], ...]
    """(suite, check, in how many pairs), the most frequent first."""
    comparisons: int = 1
    """How many comparisons of a pair share the promise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """What a noise study found. `comparisons` share the false-alarm promise; `alarms` None: nothing is compared."""

    suites: tuple[SuiteNoise, ...]
    runs: int
    comparisons: int
    alpha: float
    alarms: FalseAlarms | None

    @property
    def obstacles(self) -> list[tuple[str, str, str]]:
        """(suite, check, why) of every check that could not be measured."""
        checks = [(suite.name, check) for suite in self.suites for check in suite.checks]
        return [(suite, check.name, check.obstacle) for suite, check in checks if check.obstacle is not None]
