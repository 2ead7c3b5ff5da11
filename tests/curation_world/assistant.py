"""The recipe assistant: a trace of what was asked, through OpenTelemetry's SDK, at the time at which it happened."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from tests.curation_world.plan import STATES, Asked
from tests.curation_world.recorded import answer_of, request_of, said

_SECONDS = 4.0
_TOOLS = ("GetCustomerProfile", "GetRecipes", "GetWebInfo")
_CALLS = {"PlanToolCalls": "plan", "ComposeResponse": "compose"}


class Ids(IdGenerator):
    """Ids that are the same every time: of the project and of a trace's number."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._trace = 0
        self._span = 0

    def begin(self, trace: int) -> None:
        """Say which trace comes next."""
        self._trace, self._span = trace, 0

    def generate_trace_id(self) -> int:
        return int.from_bytes(_digest(self._project, self._trace)[:16], "big")

    def generate_span_id(self) -> int:
        self._span += 1
        return int.from_bytes(_digest(self._project, self._trace, self._span)[:8], "big")


def root_id(project: str, number: int) -> str:
    """Return the id of a trace's root."""
    return _digest(project, number, 1)[:8].hex()


def _digest(*of: object) -> bytes:
    return hashlib.sha256(repr(of).encode()).digest()


class Assistant:
    """Answers what is asked, and leaves a trace of it."""

    def __init__(self, provider: TracerProvider, ids: Ids) -> None:
        self._tracer: Tracer = provider.get_tracer("recipe-assistant")
        self._ids = ids

    def answer(self, asked: Asked) -> int:
        """Leave the trace of one question, and return how many spans it has."""
        self._ids.begin(asked.number)
        root = self._tracer.start_span("recipe_assistant", attributes=_root(asked), start_time=_ns(asked.start))
        states = self._states(asked, root) if asked.detailed else 0
        if asked.crashed or asked.flaw == "error":
            _broke(root, f"{asked.failed or 'ComposeResponse'}: upstream answered 503", asked.start)
        else:
            root.set_status(StatusCode.OK)
        root.end(end_time=_ns(asked.start + timedelta(seconds=_SECONDS)))
        return 1 + states

    def _states(self, asked: Asked, root: Span) -> int:
        """Leave a span of each state that was passed through; one that crashed is the last.

        Of what went wrong the calls of models are kept and the state that did; that is one span in two.
        """
        inside = set_span_in_context(root)
        share = timedelta(seconds=_SECONDS / len(STATES))
        kept = STATES if asked.failed is None else ("ParseRequest", *_CALLS, asked.failed)
        count = 0
        for place, state in enumerate(STATES):
            if state not in kept:
                continue
            count += 1
            start = asked.start + share * place
            span = self._tracer.start_span(
                state, context=inside, attributes=_state(asked, state), start_time=_ns(start)
            )
            if asked.crashed and state == asked.failed:
                _broke(span, f"{state}: upstream answered 503", start)
                span.end(end_time=_ns(start + share))
                return count
            span.set_status(StatusCode.OK)
            span.end(end_time=_ns(start + share))
        return count


def _root(asked: Asked) -> dict[str, Any]:
    noted = {"tier": asked.tier, "channel": "web" if asked.number % 3 else "app", "release": "2026.1"}
    own: dict[str, Any] = {
        "openinference.span.kind": "AGENT",
        "session.id": asked.session,
        "metadata": json.dumps(noted),
    }
    if asked.bare:
        return own
    messages = asked.messages if asked.flaw != "empty" else [{"role": "user", "content": "   "}]
    own |= {"input.value": _json(request_of(asked.form, messages)), "input.mime_type": "application/json"}
    if asked.answer is not None:
        answer = answer_of(asked.form, asked.answer, cut=asked.flaw == "truncated")
        own |= {"output.value": _json(answer), "output.mime_type": "application/json"}
    return own


def _state(asked: Asked, state: str) -> dict[str, Any]:
    if state in _CALLS:
        kind: Any = _CALLS[state]
        return said(asked.form, kind, asked.question, asked.answer)
    kind = "TOOL" if state in _TOOLS else "CHAIN"
    gave = "undefined" if state == asked.failed else "ok"
    return {
        "openinference.span.kind": kind,
        "input.value": asked.question,
        "output.value": _json({"state": state, "result": gave}),
        "output.mime_type": "application/json",
        **({"tool.name": state} if kind == "TOOL" else {}),
    }


def _broke(span: Span, message: str, at: datetime) -> None:
    span.add_event("exception", {"exception.type": "ServiceError", "exception.message": message}, timestamp=_ns(at))
    span.set_status(Status(StatusCode.ERROR, message))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _ns(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1000
