"""What a program sends a model is what its spans say that it sent, through the libraries that instrument it for real.

LiteLLM's are in test_curate_litellm.py: it asks for an older openai than the one that is tested here.
"""

from __future__ import annotations

import asyncio
import json

import pytest
from anthropic import Anthropic
from openai import OpenAI
from openinference.instrumentation.anthropic import AnthropicInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from evalgate.curate.pulling.spans import content_of
from evalgate.phoenix.spans.stored import StoredSpan
from tests.fake_model import Rule

PICTURE = "iVBORw0KGgo="
FUNCTION = {
    "name": "get_recipes",
    "description": "Find recipes.",
    "parameters": {"type": "object", "properties": {"diet": {"type": "string"}}},
}
TOOLS = [{"type": "function", "function": FUNCTION}]


def calls(identity, diet):
    return {
        "id": identity,
        "type": "function",
        "function": {"name": "get_recipes", "arguments": json.dumps({"diet": diet})},
    }


ASKED = [
    {"role": "system", "content": "You cook. ☃"},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Something like this, vegan and halal?"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
        ],
    },
    {"role": "assistant", "content": "I look.", "tool_calls": [calls("c1", "vegan"), calls("c2", "halal")]},
    {"role": "tool", "tool_call_id": "c1", "content": "stew"},
    {"role": "tool", "tool_call_id": "c2", "content": "kofta"},
    {"role": "user", "content": "And now?"},
]
BLOCKS = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Something like this, vegan and halal?"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
        ],
    },
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "two diets", "signature": "s"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "c1", "name": "get_recipes", "input": {"diet": "vegan"}},
            {"type": "tool_use", "id": "c2", "name": "get_recipes", "input": {"diet": "halal"}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "stew"},
            {"type": "tool_result", "tool_use_id": "c2", "content": "kofta"},
            {"type": "text", "text": "And now?"},
        ],
    },
]


@pytest.fixture
def spans():
    """Instrument both libraries for one test; call it for the spans that ended."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentors = (OpenAIInstrumentor(), AnthropicInstrumentor())
    for each in instrumentors:
        each.instrument(tracer_provider=provider)

    def ended():
        return [
            StoredSpan(
                trace_id=f"{each.context.trace_id:032x}",
                span_id=f"{each.context.span_id:016x}",
                parent=None,
                name=each.name,
                start="2026-01-01T00:00:00+00:00",
                end="2026-01-01T00:00:01+00:00",
                attributes=dict(each.attributes),
            )
            for each in exporter.get_finished_spans()
        ]

    yield ended
    for each in instrumentors:
        each.uninstrument()
    provider.shutdown()


async def test_openai(spans, fake_model):
    fake_model.rules = [Rule(has="stop", reply="Stew."), Rule(tool_calls=[{"name": "get_recipes", "arguments": {}}])]

    def program():
        with OpenAI(base_url=fake_model.base_url, api_key="none", max_retries=0) as client:
            for more in ({}, {"stop": ["x"]}):
                client.chat.completions.create(model="small", messages=ASKED, tools=TOOLS, **more)

    await asyncio.to_thread(program)
    asking, answering = map(content_of, spans())
    assert asking.input == answering.input == {"messages": ASKED, "tools": TOOLS}
    (message,) = asking.output["messages"]
    assert message["tool_calls"][0]["function"] == {"name": "get_recipes", "arguments": "{}"}
    assert answering.output == {"messages": [{"role": "assistant", "content": "Stew."}]}


async def test_anthropic(spans, fake_model):
    fake_model.rules = [Rule(reply="Stew.", thinking="what is both?")]
    tools = [{"name": "get_recipes", "description": "Find recipes.", "input_schema": FUNCTION["parameters"]}]

    def program():
        with Anthropic(base_url=fake_model.root, api_key="none", max_retries=0) as client:
            client.messages.create(model="small", max_tokens=100, system="You cook. ☃", messages=BLOCKS, tools=tools)

    await asyncio.to_thread(program)
    (found,) = map(content_of, spans())
    assert found.input == {"messages": ASKED, "tools": TOOLS}
    assert found.output == {"messages": [{"role": "assistant", "content": "Stew."}]}
    assert found.thinking == ("what is both?",)
