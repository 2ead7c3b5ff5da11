"""A span, or the calls of models below it, as a candidate: its messages, what it is about, where it came from. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from evalgate.curate.candidates import Candidate, Step
from evalgate.curate.moments import moment
from evalgate.phoenix.spans.stored import StoredSpan
from evalgate.records import Json
from evalgate.traces.conventions import LLM, finish_of, is_note, kind_of, model_of, read_json
from evalgate.traces.messages import (
    input_messages,
    output_messages,
    spoken_answer,
    spoken_request,
    thinking_of,
    tools_of,
)
from evalgate.traces.span import Span

_SPAN_ID: Final = re.compile(r"[0-9a-f]{16}")
_DATA: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?[^,]{0,100},")
_OWN: Final = ("user_api_key", "requester_", "usage_object", "mcp_tool_call", "spend_logs", "routing_decision")
"""What LiteLLM notes of itself under `metadata`: keys, addresses, accounting."""
_EMPTY: Final[tuple[Any, ...]] = ("", None, "[]", "{}", [], {})


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a span took and gave; None where it does not say. `malformed` names what should be JSON and is not, `finish`
    says why the model ended.
    """

    input: Mapping[str, Json] | None
    output: Mapping[str, Json] | None
    thinking: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    finish: str | None = None


def candidate_id(span: StoredSpan) -> str | None:
    """Return the id of what becomes of a span; None for one whose own id is none."""
    return f"span:{span.span_id}" if _SPAN_ID.fullmatch(span.span_id) else None


def is_call(span: StoredSpan) -> bool:
    """Return whether a span is a call of a model."""
    said = "" if span.kind == "UNKNOWN" else span.kind
    return (said or kind_of(_without_kind(span))) == LLM


def content_of(span: StoredSpan) -> Content:
    """Return what a span took and gave, messages as OpenAI's chat protocol writes them."""
    attributes = span.attributes
    asked, answered = input_messages(attributes), output_messages(attributes)
    tools = tools_of(attributes)
    given, bad_input = _value(attributes, "input")
    gave, bad_output = _value(attributes, "output")
    taken: Mapping[str, Json] | None = {"messages": asked} if asked else _taken(given)
    if taken is not None and tools and "messages" in taken:
        taken = {**taken, "tools": tools}
    return Content(
        input=taken,
        output={"messages": answered} if any(map(_says, answered)) else _given(gave, attributes),
        thinking=tuple(thinking_of(attributes)),
        malformed=tuple(name for name, bad in (("input", bad_input), ("output", bad_output)) if bad),
        finish=finish_of(attributes),
    )


def completed(content: Content, trace: Sequence[StoredSpan]) -> Content:
    """Return a root's content with what it lacks from its trace: what the first call was asked, the last one answered.

    Nothing is followed upwards, so that parents in a circle do no harm.
    """
    calls = sorted((each for each in trace if is_call(each)), key=lambda each: (each.start, each.span_id))
    if not calls:
        return content
    first, last = content_of(calls[0]), content_of(calls[-1])
    if content.input is None:
        content = replace(content, input=first.input)
    if content.output is None:
        content = replace(content, output=last.output, thinking=last.thinking, finish=content.finish or last.finish)
    return content


def candidate_of(
    span: StoredSpan, content: Content, *, server: str, project: str, now: datetime, settle: timedelta
) -> Candidate | None:
    """Return what a span may become; None where it took nothing, or has no usable id.

    Images and sounds that are part of a message stay in the span: the message says where. `now` is when it is pulled,
    and `settle` how wrong clocks may be without a word.
    """
    identity = candidate_id(span)
    if identity is None or content.input is None:
        return None
    media: list[Json] = []
    marks: dict[str, Json] = {}
    taken, given = _referenced(content.input, span, media), _referenced(content.output, span, media)
    clock = _clock(span, now, settle)
    if media:
        marks["media"] = media
    if clock:
        marks["clock"] = clock
    if content.malformed:
        marks["malformed"] = list(content.malformed)
    metadata = _metadata(span.attributes)
    if content.thinking:
        metadata["thinking"] = list(content.thinking)
    return Candidate(
        id=identity,
        input=taken,
        output=given or None,
        metadata=metadata,
        source=_source(span, content, server=server, project=project),
        marks=marks,
        history=(Step(at=now.isoformat(timespec="seconds"), what="pulled", by="evalgate"),),
    )


def _source(span: StoredSpan, content: Content, *, server: str, project: str) -> dict[str, Json]:
    """Return where a span is and what is known of it."""
    source: dict[str, Json] = {
        "server": server,
        "project": project,
        "trace": span.trace_id,
        "span": span.span_id,
        "session": _text(span.attributes.get("session.id")),
        "name": span.name,
        "kind": span.kind,
        "start": span.start,
        "end": span.end,
        "status": span.status,
        "model": model_of(span.attributes),
        "finish": content.finish,
    }
    return {key: value for key, value in source.items() if value is not None}


