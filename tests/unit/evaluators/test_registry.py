"""The registry, specs, score maps and input mappings: what all kinds share."""

import math
import os
import subprocess
import sys
from typing import get_args

import pytest
from pydantic import ValidationError

from evalgate.errors import ConfigurationError
from evalgate.evaluators.registry import ALONE, WITH_ROOT
from evalgate.evaluators.score import EvaluatorFaultError, Given, evaluation, failure
from evalgate.records import Direction, ErrorKind, EvaluatorKind, EvaluatorSpec, Failure
from evalgate.suite.evaluator_kinds import EVALUATOR_KINDS, Parameters
from evalgate.suite.evaluators import Evaluator
from tests.unit.evaluators.conftest import subject


def test_every_parameter_model_has_one_implementation():
    """No kind is declared without one, and none is built that cannot be declared."""
    assert set(ALONE) | set(WITH_ROOT) == set(EVALUATOR_KINDS.values())
    assert not set(ALONE) & set(WITH_ROOT)


def test_every_kind_is_a_field_of_the_config_under_its_key():
    """`EVALUATOR_KINDS` and the fields of `Evaluator` are one set."""
    fields = {}
    for name, field in Evaluator.model_fields.items():
        for kind in get_args(field.annotation):
            if isinstance(kind, type) and issubclass(kind, Parameters):
                fields[field.alias or name] = kind
    assert fields == EVALUATOR_KINDS


@pytest.mark.parametrize(
    ("config", "direction", "low", "high", "name"),
    [
        ("exact_match", "maximize", 0, 1, "exact_match"),
        ({"exact_match": {}, "name": "route"}, "maximize", 0, 1, "route"),
        ({"contains": {}, "direction": "minimize"}, "minimize", 0, 1, "contains"),
        ("length", "neutral", None, None, "length"),
        ({"length": {}, "range": [0, 500], "direction": "minimize"}, "minimize", 0, 500, "length"),
        ({"length": {"max": 3}}, "maximize", 0, 1, "length"),
        ({"python": "e.py:a.b"}, "maximize", 0, 1, "a.b"),
        ({"python": "e.py:f", "range": [1, 5]}, "maximize", 1, 5, "f"),
        ({"python": "e.py:f", "scores": {"good": 1, "bad": 0.2}}, "maximize", 0, 1, "f"),
        ({"python": "e.py:f", "scores": {"good": 2, "ok": 1, "bad": 0}}, "maximize", 0, 2, "f"),
        ({"exact_match": {}, "scores": {"pass": 5, "fail": 1}}, "maximize", 1, 5, "exact_match"),
        ({"similarity": {}, "range": [-1, 1]}, "maximize", -1, 1, "similarity"),
    ],
)
def test_a_spec_is_the_kinds_traits_under_the_config(runner, config, direction, low, high, name):
    """What the config does not say is the kind's own."""
    assert runner(config).spec == EvaluatorSpec(
        name=name, kind=EvaluatorKind.CODE, direction=Direction(direction), low=low, high=high
    )


