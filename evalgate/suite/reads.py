"""Which fields of what a task returns are read by something in a suite: what nobody reads is not waited for."""

from __future__ import annotations

from typing import Final

from evalgate.suite.config import Budget, Suite
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.judges import JUDGES
from evalgate.suite.resources import Resource

_ANY: Final = frozenset({"context", "messages", "tool_calls"})
"""What code that is not looked into may read."""


def fields_read(suite: Suite, budget: Budget) -> frozenset[str]:
    """Return those of context, messages, tool_calls and usage that evaluators, checks or the budget may read."""
    read = frozenset[str]().union(*(_read_by(evaluator) for evaluator in suite.evaluators))
    counted = any(resource is not Resource.LATENCY for resource, _ in suite.resource_checks.values())
    limited = budget.usd is not None or budget.tokens is not None
    return read | {"usage"} if counted or limited else read


def _read_by(evaluator: Evaluator) -> frozenset[str]:
    if evaluator.tokens is not None:
        return frozenset({"usage"})
    if evaluator.tool_calls is not None:
        return frozenset({"tool_calls"})
    named = JUDGES.get(evaluator.judge or "")
    if evaluator.python is not None or (evaluator.judge is not None and named is None):
        return _ANY
    inputs = {} if named is None else dict(named.inputs)
    paths = [path for path in {**inputs, **evaluator.input_mapping}.values() if path is not None]
    return frozenset(path.partition(".")[0].partition("[")[0] for path in paths) & (_ANY | {"usage"})
