"""The ids of traces and spans: a run's trace is drawn once and recorded, all else about it follows from that.

So what is sent twice is known for the same.
"""

from __future__ import annotations

import hashlib
import re

_TRACE = re.compile(r"[0-9a-f]{32}")


def read_trace_id(text: str | None) -> str | None:
    """Return a W3C trace id as 32 small hexadecimal digits, None for what is none."""
    found = (text or "").lower()
    return found if _TRACE.fullmatch(found) and found.strip("0") else None


def trace_of(traceparent: str | None) -> str | None:
    """Return the trace id of a W3C `traceparent`, None where there is none."""
    parts = (traceparent or "").split("-")
    return read_trace_id(parts[1]) if len(parts) >= 4 else None


def traceparent_of(trace_id: str) -> str:
    """Return the `traceparent` by which what a run does hangs below its task's span.

    It says "sampled", so that it silences nobody's tracing.
    """
    return f"00-{trace_id}-{span_id(trace_id)}-01"


def span_id(trace_id: str, *names: str) -> str:
    """Return the id of one span of a trace, 16 hexadecimal digits: by no name the task's own, the root."""
    return _hashed("span", trace_id, *names)[:16]


def evaluation_trace_id(trace_id: str, experiment: str, evaluator: str) -> str:
    """Return the id of the trace of one evaluation of the run `trace_id`.

    `experiment` tells evaluations of one run in several experiments apart: stored runs are judged again.
    """
    return _hashed("evaluation", trace_id, experiment, evaluator)[:32]


def _hashed(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%s," % (len(raw), raw))
    return digest.hexdigest()
