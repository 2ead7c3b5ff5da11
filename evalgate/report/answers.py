"""What a side answered, as text short enough to stand beside the other side's."""

from __future__ import annotations

import json
from collections.abc import Iterator

from evalgate.records import Evaluation, Json
from evalgate.report.model import ExampleView, SideView


def one_line(value: Json) -> str:
    """Return a JSON value as one text: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def pretty(value: Json) -> str:
    """Return a JSON value as text to be read over several lines: text as it is, anything else indented."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def answer(side: SideView | None, *, lines: bool = False) -> str:
    """Return what a side answered, or how it failed; with `lines` for several lines."""
    if side is None:
        return "not run"
    if side.failure is not None:
        where = f" ({side.failure.where})" if side.failure.where else ""
        return f"{side.failure.type}: {side.failure.message}{where}"
    return pretty(side.output) if lines else one_line(side.output)


def around_difference(before: str, after: str, width: int) -> tuple[str, str]:
    """Cut the common beginning of two texts where the first difference would be beyond `width` characters."""
    if max(len(before), len(after)) <= width:
        return before, after
    shared = next((place for place, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    start = min(len(before), len(after)) if shared is None else shared
    start -= width // 3
    if start <= 0:
        return before, after
    return f"…{before[start + 1 :]}", f"…{after[start + 1 :]}"


def said(view: ExampleView) -> Iterator[tuple[str, str, str]]:
    """Yield (evaluator, side, explanation or failure) of each evaluation that says more than a score."""
    for name, side in (("baseline", view.baseline), ("candidate", view.candidate)):
        for evaluation in side.evaluations if side else ():
            text = explanation(evaluation)
            if text:
                yield evaluation.name, name, text


def explanation(evaluation: Evaluation) -> str | None:
    """Return why an answer has its score, or why it has none; None where nobody said."""
    if evaluation.failure is not None:
        return f"no score, {evaluation.failure.type}: {evaluation.failure.message}"
    return evaluation.explanation
