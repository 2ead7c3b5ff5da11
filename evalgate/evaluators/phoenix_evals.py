"""MatchesRegex and PrecisionRecallFScore of phoenix-evals, by name: its meaning, our mechanics around it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from evalgate.evaluators.measure import BINARY, Measure, Traits
from evalgate.evaluators.patterns import TimedPattern
from evalgate.evaluators.score import Given, OutputFaultError
from evalgate.evaluators.view import View
from evalgate.evaluators.wording import shown
from evalgate.records import Json
from evalgate.suite.evaluator_kinds import MatchesRegex, PrecisionRecallFScore

if TYPE_CHECKING:
    from phoenix.evals.evaluators import Evaluator, Score


class MatchesRegexMeasure(Measure):
    """phoenix-evals' evaluator over a pattern that is searched against a clock: its own could run for ever."""

    inputs = frozenset({"output"})
    traits = Traits(labels=BINARY)

    def __init__(self, parameters: MatchesRegex) -> None:
        self._parameters = parameters
        self._evaluator: Evaluator

    async def start(self) -> None:
        """Import phoenix-evals and compile the pattern."""
        pattern = TimedPattern(self._parameters.pattern, timeout=self._parameters.timeout)
        from phoenix.evals.metrics.matches_regex import MatchesRegex as Evaluator

        self._evaluator = Evaluator(
            pattern=cast("Any", pattern), include_explanation=self._parameters.include_explanation
        )

    async def measure(self, view: View) -> Given:
        """Give phoenix-evals' 1 or 0."""
        output = view.output(self._parameters.path)
        if not isinstance(output, str):
            raise OutputFaultError(f"the output is not text: {shown(output)}")
        found = (await asyncio.to_thread(self._evaluator.evaluate, {"output": output}))[0]
        return Given(score=bool(found.score), explanation=found.explanation)


class PrecisionRecallFScoreMeasure(Measure):
    """phoenix-evals' evaluator over two lists of labels."""

    traits = Traits(labels=())

    def __init__(self, parameters: PrecisionRecallFScore) -> None:
        self._parameters = parameters
        self._evaluator: Evaluator

    async def start(self) -> None:
        """Import phoenix-evals."""
        from phoenix.evals.metrics.precision_recall import PrecisionRecallFScore as Evaluator

        self._evaluator = Evaluator(
            beta=self._parameters.beta,
            average=self._parameters.average,
            positive_label=self._parameters.positive_label,
            zero_division=self._parameters.zero_division,
        )

    async def measure(self, view: View) -> Given:
        """Give one of the three, with all of them in the metadata."""
        path = self._parameters.path
        wanted = view.expected(path)
        expected = _labels(wanted)
        if not expected:
            view.dataset_fault(f"expects {shown(wanted)}, which is no list of labels (texts or whole numbers)")
        output = view.output(path)
        got = _labels(output)
        if got is None:
            raise OutputFaultError(f"the output is no list of labels: {shown(output)}")
        if len(got) != len(expected):
            raise OutputFaultError(f"the output has {len(got)} labels, expected {len(expected)}")
        scores: list[Score] = self._evaluator.evaluate({"expected": expected, "output": got})
        values = {name: _number(score) for name, score in zip(("precision", "recall", "f_score"), scores, strict=True)}
        return Given(score=values[self._parameters.score], explanation=_sentence(values), metadata=dict(values))


def _labels(value: Json) -> list[str | int] | None:
    if not isinstance(value, list | tuple):
        return None
    labels = [item for item in value if isinstance(item, str | int) and not isinstance(item, bool)]
    return labels if len(labels) == len(value) else None


def _number(score: Score) -> float:
    return float(score.score or 0.0)


def _sentence(values: dict[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in values.items())
