"""Golden examples as the text of a file: JSONL, or JSON for those who want one value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from evalgate.records import Example

WRITTEN: Final = (".jsonl", ".ndjson", ".json")
"""The endings of files that are written; others are read."""


def as_text(examples: Iterable[Example], suffix: str) -> str:
    """Return examples as a file of this ending (one of WRITTEN) holds them. Raises ValueError for NaN."""
    if suffix == ".json":
        return json.dumps([as_value(each) for each in examples], ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    return "".join(as_line(each) for each in examples)


def as_line(example: Example) -> str:
    """Return an example as a line of JSONL, without what is empty. Raises ValueError for NaN."""
    return json.dumps(as_value(example), ensure_ascii=False, allow_nan=False) + "\n"


def as_value(example: Example) -> dict[str, Any]:
    """Return an example as a JSON object, without what is empty."""
    return {
        "id": example.id,
        "input": example.input,
        **({} if example.output is None else {"output": example.output}),
        **({"metadata": example.metadata} if example.metadata else {}),
        **({} if example.split is None else {"split": example.split}),
    }
