"""What an input says, as text: what was asked, all that was said, and a key by which the same is known again. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from evalgate.records import Json

_SPACE: Final = re.compile(r"\s+")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_QUOTES: Final = str.maketrans({**dict.fromkeys("‘’‚", "'"), **dict.fromkeys("“”„«»", '"')})
_END: Final = " .!?…。"
_INSTRUCTIONS: Final = frozenset({"system", "developer"})
_PROVENANCE: Final = frozenset({"id", "tool_call_id", "name"})
"""What a message has that is not said in it: an id is another in every run."""


def asked(value: Mapping[str, Json]) -> str:
    """Return what was asked in an example's input: what the user said, one message below the other.

    Of an input without messages of a user: all that is said in it, and of one without messages every text and number
    in it, in its order. The system prompt, which many inputs share, is left out of both.
    """
    messages = _messages(value)
    users = [message for message in messages if message.get("role") == "user"]
    found = "\n".join(text for message in users for text in _texts(message.get("content")))
    return found if found.strip() else said(value)


def said(value: Mapping[str, Json]) -> str:
    """Return all that is said in an input: each message but the system prompt, calls of tools and their results too."""
    messages = _messages(value)
    if not messages:
        return "\n".join(_texts(value))
    own = [message for message in messages if message.get("role") not in _INSTRUCTIONS]
    beside = {key: each for key, each in value.items() if key not in ("messages", "tools")}
    return "\n".join(text for message in (*(own or messages), beside) for text in _texts(_content(message)))


def asked_last(value: Mapping[str, Json]) -> str:
    """Return what the user said last; of an input without messages of a user, all that is said in it."""
    users = [message for message in _messages(value) if message.get("role") == "user"]
    return "\n".join(_texts(users[-1].get("content"))) if users else said(value)


def answered(value: Mapping[str, Json] | None) -> str:
    """Return what an output says, calls of tools too; empty where there is none."""
    if not value:
        return ""
    messages = _messages(value)
    return "\n".join(text for each in (messages or [dict(value)]) for text in _texts(_content(each)))


def normalised(text: str) -> str:
    """Return a text without what makes no difference: case, width, spaces, kinds of quotes, the end's punctuation."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold().translate(_QUOTES)
    plain = _SPACE.sub(" ", plain).strip()
    return plain.rstrip(_END) or plain


def content_key(value: Mapping[str, Json]) -> bytes:
    """Return 16 bytes that are the same for inputs that say the same, wherever they came from.

    Who said what counts, and the order; the system prompt, tools on offer, ids of calls and metadata do not.
    """
    messages = _messages(value)
    own = [message for message in messages if message.get("role") not in _INSTRUCTIONS] or messages
    beside = {key: each for key, each in value.items() if not messages or key not in ("messages", "tools")}
    found = hashlib.blake2b(digest_size=16)
    for message in own:
        _feed(found, str(message.get("role")), normalised("\n".join(_texts(_content(message)))))
    for path, text in sorted(_leaves(beside)):
        _feed(found, path, normalised(text))
    return found.digest()


def _feed(found: Any, *parts: str) -> None:
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big") + data)


def _messages(value: Mapping[str, Json]) -> list[dict[str, Any]]:
    messages = value.get("messages")
    return [each for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []


def _content(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a message says without who says it and by which id."""
    own = {key: each for key, each in message.items() if key not in ("role", *_PROVENANCE)}
    calls = own.get("tool_calls")
    if isinstance(calls, list):
        own["tool_calls"] = [each.get("function", each) if isinstance(each, dict) else each for each in calls]
    return own


def _texts(value: Json) -> Iterator[str]:
    """Yield the texts and numbers in a value, but for the kind that a part of a message names."""
    for path, text in _leaves(value):
        if not path.endswith(".type"):
            yield text


def _leaves(value: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text, number and truth value, with the keys that lead to it."""
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(value[key], f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, f"{path}[]")
    elif value is not None and value != "":
        yield path, value if isinstance(value, str) else str(value)
