"""Labelled answers as the text of a JSONL file that `read_labelled` reads back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from evalgate.golden.labelled import OTHER, Labelled


def labelled_text(answers: Iterable[Labelled]) -> bytes:
    """Return one line for each answer, without what is empty, in UTF-8. Raises ValueError for NaN."""
    return b"".join(_line(_value(answer)) for answer in answers)


def _line(value: dict[str, Any]) -> bytes:
    try:
        return f"{json.dumps(value, ensure_ascii=False, allow_nan=False)}\n".encode()
    except UnicodeEncodeError:  # half of a character, which JSON can only spell out
        return f"{json.dumps(value, allow_nan=False)}\n".encode()


def _value(answer: Labelled) -> dict[str, Any]:
    example, outcome = answer.example, answer.outcome
    beside = {
        "context": outcome.context,
        "messages": outcome.messages,
        "tool_calls": outcome.tool_calls,
        "steps": outcome.steps,
        "metadata": example.metadata or None,
        "split": example.split,
    }
    one = len(answer.labels) == 1
    return {
        "id": answer.id,
        **({} if example.id == answer.id else {"example": example.id}),
        "input": example.input,
        "output": outcome.output,
        **({} if answer.baseline is None else {OTHER: answer.baseline.output}),
        **({} if example.output is None else {"expected": example.output}),
        **{name: value for name, value in beside.items() if value is not None},
        **({"label": answer.labels[0]} if one else {"labels": list(answer.labels)}),
    }