def _clock(span: StoredSpan, now: datetime, settle: timedelta) -> str:
    """Return what is wrong with a span's times; empty where nothing is."""
    start, end = moment(span.start), moment(span.end)
    if start is None or end is None:
        return "its times cannot be read"
    if end < start:
        return "it ended before it began"
    return "it began after it was pulled" if start > now + settle else ""


def _without_kind(span: StoredSpan) -> Span:
    own = {key: value for key, value in span.attributes.items() if key != "openinference.span.kind"}
    return Span(trace_id=span.trace_id, span_id=span.span_id, name=span.name, attributes=own)


def _value(attributes: Mapping[str, Any], place: str) -> tuple[Json, bool]:
    """Return what a span took or gave, JSON where it says so, and whether that is none."""
    text = attributes.get(f"{place}.value")
    if attributes.get(f"{place}.mime_type") == "application/json" and isinstance(text, str):
        found = read_json(text, otherwise=_NOTHING)
        return (text, True) if found is _NOTHING else (found, False)
    return text, False


_NOTHING: Final = object()


def _taken(value: Json) -> dict[str, Json] | None:
    """Return an input that no messages say: a request, an object of the program's own, or what a user wrote."""
    spoken = spoken_request(value)
    if spoken is not None:
        tools = (
            tools_of({"gen_ai.tool.definitions": value["tools"]})
            if isinstance(value, dict) and "tools" in value
            else []
        )
        return {"messages": spoken, **({"tools": tools} if tools else {})}
    if isinstance(value, Mapping):
        return dict(value) or None
    if isinstance(value, str):
        return {"messages": [{"role": "user", "content": value}]} if value.strip() else None
    return {"input": value} if value else None


def _given(value: Json, attributes: Mapping[str, Any]) -> dict[str, Json] | None:
    """Return an output that no messages say."""
    if is_note(value, attributes):
        return None
    spoken = spoken_answer(value)
    if spoken is not None:
        return {"messages": spoken} if any(map(_says, spoken)) else None
    if isinstance(value, Mapping):
        return dict(value) or None
    if isinstance(value, str):
        return {"messages": [{"role": "assistant", "content": value}]} if value.strip() else None
    return None if value is None else {"output": value}


def _says(message: Mapping[str, Json]) -> bool:
    content = message.get("content")
    return bool(content.strip() if isinstance(content, str) else content) or bool(message.get("tool_calls"))


def _metadata(attributes: Mapping[str, Any]) -> dict[str, Json]:
    """Return what a program noted of a span under `metadata`, nested as it was; what is empty is left out."""
    found: dict[str, Json] = {}
    for name, value in attributes.items():
        head, _, rest = name.partition(".")
        if head != "metadata" or not rest:
            continue
        at: dict[str, Any] = found
        *above, last = rest.split(".")
        for step in above:
            below = at.setdefault(step, {})
            at = below if isinstance(below, dict) else {}
        at[last] = value
    whole = read_json(attributes.get("metadata"))
    if isinstance(whole, dict):
        found = {**whole, **found}
    own = _OWN if any(name in attributes for name in ("litellm.call_id", "litellm.trace_id")) else ()
    return {key: value for key, value in found.items() if value not in _EMPTY and not key.startswith(own)}


def _referenced(value: Any, span: StoredSpan, media: list[Json]) -> Any:
    """Return messages with each image and sound that they hold replaced by where it is, which `media` describes."""
    if isinstance(value, Mapping):
        if value.get("type") == "input_audio" and isinstance(audio := value.get("input_audio"), dict):
            form = audio.get("format") if isinstance(audio.get("format"), str) else "wav"
            data = audio.get("data")
            bare = isinstance(data, str) and not data.startswith(("data:", "http://", "https://"))
            data = f"data:audio/{form};base64,{data}" if bare else data
            return {**value, "input_audio": {**audio, "data": _reference(data, span, media)}}
        return {key: _referenced(each, span, media) for key, each in value.items()}
    if isinstance(value, list):
        return [_referenced(each, span, media) for each in value]
    return _reference(value, span, media)


def _reference(value: Any, span: StoredSpan, media: list[Json]) -> Any:
    found = _DATA.match(value) if isinstance(value, str) else None
    if found is None:
        return value
    place = f"span:{span.span_id}#{len(media)}"
    media.append(
        {
            "place": place,
            "mime": found[1] or "text/plain",
            "characters": len(value),
            "sha256": hashlib.sha256(value.encode("utf-8", "replace")).hexdigest(),
        }
    )
    return place


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
