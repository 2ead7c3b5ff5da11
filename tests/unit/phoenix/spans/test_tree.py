"""What is known of a run, as spans with OpenInference's attributes."""

import json

import pytest

from evalgate.phoenix.experiments.records import RunRecord
from evalgate.phoenix.spans.tree import LONGEST_TEXT, Measured, spans_of_run
from evalgate.records import ErrorKind, Evaluation, Failure, ModelCall, Step, TaskOutcome, Usage
from evalgate.trace_ids import evaluation_trace_id, span_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
USAGE = Usage(model="openai/gpt-4.1-mini", input_tokens=100, output_tokens=10, cached_tokens=40, cost=0.01)
MESSAGES = [{"role": "user", "content": "where?"}, {"role": "assistant", "content": "there"}]
CALL = ModelCall(
    endpoint="openai",
    model="gpt-4.1-mini",
    asked=json.dumps({"model": "gpt-4.1-mini", "messages": MESSAGES[:1], "temperature": 0}).encode(),
    answered=json.dumps({"choices": [{"message": MESSAGES[1]}]}).encode(),
    content_type="application/json",
    started=1_000_000_000.5,
    seconds=0.25,
    usage=USAGE,
)


def measured(*, evaluations=(), steps=None, outcome=None, **more):
    said = {"output": {"answer": "there"}, "trace_id": TRACE, "latency": 0.5, **(outcome or {})}
    run = RunRecord(
        example_id="e1",
        position=0,
        content="hash",
        sample="r1",
        started_at="2001-09-09T01:46:40.000+00:00",
        outcome=TaskOutcome(**said),
        evaluations=tuple(evaluations),
    )
    about = {"suite": "support", "side": "candidate", "build": 7}
    return Measured(uid="u", run=run, input={"q": "where?"}, about=about, steps=steps or {}, **more)


def test_a_run_is_a_trace_with_its_task_and_its_calls():
    task, call = spans_of_run(measured(steps={"": Step(started=1_000_000_000.0, ended=1_000_000_002.0, calls=(CALL,))}))
    assert (task.trace_id, task.span_id, task.parent, task.name) == (TRACE, span_id(TRACE), None, "task")
    assert (task.start, task.end) == (1_000_000_000.25, 1_000_000_000.75)  # as long as was recorded, around its call
    assert task.attributes["openinference.span.kind"] == "CHAIN"
    assert json.loads(task.attributes["input.value"]) == {"q": "where?"}
    assert json.loads(task.attributes["output.value"]) == {"answer": "there"}
    assert json.loads(task.attributes["metadata"]) == {
        "example": "e1",
        "sample": "r1",
        "suite": "support",
        "side": "candidate",
        "build": 7,
    }
    assert (call.trace_id, call.parent, call.start, call.end) == (
        TRACE,
        task.span_id,
        CALL.started,
        CALL.started + 0.25,
    )
    assert call.attributes == {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4.1-mini",
        "llm.provider": "openai",
        "llm.token_count.prompt": 100,
        "llm.token_count.completion": 10,
        "llm.token_count.total": 110,
        "llm.token_count.prompt_details.cache_read": 40,
        "llm.cost.total": 0.01,
        "metadata": '{"from_cache": false, "calls": 1}',
        "input.value": CALL.asked.decode(),
        "input.mime_type": "application/json",
        "output.value": CALL.answered.decode(),
        "output.mime_type": "application/json",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "where?",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "there",
        "llm.invocation_parameters": '{"model": "gpt-4.1-mini", "temperature": 0}',
    }


def test_an_evaluation_is_a_trace_of_its_own():
    """In the task's, a judge's tokens and cost would count as the task's."""
    said = Evaluation(name="judge", score=1.0, label="correct", explanation="it is")
    steps = {"judge": Step(started=1_000_000_001.0, ended=1_000_000_002.0, calls=(CALL,))}
    task, root, call = spans_of_run(measured(evaluations=[said], steps=steps))
    assert task.trace_id == TRACE
    assert root.trace_id == call.trace_id == evaluation_trace_id(TRACE, "u", "judge")
    assert (root.parent, call.parent, root.name) == (None, root.span_id, "judge")
    assert root.attributes["openinference.span.kind"] == "EVALUATOR"
    assert json.loads(root.attributes["output.value"]) == {"score": 1.0, "label": "correct", "explanation": "it is"}
    assert json.loads(root.attributes["input.value"])["output"] == {"answer": "there"}
    assert (root.start, root.end) == (1_000_000_001.0, 1_000_000_002.0)


def test_ids_are_the_same_whenever_it_is_sent():
    steps = {"": Step(started=1.0, ended=2.0, calls=(CALL, CALL))}
    first, again = (spans_of_run(measured(steps=steps, evaluations=[Evaluation(name="x")])) for _ in range(2))
    assert first == again
    assert len({span.span_id for span in first}) == 4


