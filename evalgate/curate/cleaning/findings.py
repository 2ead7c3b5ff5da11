"""Something in a text that should not be kept, what stands in its place, and which of findings that overlap counts."""

from __future__ import annotations

import hashlib
import hmac
import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH: Final = 6


class Kind(StrEnum):
    """What was found, in the order in which one that overlaps with another wins."""

    SECRET = "SECRET"
    EMAIL = "EMAIL"
    IBAN = "IBAN"
    CARD = "CARD"
    WALLET = "WALLET"
    ID_NUMBER = "ID_NUMBER"
    IP = "IP"
    ADDRESS = "ADDRESS"
    PHONE = "PHONE"
    BIRTHDAY = "BIRTHDAY"
    PERSON = "PERSON"
    PLACE = "PLACE"


OWN: Final = "evalgate"
"""Our own patterns, as those who find something are named."""
_DOTS: Final = {0x131: "i", 0x307: None}
"""An i without its dot, and the dot that a large one with it leaves."""
_NO_DIGITS: Final = bytes(sorted({*range(128)} - {*b"0123456789"}))
_ORDER: Final = {kind: number for number, kind in enumerate(Kind)}
_WORDS: Final = frozenset({Kind.PERSON, Kind.PLACE})
"""What is told by what it means, not by its form."""
_SESSION: Final = "SESSION"
STAND_IN: Final = re.compile(rf"<(?:{'|'.join((*Kind, _SESSION))})(?:_[A-Z2-9]{{{_LENGTH}}})?>")
"""What stands in the place of something."""
_RUN: Final = re.compile(r"[^\W\d_](?:.*[^\W\d_])?", re.DOTALL)
"""From the first letter to the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Letters `start` to `end` of a text. `who` is the same however it is written: it makes the pseudonym.

    `by` is who found it.
    """

    start: int
    end: int
    kind: Kind
    who: str = ""
    by: str = OWN


class Pseudonyms:
    """Names for what was found, the same for the same under one key, and without the key for nobody to trace back."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.check: Final = self._letters("key", "")[:4]
        """Four letters that tell one key from another, and nothing about it."""

    def name(self, finding: Finding) -> str:
        """Return what stands for a finding: <PERSON_K7QM2X>, <SECRET>."""
        if finding.kind == Kind.SECRET:
            return f"<{finding.kind}>"
        return f"<{finding.kind}_{self._letters(finding.kind, finding.who)}>"

    def of_session(self, text: str) -> str:
        """Return what stands for a session whose id may not stay: one conversation is told from another.

        It is the whole id's, as what is found in it may hang on the candidate that it is in; itself of a stand-in.
        """
        return text if STAND_IN.fullmatch(text) else f"<{_SESSION}_{self._letters('session', text)}>"

    def _letters(self, kind: str, who: str) -> str:
        said = f"{kind}\0{who}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, said, hashlib.sha256)
        return "".join(_LETTERS[byte % 32] for byte in digest[:_LENGTH])


def without_case(text: str) -> str:
    """Return a text in which a word of small ASCII letters is wherever an expression that ignores case finds it."""
    plain = text.casefold()
    return plain if plain.isascii() else plain.translate(_DOTS)


@lru_cache(4)
def folded(text: str) -> str:
    """Return what `without_case` does, of a text that is asked about again and again."""
    return without_case(text)


def has_any(text: str, words: Iterable[str]) -> bool:
    """Return whether one of these words is in a text: quicker than an expression of all of them."""
    for word in words:  # noqa: SIM110 it takes half the time of `any`
        if word in text:
            return True
    return False


def digits_in(text: str) -> int:
    """Return how many digits a text has, at least as many as an expression finds."""
    if text.isascii():
        return len(text.encode().translate(None, _NO_DIGITS))
    return sum(map(str.isdigit, text))


def apart(text: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in their order without those that overlap with a more certain one, or with a stand-in.

    Our own count first, but for names, of which the longest does. Where somebody else found something too, what a
    name or a place has on either side of what it overlaps with is found still.
    """
    taken = [found.span() for found in STAND_IN.finditer(text)] if "<" in text else []
    kept: list[Finding] = []
    waiting = sorted(findings, key=_rank)
    is_mixed = any(each.by != OWN for each in waiting)
    for each in waiting:
        beside = _overlapping(taken, each)
        found = [each]
        if beside:
            found = list(_beside(text, each, beside)) if is_mixed and each.kind in _WORDS else []
        for one in found:
            insort(taken, (one.start, one.end))
        kept += found
    return sorted(kept, key=lambda found: found.start)


def _overlapping(taken: Sequence[tuple[int, int]], found: Finding) -> Sequence[tuple[int, int]]:
    """Return which of the places that are taken, which lie apart and in order, a finding overlaps with."""
    first = bisect_left(taken, found.start, key=lambda place: place[1] - 1)
    last = bisect_left(taken, found.end, key=lambda place: place[0])
    return taken[first:last]


def _rank(found: Finding) -> tuple[float, int, int, bool]:
    certain = found.by == OWN or found.kind in _WORDS
    order = _ORDER[found.kind] if certain else _ORDER[Kind.PERSON] - 0.5
    return order, found.start - found.end, found.start, found.by != OWN


def _beside(text: str, found: Finding, taken: Sequence[tuple[int, int]]) -> Iterator[Finding]:
    """Yield what is left of a finding without the places that are taken: each part of it that has a word."""
    at = found.start
    for start, end in [*taken, (found.end, found.end)]:
        for word in _RUN.finditer(text, at, max(at, min(start, found.end))):
            who = " ".join(word[0].casefold().split())
            yield replace(found, start=word.start(), end=word.end(), who=who)
        at = max(at, end)


def replaced(text: str, findings: Iterable[Finding], pseudonyms: Pseudonyms) -> str:
    """Return a text with something else in the place of its findings, which lie apart and in order."""
    parts, at = [], 0
    for each in findings:
        parts += [text[at : each.start], pseudonyms.name(each)]
        at = each.end
    return "".join([*parts, text[at:]])
