"""tool_calls: the calls that the task made against those that it should have made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evalgate.evaluators.equality import first_difference, place
from evalgate.evaluators.measure import Measure
from evalgate.evaluators.score import Given, OutputFaultError, failed, passed
from evalgate.evaluators.view import View, parsed, text_object
from evalgate.evaluators.wording import difference, shown
from evalgate.paths import MISSING
from evalgate.records import Json
from evalgate.suite.evaluator_kinds import ToolCalls

_UNREADABLE: Final = "a call is {name, arguments} or OpenAI's {function: {name, arguments}}"
_MOST_CALLS: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call. `arguments` is MISSING where they are text that is not JSON."""

    name: str
    arguments: object


class ToolCallsMeasure(Measure):
    """Names, arguments and order, as far as the config asks for them."""

    inputs = frozenset({"tool_calls", "output", "expected"})

    def __init__(self, parameters: ToolCalls) -> None:
        self._parameters = parameters

    async def measure(self, view: View) -> Given:
        """Pass where every expected call was made, in order if that counts, and no other unless allowed."""
        wanted = self._expected(view)
        got = self._made(view)
        explanation = (
            self._in_order(wanted, got) if self._parameters.order == "strict" else self._any_order(wanted, got)
        )
        return passed() if explanation is None else failed(explanation)

    def _expected(self, view: View) -> list[Call]:
        value = view.mapped("expected") if view.has("expected") else view.expected(self._parameters.expected)
        calls = _calls(value)
        if calls is None or any(call.arguments is MISSING for call in calls):
            view.dataset_fault(f"expects {shown(value)}, which is no list of calls: {_UNREADABLE}")
        return calls

    def _made(self, view: View) -> list[Call]:
        if view.has("tool_calls"):
            value = view.mapped("tool_calls")
        else:
            value = view.subject.outcome.tool_calls
            if value is None:
                value = _in_output(view.output())
        calls = [] if value is None else _calls(value)
        if calls is None:
            raise OutputFaultError(f"the task gave {shown(value)}, which is no list of calls: {_UNREADABLE}")
        if len(calls) > _MOST_CALLS:
            raise OutputFaultError(f"the task made {len(calls)} calls; at most {_MOST_CALLS} are compared")
        return calls

    def _in_order(self, wanted: list[Call], got: list[Call]) -> str | None:
        position = 0
        for number, call in enumerate(wanted, start=1):
            if self._parameters.extra:
                start = position
                while position < len(got) and self._difference(call, got[position]) is not None:
                    position += 1
                if position == len(got):
                    return f"call {number}, {_described(call)}, was not made{_after(got, start)}"
            elif position == len(got):
                return f"call {number}, {_described(call)}, was not made: {_count(got)} of {len(wanted)}"
            elif (found := self._difference(call, got[position])) is not None:
                return f"call {number}: {found}"
            position += 1
        if position < len(got) and not self._parameters.extra:
            return f"call {position + 1}, {_described(got[position])}, was not expected"
        return None

    def _any_order(self, wanted: list[Call], got: list[Call]) -> str | None:
        left = list(got)
        for number, call in enumerate(wanted, start=1):
            match = next((i for i, other in enumerate(left) if self._difference(call, other) is None), None)
            if match is None:
                near = next((self._difference(call, other) for other in left if other.name == call.name), None)
                return f"expected call {number}, {_described(call)}, was not made" + (f": {near}" if near else "")
            del left[match]
        if left and not self._parameters.extra:
            return f"{_described(left[0])} was not expected"
        return None

    def _difference(self, wanted: Call, got: Call) -> str | None:
        if wanted.name != got.name:
            return difference(wanted.name, got.name)
        if not self._parameters.arguments:
            return None
        if got.arguments is MISSING:
            return f"the arguments of {shown(got.name)} are not JSON"
        found = first_difference(wanted.arguments, got.arguments)
        if found is None:
            return None
        steps, expected, instead = found
        where = f"argument {place(steps)}" if steps else "the arguments"
        return f"{where} of {shown(got.name)}: {difference(expected, instead)}"


def _in_output(output: Json) -> Json:
    """Return the calls where the task's output is them, or holds them; None where it made none."""
    value = text_object(output) if isinstance(output, str) else output
    if isinstance(value, Mapping):
        return value.get("tool_calls")
    return value if isinstance(value, list | tuple) else None


def _calls(value: Json | object) -> list[Call] | None:
    if not isinstance(value, list | tuple):
        return None
    calls = [_call(item) for item in value]
    found = [call for call in calls if call is not None]
    return found if len(found) == len(calls) else None


def _call(item: object) -> Call | None:
    if not isinstance(item, Mapping):
        return None
    inner = item.get("function")
    body = inner if isinstance(inner, Mapping) else item
    name, arguments = body.get("name"), body.get("arguments")
    if not isinstance(name, str):
        return None
    if isinstance(arguments, str):
        arguments = parsed(arguments) if arguments.strip() else {}
    return Call(name=name, arguments={} if arguments is None else arguments)


def _described(call: Call) -> str:
    return shown(call.name)


def _count(calls: list[Call]) -> str:
    return f"{len(calls)} call{'' if len(calls) == 1 else 's'}"


def _after(got: list[Call], start: int) -> str:
    return f" after call {start}" if start else f" among {_count(got)}"
