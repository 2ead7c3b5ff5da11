"""The plan of a run: what it takes and what its comparisons could catch, as everything that shows it reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evalgate.decision.drops import CheckPlan
from evalgate.decision.improvement_plan import ChangePlan
from evalgate.decision.ratios.planning import RatioPlan
from evalgate.records import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class SidePlan:
    """One side that will be run. `seconds_per_run` is wall time at the concurrency of `build`, where it was read."""

    side: Side
    label: str
    runs: int
    seconds_per_run: float | None = None
    build: int | None = None

    @property
    def seconds(self) -> float | None:
        """How long it would take; None where no build has told."""
        return None if self.seconds_per_run is None else self.runs * self.seconds_per_run


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelsPlan:
    """What calls of models would take if each run took what it took in `build`. `usd` is None where nobody knows."""

    calls: float
    tokens: float
    usd: float | None
    build: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SuitePlan:
    """One suite: what it will take, and what each of its comparisons could catch. `thresholds`: what they take."""

    name: str
    dataset: str
    looked_at_by: str
    """The command that says what is in the dataset."""
    examples: int
    clusters: int | None
    repetitions: int
    evaluators: int
    """Those that score each run by itself."""
    sides: tuple[SidePlan, ...]
    checks: tuple[CheckPlan, ...]
    ratios: tuple[RatioPlan, ...] = ()
    """The comparisons of cost, tokens and latency."""
    changes: tuple[ChangePlan, ...] = ()
    """What `improves` and `equivalent` could show."""
    thresholds: tuple[str, ...] = ()
    redraws: bool = False
    """Whether `zero_tolerance` draws failing examples once more."""
    again: Mapping[str, int] = field(default_factory=dict)
    """How many stored answers of the baseline are scored again, by evaluator."""
    own: Mapping[str, int] = field(default_factory=dict)
    """How many answers evaluators that the change edits score beside those that decide, by evaluator."""
    confirmation: tuple[SidePlan, ...] = ()
    """What a confirmation would add where the first measurement leans worse; empty where none confirms."""
    models: ModelsPlan | None = None
    """None where no build is known that called any."""
    confirming: ModelsPlan | None = None
    """What models would take of a confirmation."""
    set_aside: int = 0
    """How many of its examples are in quarantine: they are run, and some check or all of them decide without."""
    pairwise: int = 0
    """How many judges are shown an answer of each side."""

    @property
    def runs(self) -> int:
        """How many runs there will be, each one call of the task."""
        return sum(side.runs for side in self.sides)

    @property
    def evaluations(self) -> int:
        """How many evaluations, if every run answers: of each run, of the candidate's pairs, by the change's own."""
        pairs = sum(side.runs for side in self.sides if side.side is Side.CANDIDATE)
        return self.runs * self.evaluators + pairs * self.pairwise + sum(self.own.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildPlan:
    """Everything that one run of the config would do. `catch` is the drop asked for, as a share of the range."""

    suites: tuple[SuitePlan, ...]
    comparisons: int
    promise: str | None
    """None where nothing is compared with a baseline."""
    catch: float | None = None
    budget: tuple[str, ...] = ()
    """What the budget holds of a screen and its confirmation."""

    @property
    def runs(self) -> int:
        """How many runs of all suites."""
        return sum(suite.runs for suite in self.suites)

    @property
    def evaluations(self) -> int:
        """How many evaluations, if every run answers."""
        return sum(suite.evaluations for suite in self.suites)

    @property
    def seconds(self) -> float | None:
        """How long: sides and suites run at the same time, so the longest; None where one of them is not known."""
        return longest([side for suite in self.suites for side in suite.sides])


def longest(sides: Sequence[SidePlan]) -> float | None:
    """Return how long sides that run at the same time take; None where one of them is not known."""
    known = [side.seconds for side in sides if side.seconds is not None]
    return max(known) if known and len(known) == len(sides) else None
