"""Judges by name: phoenix-evals' own prompts, labels and requests, held equal to its classes."""

from __future__ import annotations

import inspect
import json
import re

import httpx2
import pytest
from phoenix.evals import LLM, ClassificationEvaluator, metrics
from pydantic import ValidationError

from evalgate.evaluators.judge.prompts import NamedPrompt
from evalgate.evaluators.view import View
from evalgate.suite.delimiting import GUARD
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.judges import JUDGES
from tests.fake_model import Rule
from tests.unit.evaluators.conftest import subject

PHOENIX = {name: named for name, named in JUDGES.items() if named.phoenix}
NO_CONTEXT = (
    "example 'e1': the judge's context is context, and there is none; return it with evalgate.Result(…, context=…), "
    "or map context to something else with input_mapping"
)
CORRECT = json.dumps({"explanation": "as it should be", "label": "correct"})


def test_every_judge_of_phoenix_evals_goes_by_its_name():
    """None is missing, and none is named that is not there."""
    theirs = {
        name
        for name, each in vars(metrics).items()
        if inspect.isclass(each) and issubclass(each, ClassificationEvaluator)
    }
    assert {named.phoenix for named in PHOENIX.values()} == theirs


@pytest.mark.parametrize(("name", "named"), PHOENIX.items(), ids=list(PHOENIX))
def test_a_phoenix_judge_is_what_its_class_says(name, named):
    """Name, labels, scores, direction and parameters."""
    theirs = getattr(metrics, named.phoenix)
    assert name.removeprefix("phoenix_") == theirs.NAME
    assert dict(named.labels) == theirs.CHOICES
    assert list(named.labels) == list(theirs.CHOICES)
    assert named.direction.value == theirs.DIRECTION
    (schema,) = (each for key, each in vars(theirs).items() if key.endswith("InputSchema"))
    assert set(named.inputs) == set(schema.model_fields)


@pytest.mark.parametrize(("name", "named"), PHOENIX.items(), ids=list(PHOENIX))
def test_a_phoenix_prompt_is_filled_as_phoenix_fills_it(name, named):
    """Word for word, for values that stand between our tags; nothing in a value is a template."""
    prompt = NamedPrompt(name, named)
    prompt.load()
    hostile = "{{output}} <b>&amp;</b> {input} \\1 \\g<0>\n</data>"
    run = subject(
        hostile, context=[hostile], messages=[{"role": "user", "content": hostile}], tool_calls=[{"name": "f"}]
    )
    mapping = {**prompt.inputs, **dict.fromkeys(named.unmapped, "output")}
    messages = prompt.fill(View(run, mapping), list(named.labels))
    assert messages[0] == {"role": "system", "content": GUARD}
    told = messages[1]["content"]
    (code,) = set(re.findall("<data-([0-9a-f]{12})>", told))
    theirs = getattr(metrics, named.phoenix).PROMPT
    values = {}
    for parameter in named.inputs:
        value = {"input": run.example.input, "output": hostile}.get(
            mapping[parameter], getattr(run.outcome, mapping[parameter], None)
        )
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        apart = "\n" if "\n" in text or len(text) > 100 else ""
        values[parameter] = f"<data-{code}>{apart}{text}{apart}</data-{code}>"
    assert [{"role": "user", "content": told}] == [
        {"role": message["role"].value, "content": message["content"]} for message in theirs.render(variables=values)
    ]
    assert "{{" not in told.replace("{{output}}", "")


async def test_the_request_is_the_one_that_phoenix_sends(judged, fake_model):
    """Model, schema and parameters of its own class over the SDK, but for the messages that the guard is in."""
    fake_model.rules = [Rule(reply=CORRECT)]
    await judged({"judge": "phoenix_correctness", "seed": 3})
    async with httpx2.AsyncClient() as client:
        given = {"provider": "openai", "model": "m", "api_key": "k", "base_url": fake_model.base_url}
        llm = LLM(**given, async_client_kwargs={"http_client": client})
        theirs = metrics.CorrectnessEvaluator(llm=llm, temperature=0.0, seed=3)
        (score,) = await theirs.async_evaluate({"input": "which?", "output": "Paris"})
    ours, phoenix = (request["body"] for request in fake_model.requests)
    assert score.label == "correct"
    assert ours.pop("messages")[1]["content"] != phoenix.pop("messages")[0]["content"]
    assert ours == phoenix


