"""regex, similarity and length: the output as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from evalgate.evaluators.measure import BINARY, Measure, Traits
from evalgate.evaluators.patterns import TimedPattern
from evalgate.evaluators.score import Given, OutputFaultError, failed, passed
from evalgate.evaluators.view import View, text_of
from evalgate.evaluators.wording import difference, shown
from evalgate.records import Direction
from evalgate.suite.evaluator_kinds import Length, Regex, Similarity

_LONGEST_COMPARED: Final = 50_000
"""Characters; likeness costs their product, and this much takes a tenth of a second."""


class RegexMeasure(Measure):
    """A pattern matches."""

    inputs = frozenset({"output"})

    def __init__(self, parameters: Regex) -> None:
        self._parameters = parameters
        self._pattern: TimedPattern

    async def start(self) -> None:
        """Compile the pattern."""
        parameters = self._parameters
        self._pattern = TimedPattern(parameters.pattern, timeout=parameters.timeout, ignore_case=parameters.ignore_case)

    async def measure(self, view: View) -> Given:
        """Pass where the pattern is found, or fits from end to end with `full`."""
        text = text_of(view.output(self._parameters.path))
        if await self._pattern.search(text, full=self._parameters.full):
            return passed()
        return failed(f"{shown(text)} does not match {shown(self._parameters.pattern)}")


class SimilarityMeasure(Measure):
    """Likeness by rapidfuzz, as a number or against a threshold."""

    def __init__(self, parameters: Similarity) -> None:
        self._parameters = parameters
        self._likeness: Callable[[str, str], float]
        self.traits = Traits(labels=() if parameters.at_least is None else BINARY)

    async def start(self) -> None:
        """Choose the library's function."""
        self._likeness = likeness(self._parameters.method)

    async def measure(self, view: View) -> Given:
        """Give the likeness, or pass where it reaches `at_least`."""
        path, at_least = self._parameters.path, self._parameters.at_least
        wanted = view.expected(path)
        if wanted is None:
            view.dataset_fault("expects null, which is like no text")
        expected, output = text_of(wanted), text_of(view.output(path))
        if len(expected) > _LONGEST_COMPARED:
            view.dataset_fault(f"expects {len(expected)} characters; at most {_LONGEST_COMPARED} are compared")
        if len(output) > _LONGEST_COMPARED:
            raise OutputFaultError(f"the output has {len(output)} characters; at most {_LONGEST_COMPARED} are compared")
        alike = self._likeness(expected, output)
        explanation = None if alike == 1 else f"{alike:.0%} alike: {difference(expected, output)}"
        if at_least is None:
            return Given(score=alike, explanation=explanation)
        return Given(score=alike >= at_least, explanation=explanation, metadata={"similarity": alike})


class LengthMeasure(Measure):
    """How long the output is, as a number or within limits."""

    inputs = frozenset({"output"})

    def __init__(self, parameters: Length) -> None:
        self._parameters = parameters
        self._limited = parameters.min is not None or parameters.max is not None
        if not self._limited:
            self.traits = Traits(direction=Direction.NEUTRAL, low=None, high=None, labels=())

    async def measure(self, view: View) -> Given:
        """Give the length, or pass within `min` and `max`."""
        parameters = self._parameters
        text = text_of(view.output(parameters.path))
        size = len(text) if parameters.unit == "characters" else len(text.split())
        if not self._limited:
            return Given(score=float(size))
        if parameters.min is not None and size < parameters.min:
            return failed(f"{size} {parameters.unit}, at least {parameters.min} wanted")
        if parameters.max is not None and size > parameters.max:
            return failed(f"{size} {parameters.unit}, at most {parameters.max} wanted")
        return passed()


def likeness(method: str) -> Callable[[str, str], float]:
    """Return a function from two texts to their likeness, 0 to 1, by rapidfuzz."""
    from rapidfuzz import distance, fuzz

    if method == "jaro_winkler":
        return lambda a, b: float(distance.JaroWinkler.normalized_similarity(a, b))
    ratio = {"ratio": fuzz.ratio, "token_sort": fuzz.token_sort_ratio, "token_set": fuzz.token_set_ratio}[method]
    return lambda a, b: float(ratio(a, b)) / 100
