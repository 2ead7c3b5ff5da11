"""What a run's spans say that its task did not return: context, messages, tool calls, usage. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from evalgate.records import Json, TaskOutcome, Usage
from evalgate.traces import conventions, messages
from evalgate.traces.span import Span

FIELDS = ("context", "messages", "tool_calls", "usage")
"""What spans may fill."""


def filled(outcome: TaskOutcome, spans: Sequence[Span]) -> TaskOutcome:
    """Return the outcome with what it lacks of `FIELDS` taken from the run's spans. What a task returned stands."""
    ordered = sorted(spans, key=lambda span: (span.end, span.start))
    found = {
        "context": _context(ordered),
        "messages": _messages(ordered),
        "tool_calls": _tool_calls(ordered),
        "usage": _usage(ordered),
    }
    lacking = {name: value for name, value in found.items() if value is not None and getattr(outcome, name) is None}
    return replace(outcome, **lacking) if lacking else outcome  # type: ignore[arg-type]  # each is its field's own


def _of(spans: Iterable[Span], *kinds: str) -> list[Span]:
    return [span for span in spans if conventions.kind_of(span) in kinds]


def _context(spans: Sequence[Span]) -> Json:
    """Return the texts that were retrieved, each once; where they were ranked anew, what the last ranking left."""
    ranked = [
        documents
        for span in _of(spans, conventions.RERANKER)
        if (documents := conventions.documents_of(span.attributes, "reranker.output_documents"))
    ]
    retrieved = [conventions.documents_of(span.attributes) for span in _of(spans, conventions.RETRIEVER)]
    texts = ranked[-1:] or retrieved
    return list(dict.fromkeys(text for documents in texts for text in documents if isinstance(text, str))) or None


def _messages(spans: Sequence[Span]) -> Json:
    """Return the conversation as the last call of a model ended it."""
    for span in reversed(_of(spans, conventions.LLM)):
        spoken = messages.input_messages(span.attributes) + messages.output_messages(span.attributes)
        if spoken:
            return spoken
    return None


def _tool_calls(spans: Sequence[Span]) -> Json:
    """Return the calls that models asked for; where no span says so, those that tools say were made."""
    calls: list[Json] = []
    for span in _leaves(_of(spans, conventions.LLM), spans):
        for message in messages.output_messages(span.attributes):
            for call in conventions.objects(message.get("tool_calls")):
                function = call["function"]
                arguments = conventions.read_json(function["arguments"], otherwise=function["arguments"])
                calls.append({"name": function["name"], "arguments": arguments})
    if not calls:
        tools = sorted(_of(spans, conventions.TOOL), key=lambda span: span.start)
        calls = [conventions.tool_call(span) for span in tools]
    return calls or None


def _usage(spans: Sequence[Span]) -> tuple[Usage, ...] | None:
    """Return what the models took; None where no span is of a model, or one does not say what it took."""
    sums: dict[str, Usage] = {}
    for span in _leaves(_of(spans, conventions.LLM, conventions.EMBEDDING), spans):
        tokens = conventions.tokens_of(span.attributes)
        model = conventions.model_of(span.attributes)
        if tokens is None and conventions.kind_of(span) == conventions.EMBEDDING:
            continue  # one that runs on this machine says none, and takes none that anybody pays
        if tokens is None or model is None:
            return None
        asked, answered, cached, reasoned = tokens
        one = Usage(
            model=model,
            input_tokens=asked,
            output_tokens=answered,
            cached_tokens=cached,
            reasoning_tokens=reasoned,
            cost=conventions.cost_of(span.attributes),
        )
        sums[model] = one if model not in sums else sums[model].plus(one)
    return tuple(sums.values()) or None


def _leaves(of: Sequence[Span], among: Sequence[Span]) -> list[Span]:
    """Return those of some spans that have no other of them below: a framework's call and its client's are one."""
    parents = {span.span_id: span.parent for span in among}
    above: set[str] = set()
    for span in of:
        parent = span.parent
        while parent in parents and parent not in above:
            above.add(parent)
            parent = parents[parent]
    return [span for span in of if span.span_id not in above]