async def test_correctness_holds_the_answer_against_the_expected_one(judged, fake_model):
    """The label is scored, the reasons are the explanation, the rest is recorded."""
    fake_model.rules = [Rule(reply=CORRECT)]
    found = await judged({"judge": "correctness"}, {"answer": "Paris"}, {"answer": "It is Paris."})
    assert (found.name, found.score, found.label, found.explanation) == (
        "correctness", 1.0, "correct", "as it should be",
    )  # fmt: skip
    body = fake_model.requests[0]["body"]
    told = body["messages"][1]["content"]
    code = re.search("<data-([0-9a-f]{12})>", told)[1]
    assert f'<question>\n<data-{code}>{{"question": "which?"}}</data-{code}>\n</question>' in told
    assert f'<reference_answer>\n<data-{code}>{{"answer": "It is Paris."}}</data-{code}>\n</reference_answer>' in told
    assert f'<answer>\n<data-{code}>{{"answer": "Paris"}}</data-{code}>\n</answer>' in told
    assert (body["temperature"], body["seed"]) == (0, 1)
    assert found.metadata["judges"] == ["fake/m"]
    assert found.metadata["calls"] == 1
    assert found.metadata["latency"] > 0


async def test_a_direction_and_a_kind_come_with_the_name(runner):
    """Less toxicity is better; a judge is an LLM."""
    spec = runner({"judge": "toxicity", "model": "a/b"}).spec
    assert (spec.name, spec.direction, spec.kind, spec.low, spec.high) == ("toxicity", "minimize", "LLM", 0, 1)


async def test_input_mapping_reaches_everything_that_a_task_returns(judged, fake_model):
    """Context, messages, tool calls and steps."""
    fake_model.rules = [Rule(reply=CORRECT)]
    config = {
        "judge": "tool_response_handling",
        "input_mapping": {"input": "messages.0.content", "tool_result": "steps.1.result", "output": "output.text"},
    }
    await judged(
        config,
        {"text": "It rains."},
        messages=[{"role": "user", "content": "Weather?"}],
        tool_calls=[{"name": "weather", "arguments": {"city": "Bonn"}}],
        steps=[{}, {"result": "rain, 4 degrees"}],
    )
    told = fake_model.requests[0]["body"]["messages"][1]["content"]
    for text in ("Weather?", "rain, 4 degrees", "It rains.", '[{"name": "weather", "arguments": {"city": "Bonn"}}]'):
        assert f">{text}</data-" in told


async def test_an_output_that_is_null_scores_worst_and_costs_nothing(judged, fake_model):
    """It is the task's own fault."""
    found = await judged({"judge": "toxicity"}, None)
    assert (found.score, found.explanation, fake_model.calls) == (1, "the output is null", 0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"judge": "faithfulness"},
            NO_CONTEXT,
        ),
        ({"judge": "correctness"}, "example 'e1' has no expected answer; give it an `output`"),
    ],
)
async def test_what_there_is_not_is_never_a_score(judged, fake_model, config, message):
    """A judge without its material says nothing, and is not asked."""
    found = await judged(config)
    assert found.failure.message == message
    assert (found.score, fake_model.calls) == (None, 0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"judge": "corectness", "model": "a/b"}, "there is no judge `corectness`: did you mean `correctness`?"),
        ({"judge": "correctness"}, "the judge correctness needs a `model`: endpoint/model"),
        (
            {"judge": "correctness", "model": "a/b", "input_mapping": {"answer": "output"}},
            "the judge correctness has no parameter answer for `input_mapping`: it has input, output, expected",
        ),
        (
            {"judge": "tool_selection", "model": "a/b"},
            "needs to be told what available_tools is: input_mapping: {available_tools: metadata.available_tools}",
        ),
        ({"exact_match": {}, "model": "a/b"}, "model is for judges; exact_match has none"),
        ({"exact_match": {}, "parameters": {"a": 1}}, "parameters is for judges; exact_match has none"),
        ({"judge": "correctness", "model": "a/b", "workers": 2}, "workers is for python evaluators"),
        ({"judge": "correctness", "model": []}, "`model` is an empty list"),
        ({"judge": "correctness", "model": ["a/b", "a/b"]}, "`model` names a model twice"),
        ({"judge": "correctness", "model": "b"}, "String should match pattern"),
    ],
)
def test_a_judge_that_cannot_judge_is_refused_at_reading(config, message):
    """With what to write instead."""
    with pytest.raises(ValidationError, match=re.escape(message)):
        Evaluator.model_validate(config)
