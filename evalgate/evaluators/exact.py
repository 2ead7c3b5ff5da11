"""exact_match, contains and numeric_close: the output against the expected answer, by value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from evalgate.evaluators.equality import first_difference, place
from evalgate.evaluators.measure import Measure
from evalgate.evaluators.score import Given, failed, passed
from evalgate.evaluators.view import View, text_object, text_of
from evalgate.evaluators.wording import difference, shown
from evalgate.records import Json
from evalgate.suite.evaluator_kinds import Contains, ExactMatch, NumericClose

_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,5})?", re.ASCII)


class ExactMatchMeasure(Measure):
    """Equal as JSON values. A text that is a JSON object or list is read where the expected answer is one."""

    def __init__(self, parameters: ExactMatch) -> None:
        self._path = parameters.path
        self._fold = _fold(ignore_case=parameters.ignore_case, ignore_whitespace=parameters.ignore_whitespace)

    async def measure(self, view: View) -> Given:
        """Pass where nothing differs."""
        expected, got = view.expected(self._path), view.output(self._path)
        if not isinstance(expected, str) and (inside := text_object(got)) is not None:
            got = inside
        found = first_difference(expected, got, self._fold)
        if found is None:
            return passed()
        steps, wanted, instead = found
        return failed((f"at {place(steps)}: " if steps else "") + difference(wanted, instead))


class ContainsMeasure(Measure):
    """The texts that must (or must not) be in the output are."""

    def __init__(self, parameters: Contains) -> None:
        self._parameters = parameters
        self._fold = _fold(ignore_case=parameters.ignore_case, ignore_whitespace=False)

    async def measure(self, view: View) -> Given:
        """Pass where all, any or none of the texts are there, as `match` says."""
        parameters = self._parameters
        given = parameters.text if parameters.text is not None else view.expected(parameters.path)
        texts = self._texts(given, view)
        output = text_of(view.output(parameters.path))
        folded = self._folded(output)
        there = [text for text in texts if self._folded(text) in folded]
        if parameters.match == "none":
            return failed(f"the output contains {_listed(there)}") if there else passed()
        lacking = [text for text in texts if text not in there]
        if parameters.match == "all" and lacking:
            return failed(f"the output lacks {_listed(lacking)}: {shown(output)}")
        if parameters.match == "any" and not there:
            return failed(f"the output has none of {_listed(texts)}: {shown(output)}")
        return passed()

    def _texts(self, given: Json | tuple[str, ...], view: View) -> list[str]:
        if isinstance(given, int | float) and not isinstance(given, bool):
            given = text_of(given)
        texts = [given] if isinstance(given, str) else given if isinstance(given, list | tuple) else []
        found = [text for text in texts if isinstance(text, str) and text]
        if not found or len(found) != len(texts):
            view.dataset_fault(f"expects {shown(given)}, which is no text to look for; give it a `path` or `text`")
        return found

    def _folded(self, text: str) -> str:
        return self._fold(text) if self._fold else text


class NumericCloseMeasure(Measure):
    """Two numbers no further apart than the larger tolerance."""

    def __init__(self, parameters: NumericClose) -> None:
        self._parameters = parameters

    async def measure(self, view: View) -> Given:
        """Pass where |output - expected| <= max(absolute, relative * |expected|)."""
        parameters = self._parameters
        wanted = view.expected(parameters.path)
        expected = number(wanted)
        if expected is None:
            view.dataset_fault(f"expects {shown(wanted)}, which is not a number")
        output = view.output(parameters.path)
        got = number(output)
        if got is None:
            return failed(f"expected {expected:g}, got {shown(output)}, which is not a number")
        apart, allowed = abs(got - expected), max(parameters.absolute, parameters.relative * abs(expected))
        if apart <= allowed:
            return passed()
        return failed(f"expected {expected!r}, got {got!r}: {apart:g} apart, {allowed:g} allowed")


def number(value: Json) -> float | None:
    """Return the finite number that a value or its text is, by the grammar of NumericClose; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value := value.strip()):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _fold(*, ignore_case: bool, ignore_whitespace: bool) -> Callable[[str], str] | None:
    if ignore_case and ignore_whitespace:
        return lambda text: " ".join(text.split()).casefold()
    if ignore_case:
        return str.casefold
    return (lambda text: " ".join(text.split())) if ignore_whitespace else None


def _listed(texts: list[str]) -> str:
    return ", ".join(shown(text) for text in texts[:5]) + (f" and {len(texts) - 5} more" if len(texts) > 5 else "")
