"""What one kind of evaluator brings, and the one runner that wraps them all: mechanics once, meaning per kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from evalgate.evaluators.score import (
    EvaluatorFaultError,
    Given,
    OutputFaultError,
    evaluation,
    failure,
    worst,
)
from evalgate.evaluators.view import View
from evalgate.records import Direction, Evaluation, EvaluatorKind, EvaluatorSpec, Subject

BINARY = ("pass", "fail")
"""The labels of an evaluator that says yes or no."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What a kind is before the config says anything. `labels`: all that it gives (None: any, (): none)."""

    kind: EvaluatorKind = EvaluatorKind.CODE
    direction: Direction = Direction.MAXIMIZE
    low: float | None = 0.0
    high: float | None = 1.0
    labels: tuple[str, ...] | None = BINARY


UNBOUNDED = Traits(direction=Direction.MINIMIZE, low=None, high=None, labels=())


class Measure(ABC):
    """One kind's own part: load once, then look at one run at a time. Not safe for two event loops."""

    inputs: ClassVar[frozenset[str] | None] = frozenset({"output", "expected"})
    """The parameters that `input_mapping` may give; None: any."""
    traits: Traits = Traits()
    concurrency: int = 1
    """Runs that it can look at at once without being slower for it."""

    async def start(self) -> None:  # noqa: B027 - many kinds have nothing to load
        """Load and compile everything. Raises ConfigurationError where that fails."""

    @abstractmethod
    async def measure(self, view: View) -> Given:
        """Score one run. OutputFaultError is the worst score; anything else that it raises is the evaluator's error."""

    async def close(self) -> None:  # noqa: B027 - many kinds have nothing to stop
        """Stop whatever was started. May be called twice."""


class MeasureRunner:
    """A measure as the engine's EvaluatorRunner."""

    def __init__(
        self,
        measure: Measure,
        *,
        spec: EvaluatorSpec,
        mapping: Mapping[str, str],
        labels: Mapping[str, float] | None,
    ) -> None:
        self.spec = spec
        self.concurrency = measure.concurrency
        self._measure = measure
        self._mapping = mapping
        self._labels = labels

    async def start(self) -> None:
        """Load it. Raises ConfigurationError when it does not load."""
        await self._measure.start()

    async def evaluate(self, subject: Subject) -> Evaluation:
        """Score one run. Never raises: an evaluator's error is the evaluation's `failure`."""
        try:
            return await self._scored(subject)
        except Exception as error:  # noqa: BLE001 - whatever an evaluator raises is a value here
            return failure(self.spec, error)

    async def close(self) -> None:
        """Stop whatever it started. May be called twice."""
        await self._measure.close()

    async def _scored(self, subject: Subject) -> Evaluation:
        if subject.outcome.failure is not None:
            raise EvaluatorFaultError("the run itself failed, so there is nothing to score", type="NoOutput")
        try:
            given = await self._measure.measure(View(subject, self._mapping))
        except OutputFaultError as fault:
            return worst(self.spec, fault, self._labels)
        except RecursionError:
            return worst(self.spec, OutputFaultError("the output is nested too deeply to be looked at"), self._labels)
        return evaluation(self.spec, given, self._labels)
