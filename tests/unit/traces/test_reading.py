"""What spans say of a run, in each of the conventions that programs use."""

import json

import pytest

from evalgate.records import TaskOutcome, Usage
from evalgate.traces.reading import filled
from evalgate.traces.span import Span

QUESTION = {"role": "user", "content": "where is it?"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": "it"}'}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOLD = {"role": "tool", "content": "there", "tool_call_id": "c1"}
ANSWER = {"role": "assistant", "content": "there"}

OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4.1-mini",
    "llm.token_count.prompt": 100,
    "llm.token_count.completion": 10,
    "llm.token_count.prompt_details.cache_read": 40,
    "llm.token_count.completion_details.reasoning": 3,
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "where is it?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "look",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"q": "it"}',
}
GEN_AI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4.1-mini",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 10,
    "gen_ai.usage.cache_read.input_tokens": 40,
    "gen_ai.usage.reasoning.output_tokens": 3,
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "where is it?"}]}]),
    "gen_ai.output.messages": json.dumps(
        [
            {
                "role": "assistant",
                "parts": [{"type": "tool_call", "id": "c1", "name": "look", "arguments": '{"q": "it"}'}],
            }
        ]
    ),
}
OLDER = {
    "gen_ai.request.model": "gpt-4.1-mini",
    "gen_ai.usage.prompt_tokens": 100,
    "gen_ai.usage.completion_tokens": 10,
    "gen_ai.usage.cache_read.input_tokens": 40,
    "gen_ai.usage.reasoning.output_tokens": 3,
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": "where is it?",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.tool_calls.0.id": "c1",
    "gen_ai.completion.0.tool_calls.0.name": "look",
    "gen_ai.completion.0.tool_calls.0.arguments": '{"q": "it"}',
}
USED = Usage(model="gpt-4.1-mini", input_tokens=100, output_tokens=10, cached_tokens=40, reasoning_tokens=3)


def of(attributes, key="s", **more):
    """One span; `key` is its id."""
    return Span(trace_id="t", span_id=key, attributes=attributes, **more)


@pytest.mark.parametrize("attributes", [OPENINFERENCE, GEN_AI, OLDER], ids=["openinference", "gen_ai", "older"])
def test_a_call_of_a_model_in_each_convention(attributes):
    found = filled(TaskOutcome(output=1), [of(attributes)])
    assert found.messages == [QUESTION, ASKED]
    assert found.tool_calls == [{"name": "look", "arguments": {"q": "it"}}]
    assert found.usage == (USED,)
    assert found.context is None


def test_what_the_task_returned_stands():
    own = TaskOutcome(output=1, context=["own"], messages=[], tool_calls=[], usage=())
    retrieved = of({"openinference.span.kind": "RETRIEVER", "retrieval.documents.0.document.content": "d"}, "r")
    assert filled(own, [of(OPENINFERENCE), retrieved]) is own
    assert filled(own, []) is own


def test_retrieved_documents_each_once_in_their_order():
    kind = {"openinference.span.kind": "RETRIEVER"}
    numbered = {f"retrieval.documents.{n}.document.content": f"d{n}" for n in (10, 2, 0)}
    listed = {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.retrieval.documents": '[{"content": "d2"}, {"content": "x"}]',
    }
    found = filled(TaskOutcome(output=1), [of({**kind, **numbered}, "a", end=1.0), of(listed, "b", end=2.0)])
    assert found.context == ["d0", "d2", "d10", "x"]


def test_what_a_ranking_left_is_the_context():
    kind = {"openinference.span.kind": "RERANKER", "reranker.output_documents.0.document.content": "best"}
    retrieved = {"openinference.span.kind": "RETRIEVER", "retrieval.documents.0.document.content": "worst"}
    found = filled(TaskOutcome(output=1), [of(kind, "r", end=2.0), of(retrieved, "a", end=1.0)])
    assert found.context == ["best"]


def test_a_conversation_is_as_the_last_call_ended_it():
    last = {
        **{key: value for key, value in OPENINFERENCE.items() if "message" not in key},
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "where is it?",
        "llm.input_messages.1.message.role": "assistant",
        "llm.input_messages.1.message.tool_calls.0.tool_call.id": "c1",
        "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "look",
        "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"q": "it"}',
        "llm.input_messages.2.message.role": "tool",
        "llm.input_messages.2.message.content": "there",
        "llm.input_messages.2.message.tool_call_id": "c1",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.contents.0.message_content.text": "there",
    }
    found = filled(TaskOutcome(output=1), [of(last, "b", end=2.0), of(OPENINFERENCE, "a", end=1.0)])
    assert found.messages == [QUESTION, ASKED, TOLD, ANSWER]
    assert found.tool_calls == [{"name": "look", "arguments": {"q": "it"}}]  # once: the second call only repeats it
    assert found.usage is not None
    assert (found.usage[0].calls, found.usage[0].input_tokens) == (2, 200)


