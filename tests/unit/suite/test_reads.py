"""Which fields of what a task returns somebody in a suite may read."""

import pytest

from evalgate.suite.config import Budget, Suite
from evalgate.suite.reads import fields_read

ANY = {"context", "messages", "tool_calls"}


def read(evaluator, checks=None, budget=None):
    suite = {
        "dataset": "golden.jsonl",
        "task": {"command": "app"},
        "evaluators": [evaluator],
        "checks": checks or {"it": {"at_least": 1}},
    }
    return fields_read(Suite.model_validate(suite), Budget.model_validate(budget or {}))


@pytest.mark.parametrize(
    ("evaluator", "fields"),
    [
        ({"exact_match": {}, "name": "it"}, set()),
        ({"exact_match": {}, "name": "it", "input_mapping": {"output": "context.0"}}, {"context"}),
        ({"contains": {"text": "x"}, "name": "it", "input_mapping": {"output": "messages[0].content"}}, {"messages"}),
        ({"tool_calls": {}, "name": "it"}, {"tool_calls"}),
        ({"tokens": {}, "name": "it"}, {"usage"}),
        ({"python": "evals.py:it", "name": "it"}, ANY),
        ({"judge": "own.yaml", "model": "m/x", "name": "it"}, ANY),
        ({"judge": "correctness", "model": "m/x", "name": "it"}, set()),
        ({"judge": "faithfulness", "model": "m/x", "name": "it"}, {"context"}),
        ({"judge": "faithfulness", "model": "m/x", "name": "it", "input_mapping": {"context": "metadata.c"}}, set()),
    ],
)
def test_evaluators(evaluator, fields):
    assert read(evaluator) == fields


@pytest.mark.parametrize(
    ("checks", "budget", "fields"),
    [
        ({"it": {"at_least": 1}, "cost": {"at_most": 1}}, {}, {"usage"}),
        ({"it": {"at_least": 1}, "tokens": {"report_only": True}}, {}, {"usage"}),
        ({"it": {"at_least": 1}, "latency": {"at_most": 1}}, {"minutes": 3}, set()),
        ({"it": {"at_least": 1}}, {"usd": 1}, {"usage"}),
        ({"it": {"at_least": 1}}, {"tokens": 1}, {"usage"}),
    ],
)
def test_checks_and_the_budget(checks, budget, fields):
    assert read({"exact_match": {}, "name": "it"}, checks, budget) == fields
