"""An application that traces with OpenTelemetry and OpenInference's names, and knows nothing of evalgate."""

import asyncio
import os
import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("app")


def search(question):
    with tracer.start_as_current_span("search") as span:
        span.set_attribute("openinference.span.kind", "RETRIEVER")
        span.set_attribute("retrieval.documents.0.document.content", f"about {question}")


def chat(question):
    with tracer.start_as_current_span("chat") as span:
        span.set_attributes(
            {
                "openinference.span.kind": "LLM",
                "llm.model_name": "gpt-4.1-mini",
                "llm.token_count.prompt": len(question),
                "llm.token_count.completion": 5,
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": question,
                "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.0.message.content": question,
                "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "look",
                "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"n": 1}',
            }
        )


def answer(input):
    with tracer.start_as_current_span("answer"):
        search(input["q"])
        chat(input["q"])
    return {"answer": input["q"]}


async def together(input):
    """Several of these are at work in one process at once."""
    with tracer.start_as_current_span("answer"):
        search(input["q"])
        await asyncio.sleep(0.1)
        chat(input["q"])
    return {"answer": input["q"]}


def dying(input):
    """The process ends amid one of its runs, of which it has told already."""
    with tracer.start_as_current_span("answer"):
        chat(input["q"])
        if input["q"].startswith("word1"):
            provider.force_flush()
            os._exit(3)
    return {"answer": input["q"]}


def told(input):
    """What it says of its parent to those who ask the environment."""
    time.sleep(0.01)
    return {"answer": os.environ["TRACEPARENT"]}
