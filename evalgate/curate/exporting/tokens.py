"""How many tokens lines have: counted where a tokenizer is at hand, else estimated. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from evalgate.records import Json

Count = Callable[[str], int]
"""Returns how many tokens a text has."""
ESTIMATED: Final = "estimated: a token for each 4 ASCII characters or 1 other, 4 more a message; no tokenizer was asked"
_ASCII_EACH: Final = 4
_MESSAGE: Final = 4


def tokens_of(line: Mapping[str, Json], count: Count | None = None) -> int:
    """Return how many tokens a line is billed for, about where they are not counted; tools and calls as their JSON."""
    count = count or estimated
    messages = line.get("messages")
    if not isinstance(messages, list):
        return sum(count(str(each)) for each in line.values())
    tools = line.get("tools")
    total = count(json.dumps(tools, ensure_ascii=False)) if tools else 0
    return total + sum(_MESSAGE + _said(each, count) for each in messages)


def _said(message: Any, count: Count) -> int:
    own = [each for key, each in message.items() if key not in ("role", "weight")]
    return sum(count(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)) for each in own)


def estimated(text: str) -> int:
    """Return about how many tokens a text has."""
    plain = len(text) if text.isascii() else sum(map(str.isascii, text))
    return -(-plain // _ASCII_EACH) + len(text) - plain
