"""What was done in a trace, span by span, short enough to be shown to a model. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from evalgate.curate.asking.material import cut, written
from evalgate.curate.pulling.spans import content_of
from evalgate.phoenix.spans.stored import StoredSpan
from evalgate.records import Json

_MOST: Final = 60
"""Steps that are shown; of more, the first and the last ones."""
_LONGEST: Final = 1_500
"""Characters of what one step took, or gave."""


def steps_of(spans: Iterable[StoredSpan], root: str) -> list[Json]:
    """Return the spans of a trace but for `root`, in the order in which they began, each with what it took and gave."""
    ordered = sorted((each for each in spans if each.span_id != root), key=lambda each: (each.start, each.span_id))
    if len(ordered) <= _MOST:
        return [_step(each) for each in ordered]
    half = _MOST // 2
    gap: Json = f"{len(ordered) - 2 * half} steps are left out here"
    return [*map(_step, ordered[:half]), gap, *map(_step, ordered[-half:])]


def _step(span: StoredSpan) -> Json:
    content = content_of(span)
    found: dict[str, Json] = {"name": span.name, "kind": span.kind}
    if span.status == "ERROR":
        found["status"] = span.status
    # Of a call of a model its last message: those before it are in the steps before it.
    taken = content.input or {}
    messages = taken.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else taken
    if last:
        found["input"] = cut(written(last), _LONGEST)
    if content.output:
        found["output"] = cut(written(content.output), _LONGEST)
    return found
