"""How many tokens lines have, about: no tokenizer is at hand without a download. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from evalgate.records import Json

METHOD: Final = "estimated: a token for each 4 ASCII characters or 1 other, 4 more a message; no tokenizer was asked"
_ASCII_EACH: Final = 4
_MESSAGE: Final = 4


def tokens_of(line: Mapping[str, Json]) -> int:
    """Return about how many tokens a line is billed for, by METHOD; tools and calls as their JSON."""
    messages = line.get("messages")
    if not isinstance(messages, list):
        return sum(_tokens(str(each)) for each in line.values())
    tools = line.get("tools")
    total = _tokens(json.dumps(tools, ensure_ascii=False)) if tools else 0
    return total + sum(_MESSAGE + _said(each) for each in messages)


def _said(message: Any) -> int:
    own = [each for key, each in message.items() if key not in ("role", "weight")]
    return sum(_tokens(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)) for each in own)


def _tokens(text: str) -> int:
    plain = len(text) if text.isascii() else sum(map(str.isascii, text))
    return -(-plain // _ASCII_EACH) + len(text) - plain
