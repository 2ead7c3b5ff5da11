"""Prompt tasks, from file to outcome, against the fake model."""

from __future__ import annotations

import pytest

from evalgate.errors import CandidateError
from evalgate.records import ErrorKind, Example, Usage
from evalgate.suite.config import Endpoint
from evalgate.suite.tasks import PromptTask
from evalgate.tasks.prompt import PromptTaskRunner
from tests.fake_model import FakeModel, Rule

PROMPT = """\
messages:
  - role: system
    content: You are terse.
  - role: user
    content: "Q: {{ question }}"
"""
EXAMPLE = Example(id="q7", input={"question": "Why?"}, output={"answer": "secret"}, metadata={"lang": "de"})


@pytest.fixture
def make(tmp_path, fake_model, transport):
    """Build a runner for a prompt text; settings of the task by name."""

    def build(text: str = PROMPT, *, endpoint: dict | None = None, environ: dict | None = None, **settings: object):
        (tmp_path / "p.yaml").write_text(text)
        given = {"prompt": "p.yaml", "model": "fake/small", **settings}
        base = {"base_url": fake_model.base_url, "timeout": 5, **(endpoint or {})}
        return PromptTaskRunner(
            PromptTask.model_validate(given),
            root=tmp_path,
            endpoints={"fake": Endpoint.model_validate(base)},
            environ=environ or {},
            transport=transport,
        )

    return build


async def ran(runner: PromptTaskRunner, example: Example = EXAMPLE):
    await runner.start()
    outcome = await runner.run(example, "r1")
    await runner.close()
    await runner.close()
    return outcome


async def test_text_is_the_output_and_everything_else_is_recorded(make, fake_model):
    fake_model.rules = [Rule(latency=0.03)]
    outcome = await ran(make(temperature=0, seed=4, parameters={"reasoning_effort": "low"}))
    assert outcome.output == "Q: Why?"
    assert outcome.failure is None
    assert outcome.messages[:2] == [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "Q: Why?"},
    ]
    assert outcome.messages[2]["role"] == "assistant"
    assert (outcome.tool_calls, outcome.context) == (None, None)
    assert outcome.usage is not None
    assert outcome.usage[0].model == "fake/small"
    assert outcome.usage[0].input_tokens == 5
    assert 0.03 <= outcome.latency < 1
    body = fake_model.requests[0]["body"]
    assert (body["model"], body["temperature"], body["seed"], body["reasoning_effort"]) == ("small", 0, 4, "low")


async def test_concurrency_is_the_endpoints(make):
    assert make(endpoint={"concurrency": 9}).concurrency == 9


async def test_json_is_parsed(make, fake_model):
    fake_model.rules = [Rule(reply='{"answer": [1, null]}')]
    assert (await ran(make(output="json"))).output == {"answer": [1, None]}


async def test_tool_calls_are_the_output_without_the_providers_ids(make):
    tools = "tools: [{type: function, function: {name: find, parameters: {properties: {q: {const: x}}}}}]\n"
    outcome = await ran(make(PROMPT + tools, output="tool_calls"))
    assert outcome.output == outcome.tool_calls == [{"name": "find", "arguments": {"q": "x"}}]


