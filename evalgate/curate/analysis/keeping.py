"""Whether an answer keeps a rule. The tests that are written have this file's code in them: it needs nothing else."""

from __future__ import annotations

import json
import re
from typing import Any


def texts(value: Any) -> list[str]:
    """Return every text and number of an answer, but for the words of the protocol around it."""
    if isinstance(value, dict):
        return [text for key in value if key not in ("role", "type", "id") for text in texts(value[key])]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [] if value is None or value == "" else [str(value)]


def calls(value: Any) -> list[str]:
    """Return the names of the tools that an answer calls."""
    if isinstance(value, list):
        return [name for each in value for name in calls(each)]
    if not isinstance(value, dict):
        return []
    made = [call for call in value.get("tool_calls") or () if isinstance(call, dict)]
    functions = [call.get("function", call) for call in made]
    named = [str(each.get("name")) for each in functions if isinstance(each, dict)]
    return named + calls(value.get("messages"))


def is_json(text: str, key: str) -> bool:
    """Return whether a text is JSON; with a key, an object that has it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return not key or (isinstance(value, dict) and key in value)


def keeps(kind: str, value: str, answer: Any) -> bool:
    """Return whether an answer keeps the rule of a kind."""
    text = "\n".join(texts(answer))
    if kind in ("calls", "calls_not"):
        return (value in calls(answer)) == (kind == "calls")
    if kind in ("contains", "contains_not"):
        return (value.casefold() in text.casefold()) == (kind == "contains")
    if kind in ("matches", "matches_not"):
        return (re.search(value, text) is not None) == (kind == "matches")
    if kind == "at_most":
        return len(text) <= int(value)
    return is_json(text, value if kind == "has_key" else "")
