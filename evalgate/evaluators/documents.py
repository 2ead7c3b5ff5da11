"""json_valid and json_path: the output as a JSON document."""

from __future__ import annotations

from typing import Any

from evalgate.errors import ConfigurationError
from evalgate.evaluators.equality import same
from evalgate.evaluators.measure import Measure
from evalgate.evaluators.score import Given, OutputFaultError, failed, passed
from evalgate.evaluators.view import View, parsed
from evalgate.evaluators.wording import difference, shown
from evalgate.paths import MISSING
from evalgate.records import Json
from evalgate.suite.evaluator_kinds import JsonPath, JsonValid


class JsonValidMeasure(Measure):
    """A value is JSON; a text is where it parses; null, the answer of a task that gave none, is not."""

    inputs = frozenset({"output"})

    def __init__(self, parameters: JsonValid) -> None:
        self._path = parameters.path

    async def measure(self, view: View) -> Given:
        """Pass where the output is JSON."""
        document(view.output(self._path))
        return passed()


class JsonPathMeasure(Measure):
    """What a JSONPath expression finds first."""

    def __init__(self, parameters: JsonPath) -> None:
        self._parameters = parameters
        self._compares = "equals" in parameters.model_fields_set or parameters.expected is not None
        self._expression: Any

    async def start(self) -> None:
        """Parse the expression."""
        from jsonpath_ng.exceptions import JSONPathError
        from jsonpath_ng.ext.parser import parse

        try:
            self._expression = parse(self._parameters.expression)
        except JSONPathError as error:
            raise ConfigurationError(
                f"{self._parameters.expression!r} is not a JSONPath expression: {error}",
                next_step="Correct `expression`; `$.items[0].price` is one.",
            ) from error

    async def measure(self, view: View) -> Given:
        """Pass where something is found and, if a value is wanted, equals it."""
        parameters = self._parameters
        wanted = view.expected(parameters.expected) if parameters.expected else parameters.equals
        output = document(view.output())
        found = self._expression.find(output)
        if not found:
            return failed(f"{parameters.expression} matches nothing in {shown(output)}")
        if self._compares and not same(wanted, found[0].value):
            return failed(f"at {found[0].full_path}: {difference(wanted, found[0].value)}")
        return passed()


def document(output: Json) -> Json:
    """Return `output` as JSON, text parsed. Raises OutputFaultError where it is null or text that does not parse."""
    if output is None:
        raise OutputFaultError("the output is null")
    if not isinstance(output, str):
        return output
    value = parsed(output)
    if value is MISSING:
        raise OutputFaultError(f"the output is not JSON: {shown(output)}")
    return value  # type: ignore[return-value]  # MISSING is excluded above
