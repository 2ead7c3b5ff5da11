"""latency and tokens: what a run took, lower is better."""

from __future__ import annotations

from typing import ClassVar

from evalgate.evaluators.measure import UNBOUNDED, Measure
from evalgate.evaluators.score import EvaluatorFaultError, Given, failed, passed
from evalgate.evaluators.view import View
from evalgate.suite.evaluator_kinds import Latency, Tokens


class LatencyMeasure(Measure):
    """Seconds of the task alone."""

    inputs: ClassVar = frozenset()

    def __init__(self, parameters: Latency) -> None:
        self._max = parameters.max
        if self._max is None:
            self.traits = UNBOUNDED

    async def measure(self, view: View) -> Given:
        """Give the seconds, or pass within `max`."""
        seconds = view.subject.outcome.latency
        if self._max is None:
            return Given(score=seconds)
        within = seconds <= self._max
        return passed() if within else failed(f"it took {seconds:.3g} s, at most {self._max:g} s wanted")


class TokensMeasure(Measure):
    """Tokens in and out, over all models that the task called."""

    inputs: ClassVar = frozenset()

    def __init__(self, parameters: Tokens) -> None:
        self._max = parameters.max
        if self._max is None:
            self.traits = UNBOUNDED

    async def measure(self, view: View) -> Given:
        """Give the tokens, or pass within `max`. Usage that nobody saw is not zero."""
        usage = view.subject.outcome.usage
        if usage is None or any(part.shared for part in usage):
            raise EvaluatorFaultError(
                "nobody saw what the task used; return evalgate.Result(…, usage=[…])", type="UnknownUsage"
            )
        tokens = sum(part.input_tokens + part.output_tokens for part in usage)
        if self._max is None:
            return Given(score=float(tokens))
        return passed() if tokens <= self._max else failed(f"it used {tokens} tokens, at most {self._max} wanted")
