"""Judges of the user's own: a file with a prompt, and labels or a scale."""

from __future__ import annotations

import json
import re

import pytest

from evalgate.errors import CandidateError
from tests.fake_model import Rule

PROMPT = """\
messages:
  - role: system
    content: You know about {{ topic }}.
  - role: user
    content: |
      {{ input.question }}
      {{ output }}
      {% if context %}From {{ context | length }}: {{ context.0 }}{% endif %}
"""
LABELS = """\
labels:
  helpful: {score: 1, description: It solves the problem.}
  unhelpful: 0
"""
SCALE = "rubric: [useless, poor, fair, good, perfect]\n"


@pytest.fixture
def write(root):
    """Write a judge file and return the config that names it."""

    def written(text: str, **config: object) -> dict[str, object]:
        (root / "tone.yaml").write_text(text)
        return {"judge": "tone.yaml", "model": "fake/m", "input_mapping": {"topic": "metadata.topic"}, **config}

    return written


EXAMPLE = {"input": {"question": "Why?"}, "metadata": {"topic": "cats"}}


def told(fake_model) -> list[str]:
    return [
        re.sub("data-[0-9a-f]{12}", "data-CODE", message["content"])
        for message in fake_model.requests[-1]["body"]["messages"]
    ]


async def test_everything_that_an_expression_puts_in_stands_between_tags(write, judged, fake_model):
    """Numbers are nobody's text; what labels mean is said at the end."""
    fake_model.rules = [Rule(reply=json.dumps({"explanation": "e", "label": "helpful"}))]
    found = await judged(write(PROMPT + LABELS), {"a": 1}, example=EXAMPLE, context=["one\ntwo", "three"])
    assert (found.name, found.score, found.label) == ("tone", 1, "helpful")
    guard, system, user = told(fake_model)
    assert guard.startswith("You are a judge.")
    assert system == "You know about <data-CODE>cats</data-CODE>."
    assert user == (
        "<data-CODE>Why?</data-CODE>\n"
        '<data-CODE>{"a": 1}</data-CODE>\n'
        "From 2: <data-CODE>\none\ntwo\n</data-CODE>\n"
        "\n\nThe labels:\n- helpful: It solves the problem."
    )


async def test_one_answer_is_asked_about_in_the_same_words_whatever_its_trace(write, judged, fake_model):
    """Each run has a trace of its own; the cache knows a question by its words."""
    fake_model.rules = [Rule(reply=json.dumps({"explanation": "e", "label": "helpful"}))]
    for trace in ("0" * 32, "f" * 32):
        await judged(write(PROMPT + LABELS), {"a": 1}, example=EXAMPLE, context=["one"], trace_id=trace)
    one, other = (request["body"]["messages"] for request in fake_model.requests)
    assert one == other


async def test_a_scale_scores_its_steps_and_averages_its_votes(write, judged, runner, fake_model):
    """1 to 5 by default; the label may come as a number."""
    config = write(PROMPT + SCALE, repetitions=2)
    spec = runner(config).spec
    assert (spec.low, spec.high, spec.direction) == (1, 5, "maximize")
    fake_model.rules = [Rule(reply='{"label": 4}', times=1), Rule(reply='{"label": "5"}')]
    found = await judged(config, example=EXAMPLE)
    assert found.score == 4.5
    assert told(fake_model)[-1].endswith("\n\nThe scale:\n- 1: useless\n- 2: poor\n- 3: fair\n- 4: good\n- 5: perfect")
    schema = fake_model.requests[0]["body"]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["label"]["enum"] == ["1", "2", "3", "4", "5"]


async def test_scores_of_the_config_are_those_of_the_labels(write, judged, fake_model):
    """They must be of the same labels."""
    fake_model.rules = [Rule(reply='{"label": "unhelpful"}')]
    config = write(PROMPT + LABELS, scores={"helpful": 1, "unhelpful": 0.2})
    assert (await judged(config, example=EXAMPLE)).score == 0.2


@pytest.mark.parametrize(
    ("example", "output", "message"),
    [
        ({**EXAMPLE, "metadata": {}}, "x", "example 'e1' has no metadata.topic, which input_mapping names for topic"),
        (
            {**EXAMPLE, "input": {}},
            "x",
            "example 'e1': tone.yaml, message 2: there is no 'question' here (it is empty)",
        ),
    ],
)
async def test_what_an_example_lacks_is_the_evaluators_error(write, judged, fake_model, example, output, message):
    """It names the example."""
    found = await judged(write(PROMPT + LABELS), output, example=example)
    assert (found.failure.message, fake_model.calls) == (message, 0)


async def test_an_answer_that_is_not_there_scores_worst(write, judged, fake_model):
    """And an example without an expected answer, where the prompt asks for it, is the dataset's fault."""
    found = await judged(write(PROMPT + LABELS), None, example=EXAMPLE)
    assert (found.score, found.explanation) == (0, "the output is null")
    found = await judged(write(PROMPT.replace("{{ output }}", "{{ expected.answer }}") + LABELS), "x", example=EXAMPLE)
    assert found.failure.message == "example 'e1' has no expected answer; give it an `output`"
    assert fake_model.calls == 0


HEAD = "messages: [{role: user, content: x}]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "tone.yaml: the judge file is empty"),
        (HEAD, "a judge file needs exactly one of labels, rubric and pairwise"),
        (
            HEAD + "labels: {a: 1, b: 0}\nrubric: [x, y]\n",
            "a judge file needs exactly one of labels, rubric and pairwise",
        ),
        (HEAD + "labels: {a: 1}\n", "labels needs at least two"),
        (HEAD + "labels: {a: 1, b: 1}\n", "all labels score the same"),
        (HEAD + "pairwise: true\nlabels: {a: 1, b: 0}\n", "needs exactly one of labels, rubric and pairwise: true"),
        (HEAD + "pairwise: true\ndirection: minimize\n", "direction means nothing to a judge that is pairwise"),
        (HEAD + "rubric: [only]\n", "rubric needs 2 to 11 steps; it has 1"),
        (HEAD + "labels: {a: 1, b: 0}\nlable: 1\n", "tone.yaml:3:1: unknown key `lable`: did you mean `labels`?"),
        (HEAD + "labels: {a: yes, b: 0}\n", "tone.yaml:2:13: labels.a"),
        ("messages: []\nlabels: {a: 1, b: 0}\n", "tone.yaml:1:11: messages is empty"),
        ("messages: [{role: tool, content: x}]\nlabels: {a: 1, b: 0}\n", "tone.yaml:1:19: messages[0].role should be"),
    ],
)
def test_a_file_in_error_is_refused_with_its_place(write, runner, text, says):
    """Before anything is started."""
    with pytest.raises(CandidateError) as caught:
        runner(write(text))
    assert says in str(caught.value)
    assert "next: " in str(caught.value)


async def test_a_template_in_error_is_refused_at_the_start_with_its_line(write, judged):
    """Nothing was asked by then."""
    with pytest.raises(CandidateError, match=r"tone\.yaml:5: not a template"):
        await judged(write("messages:\n  - role: user\n    content: |\n      fine\n      {{ open\n" + LABELS))
