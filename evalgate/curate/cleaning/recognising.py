"""What another recogniser of personal data is to cleaning: a model that reads texts, beside our own patterns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from evalgate.curate.cleaning.findings import Finding

_UNSAID: Final = frozenset({"role", "type", "id", "tool_call_id", "model", "finish_reason", "tools"})
"""Fields of which no part was said by anybody."""
_SAID: Final = frozenset({"content", "text"})
"""Fields in which a single word is all that somebody said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Which of its models reads a conversation, None where it has none, and for which language that was decided."""

    model: str | None
    language: str = ""


class Unreadable(Exception):
    """A model broke on a text. It says how, and nothing of the text."""


class Recogniser(Protocol):
    """What finds personal data that our patterns do not."""

    name: str
    """How reports name it."""

    @property
    def models(self) -> frozenset[str]:
        """Return the names of its models."""

    def reading(self, text: str) -> Reading:
        """Return which model reads a conversation that says this."""

    def found_in(self, texts: Sequence[str], model: str) -> list[tuple[Finding, ...]]:
        """Return what a model finds in each text, `by` this recogniser. Raises Unreadable."""


def is_said(text: str, path: tuple[str, ...]) -> bool:
    """Return whether somebody may have said a text: it has words in a row, or stands where messages have them."""
    if not _UNSAID.isdisjoint(path) or not any(map(str.isalpha, text)):
        return False
    return path[-1:] != () and (path[-1] in _SAID or len(text.split(maxsplit=1)) > 1 or not text.isascii())