def test_where_single_calls_are_not_known_there_is_a_span_for_each_model():
    alone = spans_of_run(measured(outcome={"usage": (USAGE,), "messages": MESSAGES}))
    assert [span.name for span in alone] == ["task", "openai/gpt-4.1-mini"]
    assert alone[1].attributes["llm.token_count.total"] == 110
    assert alone[1].attributes["llm.input_messages.1.message.content"] == "there"
    several = spans_of_run(measured(outcome={"usage": (USAGE, Usage(model="b", input_tokens=1, output_tokens=1))}))
    assert [span.attributes.get("llm.model_name") for span in several] == [None, "gpt-4.1-mini", "b"]


def test_what_the_program_itself_tells_of_is_not_told_twice():
    steps = {"": Step(started=1_000_000_000.0, ended=1_000_000_009.0, calls=(CALL,))}
    (task,) = spans_of_run(
        measured(steps=steps, outcome={"usage": (USAGE,)}, seen=True, program=(1_000_000_000.5, 1_000_000_001.5))
    )
    assert (task.start, task.end) == (1_000_000_000.5, 1_000_000_001.5)


def test_failures_are_errors_and_have_no_output():
    failure = Failure(kind=ErrorKind.TASK, type="ValueError", message="no such thing")
    judged = Evaluation(name="judge", failure=Failure(kind=ErrorKind.EVALUATOR, type="Timeout", message="m"))
    task, root = spans_of_run(measured(outcome={"output": None, "failure": failure}, evaluations=[judged]))
    assert (task.error, root.error) == ("ValueError: no such thing", "Timeout: m")
    assert not [name for name in (*task.attributes, *root.attributes) if name.startswith("output")]


@pytest.mark.parametrize("trace_id", [None, "t1", "0" * 32])
def test_a_run_without_a_trace_has_no_spans(trace_id):
    assert spans_of_run(measured(outcome={"trace_id": trace_id})) == []


def test_what_is_withheld_is_nowhere():
    secret = "the-secret-answer"
    call = ModelCall(
        endpoint="openai",
        model="m",
        asked=json.dumps({"messages": [{"role": "user", "content": secret}], "tools": [{"x": secret}]}).encode(),
        answered=secret.encode(),
        content_type="",
        started=1.0,
        seconds=0.1,
    )
    failure = Failure(kind=ErrorKind.EVALUATOR, type="Timeout", message=secret)
    said = [Evaluation(name="judge", explanation=secret, label="l"), Evaluation(name="broken", failure=failure)]
    spans = spans_of_run(
        measured(
            outcome={"output": secret, "messages": [{"role": "user", "content": secret}], "usage": (USAGE,)},
            evaluations=said,
            steps={"judge": Step(started=1.0, ended=2.0, calls=(call,))},
            withhold=True,
        )
    )
    assert secret not in repr(spans)
    task = spans[0]
    assert {*json.loads(task.attributes["output.value"])} == {"sha256", "length"}
    assert spans[1].attributes["llm.token_count.total"] == 110


def test_long_texts_are_cut_and_say_so():
    task, *_ = spans_of_run(measured(outcome={"output": "x" * (LONGEST_TEXT + 7)}))
    assert task.attributes["output.value"].endswith("x… (7 more characters)")
    assert task.attributes["output.mime_type"] == "text/plain"


ANTHROPIC = (
    {"system": "be short", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
    {"content": [{"type": "text", "text": "hello"}]},
)
RESPONSES = (
    {"instructions": "be short", "input": "hi"},
    {"output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hello"}]}]},
)
GEMINI = (
    {"system": "be short", "contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    {"candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}}]},
)
BEDROCK = (
    {"system": [{"text": "be short"}], "messages": [{"role": "user", "content": [{"text": "hi"}]}]},
    {"output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}}},
)


@pytest.mark.parametrize(("asked", "answered"), [ANTHROPIC, RESPONSES, GEMINI, BEDROCK])
def test_messages_are_found_in_every_protocol(asked, answered):
    call = ModelCall(
        endpoint="x",
        model="m",
        asked=json.dumps(asked).encode(),
        answered=json.dumps(answered).encode(),
        content_type="",
        started=1.0,
        seconds=0.1,
    )
    _, span = spans_of_run(measured(steps={"": Step(started=0.0, ended=2.0, calls=(call,))}))
    found = {key: value for key, value in span.attributes.items() if "message" in key}
    assert found == {
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.0.message.content": "be short",
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.content": "hi",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "hello",
    }


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b'{"messages": 7, "tools": {}, "choices": [1, {"message": 2}]}'])
def test_bytes_that_say_nothing_are_shown_as_they_are(raw):
    call = ModelCall(endpoint="x", model="", asked=raw, answered=raw, content_type="", started=1.0, seconds=0.1)
    _, span = spans_of_run(measured(steps={"": Step(started=0.0, ended=2.0, calls=(call,))}))
    assert span.attributes["input.value"] == raw.decode("utf-8", "replace")
    assert span.name == "x"
