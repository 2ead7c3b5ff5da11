"""User functions as evaluators, in real workers."""

import sys
from pathlib import Path

import pytest

from evalgate.errors import ConfigurationError
from evalgate.evaluators.functions import given
from evalgate.evaluators.score import EvaluatorFaultError, Given

EVALS = """
import os, time

class Score:
    def __init__(self, score, label=None, metadata=None, name=None):
        self.name, self.score, self.label, self.explanation = name, score, label, "by a judge"
        self.metadata, self.direction, self.kind = metadata or {}, "maximize", "code"

def short(output): return len(output) < 5
def raises(output):
    return {}["missing"]
def everything(input, output, expected, reference, metadata, example, trace_id, context, messages, tool_calls, steps):
    assert expected == reference and example["id"] == "e1"
    return [1, f"{input['question']} {output} {expected['a']} {metadata['lang']} {trace_id} {context[0]}"]
async def later(output): return (0.5, "half", "it is half of what it could be")
def score(output): return Score(0.5, "half", {"by": "me"})
def scores(output): return [Score(0, name="other"), Score(1, name="scores")]
def mapped(answer, lang="?"): return f"{answer}-{lang}"
def nan(output): return float("nan")
def nothing(output): pass
def thing(output): return object()
def secret(output): return os.environ.get("EVALGATE_TEST_SECRET", "none")
def slow(output): time.sleep(60)
def stops(output): os._exit(3)
"""


@pytest.fixture
def ask(root: Path, evaluate, monkeypatch):
    """Score by one function of the file above."""
    (root / "evals.py").write_text(EVALS)
    monkeypatch.setenv("EVALGATE_TEST_SECRET", "sesame")

    async def asked(function, output="web", expected=None, config=None, **fields):
        config = {"python": f"evals.py:{function}", "interpreter": sys.executable, "workers": 1, **(config or {})}
        return await evaluate(config, output, expected, **fields)

    return asked


async def test_a_bool_is_1_or_0_with_a_label(ask):
    """And the evaluation is called by the function's name."""
    found = await ask("short")
    assert (found.name, found.score, found.label) == ("short", 1, "pass")


async def test_what_a_function_raises_is_the_evaluators_error(ask):
    """With the user's last frame."""
    found = await ask("raises")
    assert (found.score, found.failure.kind, found.failure.type) == (None, "evaluator", "KeyError")
    assert found.failure.message == "'missing'"
    assert found.failure.where == "evals.py:11 in raises"


async def test_a_function_may_take_any_of_phoenixs_names(ask):
    """All of them here."""
    found = await ask("everything", "web", {"a": 1}, example={"metadata": {"lang": "de"}}, trace_id="t1", context=["c"])
    assert (found.score, found.explanation) == (1, "which? web 1 de t1 c")


async def test_async_functions_and_scores_of_phoenix_evals(ask):
    """Tuples by type, a Score by its fields, one of several by the evaluator's name."""
    found = await ask("later")
    assert (found.score, found.label, found.explanation) == (0.5, "half", "it is half of what it could be")
    found = await ask("score")
    assert (found.score, found.label, found.explanation, found.metadata) == (0.5, "half", "by a judge", {"by": "me"})
    assert (await ask("scores")).score == 1


async def test_parameters_of_its_own_come_by_the_mapping(ask):
    """And labels score by the map."""
    config = {"input_mapping": {"answer": "output.a", "lang": "metadata.lang"}, "scores": {"x-de": 0.75}}
    found = await ask("mapped", {"a": "x"}, config=config, example={"metadata": {"lang": "de"}})
    assert (found.score, found.label) == (0.75, "x-de")
    found = await ask("mapped", {"a": "y"}, config=config, example={"metadata": {"lang": "de"}})
    assert (found.failure.type, found.failure.message) == (
        "UnknownLabel",
        "it gave the label 'y-de'; `scores` has x-de",
    )


@pytest.mark.parametrize(
    ("function", "kind"), [("nan", "NotJsonError"), ("nothing", "WrongReturn"), ("thing", "NotJsonError")]
)
async def test_what_is_no_score_is_the_evaluators_error(ask, function, kind):
    """Named by its type."""
    assert (await ask(function)).failure.type == kind


async def test_a_function_sees_only_the_environment_that_it_is_given(ask):
    """Secrets are named in the config."""
    assert (await ask("secret")).label == "none"
    assert (await ask("secret", config={"env": ["EVALGATE_TEST_*"]})).label == "sesame"


async def test_a_function_that_hangs_or_ends_its_process_fails_alone(ask):
    """It is an error of that evaluation."""
    assert (await ask("slow", config={"timeout": 0.3})).failure.type == "Timeout"
    assert (await ask("stops")).failure.type == "WorkerDied"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("evals.py:shortt", "did you mean short"),
        ("none.py:f", "does not exist"),
        ("evals.py:mapped", None),
        ("broken.py:f", "SyntaxError"),
    ],
)
async def test_a_function_that_does_not_load_is_a_configuration_error(runner, root, target, message):
    """It names the evaluator and what comes next."""
    (root / "evals.py").write_text(EVALS.replace('lang="?"', "lang"))
    (root / "broken.py").write_text("def f(:\n")
    built = runner({"python": target, "interpreter": sys.executable, "name": "mine"})
    with pytest.raises(ConfigurationError, match=message) as caught:
        await built.start()
    await built.close()
    assert "the evaluator 'mine'" in caught.value.message
    assert caught.value.next_step
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (True, Given(score=True)),
        (3, Given(score=3.0)),
        ("good", Given(label="good")),
        ("not so good", Given(label="not so good")),
        ("it is not so good", Given(explanation="it is not so good")),
        ([0.5, "good"], Given(score=0.5, label="good")),
        (
            [True, "good", "because of the many reasons"],
            Given(score=True, label="good", explanation="because of the many reasons"),
        ),
        ([0.5, "good", "short"], Given(score=0.5, label="good", explanation="short")),
        ([0.5, None, "because of that reason"], Given(score=0.5, explanation="because of that reason")),
        ({"score": 1, "label": "a"}, Given(score=1.0, label="a")),
        ({"label": "a", "metadata": {"b": 1}}, Given(label="a", metadata={"b": 1})),
        ({"evalgate.score": {"name": "n", "score": 1, "kind": "llm", "direction": "x"}}, Given(score=1.0)),
    ],
)
def test_a_return_value_is_read_by_its_type(returned, expected):
    """As phoenix-evals' create_evaluator does, and dicts keep their metadata."""
    assert given(returned, name="n") == expected


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "it returned None"),
        ([], "it returned an empty list"),
        ([[1]], r"it returned a list \(\[1\]\)"),
        ({}, "an object with no keys"),
        ({"value": 1}, "an object with the keys value; it may have explanation, label, metadata, score"),
        ({"score": "1"}, r"an object whose score is a text \('1'\)"),
        ({"score": 1, "label": 2}, "an object whose label is int"),
        ({"score": 1, "metadata": [1]}, "an object whose metadata is a list"),
        (
            [{"evalgate.score": {"name": "a"}}, {"evalgate.score": {"name": "b"}}],
            "a list of 2 scores, none of them named n",
        ),
    ],
)
def test_anything_else_is_named(returned, message):
    """And followed by what may be returned."""
    with pytest.raises(EvaluatorFaultError, match=message):
        given(returned, name="n")