@pytest.mark.parametrize(
    ("rule", "output", "kind", "type_"),
    [
        (Rule(reply="no JSON"), "json", ErrorKind.TASK, "unparseable"),
        (Rule(fault="refusal"), "text", ErrorKind.TASK, "refusal"),
        (Rule(fault="content_filter"), "text", ErrorKind.TASK, "content_filter"),
        (Rule(fault="filtered_prompt"), "text", ErrorKind.TASK, "content_filter"),
        (Rule(fault="empty_choices"), "text", ErrorKind.TASK, "empty_answer"),
        (Rule(fault="null_content"), "text", ErrorKind.TASK, "empty_answer"),
        (Rule(tool_calls=[{"name": "f", "arguments": "{"}]), "tool_calls", ErrorKind.TASK, "unparseable"),
        (Rule(fault="status", status=400), "text", ErrorKind.TASK, "bad_request"),
        (Rule(fault="status", status=401), "text", ErrorKind.INFRASTRUCTURE, "refused"),
        (Rule(fault="status", status=503), "text", ErrorKind.INFRASTRUCTURE, "server_error"),
        (Rule(fault="status", status=429), "text", ErrorKind.INFRASTRUCTURE, "rate_limited"),
        (Rule(fault="reset"), "text", ErrorKind.INFRASTRUCTURE, "unreachable"),
        (Rule(fault="truncated_json"), "text", ErrorKind.INFRASTRUCTURE, "garbled"),
        (Rule(fault="hang"), "text", ErrorKind.INFRASTRUCTURE, "timeout"),
    ],
    ids=lambda value: value.fault if isinstance(value, Rule) else None,
)
async def test_every_failure_is_a_value_with_its_owner(make, fake_model, rule, output, kind, type_):
    fake_model.rules = [rule]
    outcome = await ran(make(output=output, endpoint={"timeout": 0.15}))
    assert outcome.output is None
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.failure.type) == (kind, type_)
    assert outcome.messages[1]["content"] == "Q: Why?"


async def test_an_unparseable_answer_keeps_its_usage_and_its_text(make, fake_model):
    fake_model.rules = [Rule(reply="no JSON")]
    outcome = await ran(make(output="json"))
    assert isinstance(outcome.usage[0], Usage)
    assert outcome.messages[-1]["content"] == "no JSON"


async def test_a_limit_of_the_tasks_own_that_is_the_shorter_one_makes_a_timeout_the_tasks(make, fake_model):
    fake_model.rules = [Rule(fault="hang")]
    outcome = await ran(make(timeout=0.1))
    assert (outcome.failure.kind, outcome.failure.type) == (ErrorKind.TASK, "timeout")
    assert 0.1 <= outcome.latency < 1


async def test_usage_that_the_provider_does_not_give_is_unknown(make, fake_model):
    fake_model.rules = [Rule(usage={"other": 1})]
    assert (await ran(make())).usage is None


async def test_a_missing_variable_is_the_runs_error_and_nothing_is_sent(make, fake_model):
    outcome = await ran(make(variables={"question": "metadata.question"}))
    assert outcome.failure.kind is ErrorKind.TASK
    assert outcome.failure.message == (
        "example 'q7': p.yaml, messages.1.content: 'question' is undefined; "
        "this example has nothing at question = metadata.question"
    )
    assert (fake_model.calls, outcome.usage) == (0, ())


async def test_the_expected_answer_never_reaches_the_model(make, fake_model):
    text = "messages: [{role: user, content: '{{ example }} {{ input }} {{ metadata }}'}]"
    outcome = await ran(make(text))
    assert "secret" not in outcome.output
    assert "Why?" in outcome.output


async def test_data_is_never_a_template(make):
    hostile = Example(id="x", input={"question": "{{ example.id }}{% raw %}"})
    assert (await ran(make(), hostile)).output == "Q: {{ example.id }}{% raw %}"


async def test_a_conversation_is_replayed_as_data(make, fake_model):
    turns = [{"role": "user", "content": "{{ hi }}"}, {"role": "assistant", "content": "yes", "custom": 1}]
    text = "messages:\n  - {role: system, content: s}\n  - {replay: input.messages}\n  - {role: user, content: end}"
    outcome = await ran(make(text), Example(id="c", input={"messages": turns}))
    assert fake_model.requests[0]["body"]["messages"] == [
        {"role": "system", "content": "s"},
        *turns,
        {"role": "user", "content": "end"},
    ]
    assert len(outcome.messages) == 5


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_a_prompts_own_instructions_are_in_place_of_those_of_the_conversation(make, fake_model, role):
    """Only before it, and only what it begins with: the rest of the conversation is as it was."""
    old, own = ({"role": each, "content": each} for each in ("system", role))
    asked = [{"role": "user", "content": "hi"}, {"role": "system", "content": "it is noon"}]
    given = Example(id="c", input={"messages": [old, *asked]})
    say = f"  - {{role: {role}, content: {role}}}\n"
    await ran(make(f"messages:\n{say}  - replay: input.messages\n"), given)
    await ran(make(f"messages:\n  - replay: input.messages\n{say}"), given)
    await ran(make("messages: [{role: user, content: x}, {replay: input.messages}]"), given)
    assert [each["body"]["messages"] for each in fake_model.requests] == [
        [own, *asked],
        [old, *asked, own],
        [{"role": "user", "content": "x"}, old, *asked],
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "there is no list of messages at input.messages"),
        ({"messages": "hi"}, "there is no list of messages at input.messages"),
        ({"messages": [{"content": "x"}]}, "input.messages.0 is not a message"),
    ],
)
async def test_what_cannot_be_replayed_is_the_runs_error(make, given, says):
    outcome = await ran(make("messages: [{replay: input.messages}]"), Example(id="c", input=given))
    assert says in outcome.failure.message
    assert "example 'c'" in outcome.failure.message


