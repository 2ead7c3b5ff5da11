"""What a comparison of several says. Scores are in their own units; shares are of a score's range, + is better."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalgate.decision.contest import LeftOut
from evalgate.decision.results import Comparison


class Claim(StrEnum):
    """What is said of one contender against the chosen one, in one check."""

    WORSE = "worse"
    BETTER = "better"
    AS_GOOD = "as good"
    """Neither, and a drop of the check's margin is ruled out."""
    UNDECIDED = "cannot tell"
    UNMEASURABLE = "unmeasurable"


class Place(StrEnum):
    """Where a contender stands when quality is held against what it costs, or against how long it takes."""

    FRONT = "front"
    """As measured, nobody is at least as good for no more, and better or cheaper."""
    PERHAPS = "perhaps behind"
    """As measured somebody is, but how good they are could be luck."""
    BEHIND = "behind"
    """Somebody takes no more and is better, on evidence that this comparison gives anyway."""
    UNKNOWN = "unknown"
    """Its quality, its cost or its latency is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A place and, where it is behind, whom."""

    place: Place
    behind: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """How good one contender is in one check: its mean and where the true one could be, in the score's own units."""

    name: str
    mean: float | None
    low: float | None
    high: float | None
    missing: int
    """Examples that lack an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What one contender's runs took. None: not known; an average over runs of which some are not known is not known.

    `unpriced` and `uncounted` are how many answered runs nobody knows the cost and the tokens of.
    """

    runs: int
    errors: int
    answered: int
    cost: float | None
    unpriced: int
    tokens: float | None
    uncounted: int
    latency_median: float | None
    latency_p95: float | None

    @property
    def cost_per_run(self) -> float | None:
        """The mean cost of an answered run."""
        return None if self.cost is None or not self.answered else self.cost / self.answered

    @property
    def tokens_per_run(self) -> float | None:
        """The mean tokens of an answered run."""
        return None if self.tokens is None or not self.answered else self.tokens / self.answered


@dataclass(frozen=True, kw_only=True, slots=True)
class ContenderResult:
    """One contender in one suite."""

    name: str
    label: str
    chosen: bool
    levels: tuple[Level, ...]
    taken: Taken
    by_cost: Standing
    by_latency: Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class PairCheck:
    """One contender against the chosen one in one check. `comparison` has the chances for worse, as in a build."""

    name: str
    claim: Claim
    reason: str
    margin: float
    """The drop that AS_GOOD rules out, as a share."""
    comparison: Comparison | None
    p_better: float | None
    p_better_adjusted: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One contender against the chosen one."""

    name: str
    checks: tuple[PairCheck, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Winner:
    """Whether one is better than all others, on evidence. `name` is None where there is no winner."""

    name: str | None
    leader: str | None
    """Who was best as measured; None where several were, or nobody was measured."""
    reason: str
    next_step: str | None
    p_adjusted: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckInfo:
    """What a report has to know of a check to write its scores."""

    name: str
    gating: bool
    low: float | None
    high: float | None
    unit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteResult:
    """One suite: who took part, what each is worth and takes, and who won."""

    name: str
    file: str
    examples: int
    repetitions: int
    clusters: int | None
    metric: str
    checks: tuple[CheckInfo, ...]
    contenders: tuple[ContenderResult, ...]
    pairs: tuple[Pair, ...]
    winner: Winner
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    """What makes its claims less sure than they say, as sentences."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContestResult:
    """The whole comparison. `comparisons` is how many claims against the chosen one share the promise."""

    chosen: str
    suites: tuple[SuiteResult, ...]
    comparisons: int
    alpha: float
    exact: bool
    promise: str
    left_out: tuple[LeftOut, ...]
