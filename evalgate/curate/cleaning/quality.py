"""Candidates that are no good as examples, and why: they failed, say nothing, were cut off, are too long or in another
language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.cleaning.findings import STAND_IN
from evalgate.curate.texts.wording import answered, asked

LONGEST: Final = 50_000
"""Characters of an input and its output together."""
_CUT: Final = frozenset({"length", "max_tokens", "max_output_tokens"})
"""How providers say that a model had no room for the rest of its answer."""
_SURE: Final = 0.8
_LETTERS: Final = 15
"""Letters from which a language can be told."""

Tell = Callable[[str], tuple[str, float]]
"""A text's language (ISO 639-1), and how sure that is, 0 to 1."""


class Reason(StrEnum):
    """Why a candidate is left out."""

    ERROR = "error"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    TOO_LONG = "too long"
    LANGUAGE = "language"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near duplicate"
    GOLDEN = "golden already"
    NEAR_GOLDEN = "near what is golden"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """What candidates have to be. `languages` are those that are wanted, any where it is empty; `tell` knows them."""

    errors: bool = False
    longest: int = LONGEST
    languages: frozenset[str] = frozenset()
    tell: Tell | None = None

    def wrong(self, candidate: Candidate) -> tuple[Reason, str] | None:
        """Return why a candidate is left out, in a word and in words; None where it is not."""
        failed = candidate.source.get("status") == "ERROR"
        if failed and not self.errors:
            return Reason.ERROR, "the span failed"
        question, answer = asked(candidate.input), answered(candidate.output)
        if not _says(question):
            return Reason.EMPTY, "nothing was asked"
        if not _says(answer) and not failed:
            return Reason.EMPTY, "nothing was answered"
        finish = candidate.source.get("finish")
        if finish in _CUT:
            return Reason.TRUNCATED, f"the model's answer was cut off ({finish})"
        length = len(question) + len(answer)
        if length > self.longest:
            return Reason.TOO_LONG, f"{length:,} characters of {self.longest:,}"
        return self._language(question)

    def _language(self, text: str) -> tuple[Reason, str] | None:
        plain = STAND_IN.sub("", text)
        if self.tell is None or not self.languages or sum(map(str.isalpha, plain)) < _LETTERS:
            return None
        language, sure = self.tell(plain)
        if language in self.languages or sure < _SURE:
            return None
        return Reason.LANGUAGE, f"{language}, not {' or '.join(sorted(self.languages))}"


def _says(text: str) -> bool:
    """Return whether a text has a letter, a digit or a sign in it."""
    return any(not letter.isspace() and letter.isprintable() for letter in text)
