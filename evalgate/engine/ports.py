"""What the engine needs from the floors below it and from its caller, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from evalgate.records import Evaluation, EvaluatorSpec, Example, Step, Subject, TaskOutcome


class TaskRunner(Protocol):
    """One side's task, ready to answer. Implementations live in `evalgate.tasks`."""

    concurrency: int
    """Runs that it can hold at once."""

    @property
    def queue(self) -> str | None:
        """The endpoint that a run waits for, where it is a call of one: both sides then wait in one queue."""

    async def start(self) -> None:
        """Load it. Raises EvalgateError when it does not load: nothing has been paid then."""

    async def run(self, example: Example, sample: str) -> TaskOutcome:
        """Answer one example. Never raises for what the task did: that is the outcome's `failure`."""

    async def close(self) -> None:
        """Stop whatever it started. May be called twice."""


class EvaluatorRunner(Protocol):
    """One evaluator, ready to score. Implementations live in `evalgate.evaluators`."""

    spec: EvaluatorSpec
    concurrency: int
    """Runs that it can look at at once without being slower for it: a judge waits for its endpoint."""

    async def start(self) -> None:
        """Load it. Raises ConfigurationError when it does not load."""

    async def evaluate(self, subject: Subject) -> Evaluation:
        """Score one run. Never raises: an evaluator's error is the evaluation's `failure`."""

    async def close(self) -> None:
        """Stop whatever it started. May be called twice."""


@runtime_checkable
class PairRunner(Protocol):
    """A judge that says which of two answers to one example is the better, ready to be asked."""

    spec: EvaluatorSpec
    concurrency: int
    """Pairs that it can look at at once without being slower for it."""

    async def start(self) -> None:
        """Load it. Raises ConfigurationError when it does not load."""

    async def prefer(self, candidate: Subject, baselines: Sequence[Subject]) -> Evaluation:
        """Score the candidate's run against runs of the baseline. Never raises: an error is a `failure`."""

    async def close(self) -> None:
        """Stop whatever it started. May be called twice."""


class Recorder(Protocol):
    """Where rows go the moment they exist (the journal)."""

    def record(self, *, experiment: int, example_id: str, sample: str, outcome: TaskOutcome, started_at: str) -> None:
        """Write one run."""

    def record_evaluations(
        self, *, experiment: int, example_id: str, sample: str, evaluations: Sequence[Evaluation]
    ) -> None:
        """Write what evaluators said of one run."""


class Tracer(Protocol):
    """Where it goes how each run and each evaluation came about, for those who look at traces."""

    def new_trace(self) -> str:
        """Return the id of a new trace."""

    def trace(self, step: Step, *, trace_id: str, experiment: int, evaluator: str = "") -> None:
        """Keep what was done for the run of a trace: by its task, or by an evaluator. Never raises."""