async def test_parts_of_a_message_are_filled(make, fake_model):
    text = "messages: [{role: user, content: [{type: image_url, image_url: {url: '{{ input.image }}'}}]}]"
    await ran(make(text), Example(id="i", input={"image": "data:,x"}))
    content = fake_model.requests[0]["body"]["messages"][0]["content"]
    assert content == [{"type": "image_url", "image_url": {"url": "data:,x"}}]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"text": "messages:\n- role: user\n  content: |\n    fine\n    {{ open\n"}, "p.yaml:5: not a template"),
        ({"text": "messages: [{role: user, content: '{% include \"x\" %}'}]"}, "cannot load other files"),
        ({"text": "messages: [{replay: output.messages}]"}, "p.yaml:1:21: nothing can ever be replayed"),
        ({"text": "messages: ["}, "p.yaml:2:1: not YAML"),
        ({"prompt": "gone.yaml"}, "the prompt file gone.yaml does not exist"),
        ({"model": "fkae/small"}, "did you mean 'fake'?"),
        ({"variables": {"q": "expected.answer"}}, "'q' can never be filled: expected.answer is the expected"),
        ({"variables": {"q": "inputs.q"}}, "starts with 'inputs'"),
        ({"parameters": {"messages": []}}, "parameters cannot set 'messages'"),
        ({"parameters": {"n": 3}}, "parameters cannot set 'n'"),
        ({"parameters": {"seed": 1}, "seed": 2}, "'seed' is set twice"),
        ({"endpoint": {"api_key_env": "KEY"}}, "environment variable KEY is not set"),
        ({"endpoint": {"base_url": "nowhere"}}, "is not an http(s) address"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:40],
)  # fmt: skip
async def test_what_can_be_known_beforehand_stops_the_start(make, fake_model, settings, says):
    runner = make(**settings)
    with pytest.raises(CandidateError) as caught:
        await runner.start()
    assert says in str(caught.value)
    assert caught.value.next_step
    assert (caught.value.exit_code, fake_model.calls) == (2, 0)


async def test_the_key_is_sent_and_shown_nowhere(make, fake_model):
    fake_model.rules = [Rule(fault="echo_key")]
    outcome = await ran(make(endpoint={"api_key_env": "KEY"}, environ={"KEY": "sk-hidden-1"}))
    assert fake_model.requests[0]["headers"]["Authorization"] == "Bearer sk-hidden-1"
    assert "sk-hidden-1" not in repr(outcome)
    assert "Incorrect API key provided: ***" in outcome.failure.message


async def test_two_samples_are_two_draws(make, fake_model: FakeModel):
    fake_model.rules = [Rule(reply="random")]
    runner = make()
    await runner.start()
    outputs = {(await runner.run(EXAMPLE, sample)).output for sample in ("r1", "r2", "r3")}
    assert (len(outputs), fake_model.calls) == (3, 3)


async def test_running_before_starting_is_a_bug_that_says_so(make):
    with pytest.raises(RuntimeError, match="before start"):
        await make().run(EXAMPLE, "r1")
