"""The schema that editors complete the config by: checked in, and as wide as what is read."""

import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from evalgate.suite.config import Config
from evalgate.suite.json_schema import config_schema, schema_json

CHECKED_IN = Path(__file__).parents[3] / "docs" / "evalgate.schema.json"


def suite(**parts) -> dict:
    whole = {
        "dataset": "data.jsonl",
        "task": {"python": "app.py:answer"},
        "evaluators": ["exact_match"],
        "checks": {"exact_match": {"at_least": 0.5}},
    }
    return {"suites": {"s": {**whole, **parts}}}


def test_the_checked_in_copy_is_what_the_models_say():
    assert CHECKED_IN.read_text(encoding="utf-8") == schema_json(), "evalgate config schema > docs/evalgate.schema.json"


def test_it_is_a_schema_with_words_for_every_model():
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for name, definition in schema["$defs"].items():
        assert definition.get("description"), name


SHORT = [
    suite(),
    suite(dataset={"file": "d.csv", "fields": {"input.q": "q"}}),
    suite(evaluators=["json_valid", {"json_valid": None}, {"regex": {"pattern": "x"}, "name": "r"}]),
    suite(evaluators=[{"json_schema": {"schema": "s.json"}}, {"json_schema": {"schema": {"type": "object"}}}]),
    suite(evaluators=[{"python": "evals.py:f", "range": [0, 5], "direction": "minimize"}]),
    suite(evaluators=[{"MatchesRegex": {"pattern": "x"}}]),
    suite(checks={"a": {"no_regression": None, "zero_tolerance": None}}, baseline={"task": {"python": "b.py:f"}}),
    suite(checks={"a": {"no_regression": {"slices": ["metadata.a", {"path": "metadata.b", "required": True}]}}}),
    suite(checks={"a": {"at_least": 1, "at_most": {"threshold": 2, "mode": "evidence"}}}),
    suite(checks={"a": {"improves": 0.05, "equivalent": 0.3}, "b": {"improves": {"by": 0}, "equivalent": None}}),
    suite(checks={"a": {"equivalent": {"margin": 0.05}}}),
    suite(checks={"a": {"report_only": True}}),
    suite(task={"prompt": "p.yaml", "model": "a/b", "temperature": 0}),
    suite(task={"command": ["node", "x.js"], "env": ["A_*"]}),
    suite(task={"http": {"url": "http://localhost", "serve": {"command": "x {port}"}}}),
    suite(baseline="build:latest"),
    suite(baseline=None),
    {**suite(), "policy": {"on_unmeasurable": {"errors": "warn"}}, "endpoints": {"a": {"base_url": "x"}}},
    {**suite(), "curate": {"profiles": {"a": {"project": "p", "dataset": "a.jsonl", "clean": {"presidio": "x"}}}}},
    {**suite(), "curate": {"profiles": {"a": {"project": "p", "dataset": "phoenix:a", "sample": {"by": "label"}}}}},
]

WRONG = [
    {"suites": {}},
    suite(datset="x"),
    suite(evaluators=[]),
    suite(evaluators=["exact_mach"]),
    suite(evaluators=[{"exact_match": {}, "regex": {"pattern": "x"}}]),
    suite(evaluators=[{"name": "x"}]),
    suite(task={"python": "app.py:answer", "timout": 3}),
    suite(task={"python": "app.py:answer", "command": "x"}),
    suite(checks={"a": {"at_least": "x"}}),
    suite(checks={"a": {"no_regression": {"slices": [3]}}}),
    *[suite(checks={"a": {"improves": wrong}}) for wrong in (-0.1, 1, True, "x", {}, {"by": 1})],
    *[suite(checks={"a": {"equivalent": wrong}}) for wrong in (0, 1, True, "x", {}, {"margin": 0})],
    {**suite(), "policy": {"alpha": 0.7}},
    {**suite(), "budget": {"usd": 0}},
]


@pytest.mark.parametrize("config", SHORT, ids=str)
def test_what_is_read_validates_short_forms_included(config):
    Config.model_validate(config)
    jsonschema.validate(config, config_schema())


@pytest.mark.parametrize("config", WRONG, ids=str)
def test_what_is_refused_does_not_validate(config):
    with pytest.raises(ValidationError):
        Config.model_validate(config)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(config, json.loads(schema_json()))