def test_tools_tell_of_calls_where_no_model_does():
    executed = {"gen_ai.operation.name": "execute_tool"}
    tools = [
        of({**executed, "gen_ai.tool.name": "b", "gen_ai.tool.call.arguments": '{"n": 2}'}, "b", start=2.0),
        of({"openinference.span.kind": "TOOL", "tool.name": "a", "tool.parameters": "free text"}, "a", start=1.0),
        of({"openinference.span.kind": "TOOL"}, "unnamed", name="c", start=3.0),
    ]
    found = filled(TaskOutcome(output=1), tools)
    assert found.tool_calls == [
        {"name": "a", "arguments": "free text"},
        {"name": "b", "arguments": {"n": 2}},
        {"name": "c", "arguments": None},
    ]


def test_a_frameworks_call_and_its_clients_are_one():
    """Both are traced as calls of a model, with something between: the tokens were taken once."""
    spans = [
        of(OPENINFERENCE, "framework", end=3.0),
        of({"openinference.span.kind": "CHAIN"}, "between", parent="framework", end=2.0),
        of(OPENINFERENCE, "client", parent="between", end=1.0),
    ]
    found = filled(TaskOutcome(output=1), spans)
    assert found.usage == (USED,)
    assert len(found.tool_calls) == 1


def test_models_are_counted_apart_and_a_stated_cost_is_kept():
    other = {**OPENINFERENCE, "llm.model_name": "big", "llm.cost.total": 0.5}
    embedded = {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "small", "llm.token_count.prompt": 7}
    silent = {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "local"}
    spans = [of(each, f"s{n}", end=float(n)) for n, each in enumerate([OPENINFERENCE, other, other, embedded, silent])]
    found = filled(TaskOutcome(output=1), spans)
    assert found.usage is not None
    assert [(part.model, part.calls, part.input_tokens, part.cost) for part in found.usage] == [
        ("gpt-4.1-mini", 1, 100, None),
        ("big", 2, 200, 1.0),
        ("small", 1, 7, None),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"llm.token_count.prompt": None, "llm.token_count.completion": None},
        {"llm.token_count.prompt": -1, "llm.token_count.completion": "10"},
        {"llm.token_count.prompt": True, "llm.token_count.completion": 10**13},
        {"llm.model_name": ""},
        {"llm.model_name": 7},
    ],
)
def test_a_call_that_does_not_say_what_it_took_leaves_the_usage_unknown(broken):
    """Unknown is not free: the sum of the others would be too little."""
    found = filled(TaskOutcome(output=1), [of(OPENINFERENCE, "a"), of({**OPENINFERENCE, **broken}, "b")])
    assert found.usage is None


def test_no_span_of_a_model_says_nothing_of_usage():
    assert filled(TaskOutcome(output=1), [of({"openinference.span.kind": "CHAIN"})]).usage is None


def test_hostile_values_are_no_json_of_ours():
    deep = "[" * 300 + "]" * 300
    spans = [
        of(
            {
                **OPENINFERENCE,
                "llm.cost.total": float("inf"),
                "llm.input_messages.0.message.content": ["no text"],
                "llm.input_messages.9999999.message.role": "user",
                "llm.input_messages.x.message.role": "user",
                "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"n": 1e999}',
                "llm.output_messages.0.message.tool_calls.1.tool_call.function.arguments": deep,
                "llm.output_messages.0.message.tool_calls.2.tool_call.function.arguments": '{"h": "\\ud800"}',
            }
        )
    ]
    found = filled(TaskOutcome(output=1), spans)
    assert found.usage is not None
    assert found.usage[0].cost is None
    assert found.messages[0] == {"role": "user", "content": None}
    first, second, third = (call["arguments"] for call in found.tool_calls)
    assert (first, second, third) == ('{"n": 1e999}', deep, {"h": "?"})
    json.dumps(found.messages, allow_nan=False)


def test_spans_in_a_circle_end():
    spans = [of(OPENINFERENCE, "a", parent="b"), of(OPENINFERENCE, "b", parent="a")]
    assert filled(TaskOutcome(output=1), spans).usage is None