def test_scale_and_version_reach_the_spec(runner):
    """They are the config's own."""
    spec = runner({"latency": {}, "scale": 2.5, "version": "7"}).spec
    assert (spec.scale, spec.version) == (2.5, "7")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"exact_match": {}, "range": [0, 0.5]}, "scores from 0 to 1, beyond its range"),
        ({"exact_match": {}, "scores": {"pass": 1}}, "gives the labels pass and fail; `scores` has pass"),
        ({"exact_match": {}, "scores": {}}, "an empty `scores`"),
        ({"similarity": {}, "scores": {"pass": 1}}, "gives no labels"),
        ({"python": "e.py:f", "scores": {"good": 7}}, "outside its range 0 to 1"),
        ({"python": "e.py:f", "scores": {"good": 7, "bad": 0}, "range": [0, 5]}, "outside its range 0 to 5"),
        ({"exact_match": {}, "input_mapping": {"outputs": "output"}}, "has no parameter outputs"),
        ({"latency": {}, "input_mapping": {"output": "output"}}, "has no parameter output"),
        ({"regex": {"pattern": "x"}, "input_mapping": {"expected": "output"}}, "has no parameter expected"),
    ],
)
def test_a_config_that_contradicts_its_kind_is_refused(runner, config, message):
    """With what to write instead."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        runner(config)
    assert caught.value.next_step


@pytest.mark.parametrize(
    "config",
    [
        {"contains": {"text": ""}},
        {"contains": {"text": []}},
        {"contains": {"text": ["a", ""]}},
        {"regex": {"pattern": ""}},
        {"json_path": {"expression": "$", "equals": 1, "expected": "a"}},
        {"length": {"min": 3, "max": 2}},
        {"exact_match": {}, "timeout": 5},
        {"sql": {"database": "a.sql"}, "interpreter": "python3"},
        {"exact_match": {}, "contains": {}},
        {},
    ],
)
def test_a_config_that_cannot_mean_anything_is_refused_at_reading(config):
    """Nothing that would be green on nothing, and no option that would be ignored."""
    with pytest.raises(ValidationError):
        Evaluator.model_validate(config)


async def test_a_score_map_settles_what_a_label_scores(evaluate):
    """Also for the worst score that a fault of the output gets."""
    config = {"exact_match": {"path": "a"}, "scores": {"pass": 5, "fail": 1}}
    assert (await evaluate(config, "x", {"a": "x"})).score == 5
    assert (await evaluate(config, {}, {"a": "x"})).score == 1


async def test_the_worst_score_of_a_minimized_evaluator_is_its_highest(evaluate):
    """A missing path must never be the better answer."""
    config = {"contains": {"text": "sorry", "path": "a"}, "direction": "minimize"}
    assert (await evaluate(config, {"b": "sorry"})).score == 1


async def test_an_input_mapping_says_what_the_parameters_are(evaluate):
    """Over everything that a task returns and the example holds; text that is JSON is looked into."""
    mapping = {"output": "steps.0.answer", "expected": "metadata.right"}
    config = {"exact_match": {}, "input_mapping": mapping}
    found = await evaluate(config, "?", None, steps=[{"answer": 1}], example={"metadata": {"right": 1}})
    assert found.score == 1
    config = {"exact_match": {}, "input_mapping": {"output": "output.a", "expected": "input.question"}}
    assert (await evaluate(config, '{"a": "which?"}')).score == 1


async def test_a_mapping_that_leads_nowhere_is_the_fault_of_its_side(evaluate):
    """The task's scores worst, the dataset's is an error."""
    config = {"exact_match": {}, "input_mapping": {"output": "steps.0.answer"}}
    found = await evaluate(config, "?", {"a": 1}, steps=[])
    assert (found.score, found.explanation) == (0, "the task gave no steps.0.answer")
    config = {"exact_match": {}, "input_mapping": {"expected": "metadata.right"}}
    found = await evaluate(config, "?", {"a": 1})
    assert found.failure.message == "example 'e1' has no metadata.right, which input_mapping names for expected"


async def test_a_run_that_failed_has_nothing_to_score(runner):
    """The engine does not ask; a caller who does gets an error, never a score."""
    failed = Failure(kind=ErrorKind.TASK, type="ValueError", message="x")
    found = await runner("json_valid").evaluate(subject(failure=failed))
    assert found.failure.type == "NoOutput"


SPEC = EvaluatorSpec(name="e", low=0.0, high=1.0)


@pytest.mark.parametrize(
    ("given", "labels", "score", "label"),
    [
        (Given(score=True), None, 1, "pass"),
        (Given(score=False), None, 0, "fail"),
        (Given(score=True, label="yes"), None, 1, "yes"),
        (Given(score=0.25), None, 0.25, None),
        (Given(score=1 + 1e-12), None, 1, None),
        (Given(label="good"), None, None, "good"),
        (Given(label="good"), {"good": 0.5}, 0.5, "good"),
        (Given(score=0.1, label="good"), {"good": 0.5}, 0.5, "good"),
    ],
)
def test_what_is_given_becomes_an_evaluation(given, labels, score, label):
    """A bool is labelled, a label is mapped."""
    found = evaluation(SPEC, given, labels)
    assert (found.score, found.label) == (score, label)


@pytest.mark.parametrize(
    ("given", "labels", "kind"),
    [
        (Given(score=math.nan), None, "NotFinite"),
        (Given(score=math.inf), None, "NotFinite"),
        (Given(score=1.1), None, "OutOfRange"),
        (Given(score=-0.1), None, "OutOfRange"),
        (Given(), None, "NoScore"),
        (Given(explanation="because"), None, "NoScore"),
        (Given(label="fine"), {"good": 1}, "UnknownLabel"),
        (Given(score=1.0), {"good": 1}, "NoLabel"),
    ],
)
def test_what_does_not_fit_is_the_evaluators_error(given, labels, kind):
    """Never a score."""
    with pytest.raises(EvaluatorFaultError) as caught:
        evaluation(SPEC, given, labels)
    assert caught.value.type == kind


def test_an_unforeseen_exception_carries_its_last_frame():
    """So that a bug in an evaluator can be found."""
    try:
        raise KeyError("x")
    except KeyError as error:
        found = failure(SPEC, error)
    assert found.failure.kind is ErrorKind.EVALUATOR
    assert found.failure.type == "KeyError"
    assert "test_registry.py" in found.failure.where


def test_building_evaluators_imports_no_heavy_library():
    """A suite pays only for what it uses, and only once it starts."""
    heavy = "regex, rapidfuzz, jsonschema, jsonpath_ng, sqlglot, duckdb, phoenix, openai, pandas, numpy"
    code = (
        "import sys, pathlib\n"
        "from evalgate.evaluators.registry import build\n"
        "from evalgate.suite.evaluators import Evaluator\n"
        "for config in ['exact_match', {'regex': {'pattern': 'x'}}, {'sql': {'database': 'a'}}, 'json_valid']:\n"
        "    build(Evaluator.model_validate(config), root=pathlib.Path(), environ={})\n"
        f"print(sorted(set('{heavy}'.split(', ')) & set(sys.modules)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert found.stdout == "[]\n"
