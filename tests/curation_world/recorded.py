"""What the instrumentations of OpenAI and Anthropic really write of a call, recorded once and replayed for thousands.

A call of each kind is made through the real, instrumented client to a model server on loopback, with marks for the
texts; a replay is what was recorded with the texts in place of the marks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from anthropic import Anthropic
from openai import OpenAI
from openinference.instrumentation.anthropic import AnthropicInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.curation_world.kitchen import SYSTEM
from tests.fake_model import FakeModel, Rule

Kind = Literal["plan", "compose"]
Attributes = dict[str, Any]
MODELS = {"openai": "gpt-4.1-mini", "anthropic": "claude-haiku-4-5"}
ASKED, ANSWERED = "⟦asked⟧", "⟦answered⟧"
_SEARCH = {"diet": "vegan", "servings": 4}
_PARAMETERS = {
    "type": "object",
    "properties": {"diet": {"type": "string"}, "servings": {"type": "integer"}},
    "required": ["diet"],
}
_FOUND = '{"recipes": ["stew", "curry"]}'


def said(form: str, kind: Kind, asked: str, answered: str | None) -> Attributes:
    """Return the attributes of the span of a call, as the client's instrumentation writes them.

    A plan asks for the search of recipes; to compose is to answer with what was found.
    """
    texts = {ASKED: asked, ANSWERED: answered or ""}
    return {key: _filled(value, texts) for key, value in recorded()[form, kind].items()}


@cache
def recorded() -> Mapping[tuple[str, Kind], Attributes]:
    """Return the attributes of one span of every kind of call, with marks for the texts."""
    calls = [(form, kind) for form in MODELS for kind in ("plan", "compose")]
    return {(form, kind): called(form, kind, ASKED, ANSWERED) for form, kind in calls}  # type: ignore[misc]


def called(form: str, kind: Kind, asked: str, answered: str) -> Attributes:
    """Make one call for real and return the attributes of its span. It blocks, and needs no event loop."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = OpenAIInstrumentor() if form == "openai" else AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        asyncio.run(_answered(form, kind, asked, answered))
    finally:
        instrumentor.uninstrument()
        provider.shutdown()
    (span,) = exporter.get_finished_spans()
    return dict(span.attributes or {})


async def _answered(form: str, kind: Kind, asked: str, answered: str) -> None:
    """Let the client ask a server that calls the tool or answers."""
    calls = [{"name": "get_recipes", "arguments": _SEARCH}]
    rule = Rule(tool_calls=calls) if kind == "plan" else Rule(reply=answered, tool_calls=[])
    async with FakeModel(rule) as model:
        await asyncio.to_thread(_openai if form == "openai" else _anthropic, model, kind, asked)


def _openai(model: FakeModel, kind: Kind, asked: str) -> None:
    function = {"name": "get_recipes", "arguments": json.dumps(_SEARCH)}
    begun: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": asked}]
    more = [
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "c1", "content": _FOUND},
    ]
    tools: Any = [{"type": "function", "function": {"name": "get_recipes", "parameters": _PARAMETERS}}]
    with OpenAI(base_url=model.base_url, api_key="none", max_retries=0) as client:
        client.chat.completions.create(
            model=MODELS["openai"], messages=begun + (more if kind == "compose" else []), tools=tools
        )


def _anthropic(model: FakeModel, kind: Kind, asked: str) -> None:
    begun: list[Any] = [{"role": "user", "content": [{"type": "text", "text": asked}]}]
    more = [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "get_recipes", "input": _SEARCH}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": _FOUND}]},
    ]
    tools: Any = [{"name": "get_recipes", "input_schema": _PARAMETERS}]
    with Anthropic(base_url=model.root, api_key="none", max_retries=0) as client:
        client.messages.create(
            model=MODELS["anthropic"],
            max_tokens=500,
            system=SYSTEM,
            messages=begun + (more if kind == "compose" else []),
            tools=tools,
        )


def _filled(value: Any, texts: Mapping[str, str]) -> Any:
    """Return an attribute with the texts in place of their marks; in JSON they are written as JSON writes them."""
    if not isinstance(value, str):
        return value
    whole = value.startswith("{")
    for mark, text in texts.items():
        value = value.replace(mark, json.dumps(text, ensure_ascii=False)[1:-1] if whole else text)
    return value


def request_of(form: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return a request as the assistant itself was sent it, in the protocol of its model."""
    if form == "openai":
        return {"model": MODELS[form], "messages": [{"role": "system", "content": SYSTEM}, *messages]}
    spoken = [{"role": each["role"], "content": [{"type": "text", "text": each["content"]}]} for each in messages]
    return {"model": MODELS[form], "max_tokens": 500, "system": SYSTEM, "messages": spoken}


def answer_of(form: str, text: str, *, cut: bool) -> dict[str, Any]:
    """Return an answer in the protocol of its model; `cut` where the limit of tokens ended it."""
    if form == "openai":
        message = {"role": "assistant", "content": text}
        return {"choices": [{"index": 0, "message": message, "finish_reason": "length" if cut else "stop"}]}
    content = [{"type": "text", "text": text}]
    reason = "max_tokens" if cut else "end_turn"
    return {"type": "message", "role": "assistant", "content": content, "stop_reason": reason}
