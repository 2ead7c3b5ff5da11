"""What Presidio finds, as findings of ours: long texts in pieces, its kinds in our words. Pure; cli loads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from evalgate.curate.cleaning import people
from evalgate.curate.cleaning.findings import Finding, Kind
from evalgate.curate.cleaning.identifiers import is_of_an_order, plain
from evalgate.curate.cleaning.pieces import pieces_of
from evalgate.curate.cleaning.recognising import Reading, Unreadable

NAME: Final = "presidio"
OTHER: Final = "other"
"""The model of what is in a language without one of its own."""
NUMBERS: Final = frozenset(
    {
        *(
            "US_SSN",
            "US_ITIN",
            "US_PASSPORT",
            "US_DRIVER_LICENSE",
            "US_MBI",
            "US_HEALTH_INSURANCE_MEMBER_ID",
            "MEDICAL_LICENSE",
        ),
        *("UK_NHS", "UK_NINO", "UK_DRIVING_LICENCE", "UK_PASSPORT", "CA_SIN", "AU_TFN", "AU_MEDICARE"),
        *("DE_TAX_ID", "DE_SOCIAL_SECURITY", "DE_HEALTH_INSURANCE", "DE_ID_CARD", "DE_PASSPORT", "DE_FUEHRERSCHEIN"),
        *("ES_NIF", "ES_NIE", "ES_PASSPORT", "IT_FISCAL_CODE", "IT_DRIVER_LICENSE", "IT_IDENTITY_CARD", "IT_PASSPORT"),
        *("PL_PESEL", "FI_PERSONAL_IDENTITY_CODE", "SE_PERSONNUMMER", "TR_NATIONAL_ID", "TH_TNIN", "SG_NRIC_FIN"),
        *("IN_PAN", "IN_AADHAAR", "IN_PASSPORT", "IN_VOTER", "KR_RRN", "KR_FRN", "KR_PASSPORT", "KR_DRIVER_LICENSE"),
        *("PH_PASSPORT", "PH_UMID", "ZA_ID_NUMBER", "ZA_PASSPORT", "ZA_DRIVER_LICENSE", "NG_NIN"),
    }
)
"""Presidio's kinds of numbers that one person has, and no company, car or place."""
_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(NUMBERS, Kind.ID_NUMBER),
    "PERSON": Kind.PERSON,
    "LOCATION": Kind.PLACE,
    "CRYPTO": Kind.WALLET,
}
_TOGETHER: Final = 40_000
"""Letters of several texts from which on a model is given no more of them at once: memory grows with them."""
_HELD: Final = 4_000_000
"""Letters of the pieces of long texts of which it is remembered what was said."""
_SURE: Final = 0.8
_LETTERS: Final = 15
"""Letters from which a language can be told."""
_NONE: Final = frozenset({"zxx", "und", "mul"})
"""What is said of a text that is in no language, in none that is known, in several (ISO 639-2)."""
_UNWRITABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What Presidio says that stands at a place of a text, by its own word for that."""

    entity: str
    start: int
    end: int


Analyse = Callable[[Sequence[str], str], Iterable[Sequence[Said]]]
"""Texts and the name of a model; what is said of each. It raises whatever a model breaks with."""
Tell = Callable[[str], tuple[str, float]]
"""A text's language (ISO 639-1), and how sure that is, 0 to 1."""


class Presidio:
    """Presidio as a recogniser. `models` are the languages of its models, and `other`.

    Where a language cannot be told, `other` reads it, or the first.
    """

    name = NAME

    def __init__(self, analyse: Analyse, models: Sequence[str], tell: Tell | None) -> None:
        self._analyse = analyse
        self._order = tuple(models)
        self._tell = tell
        self._held: dict[tuple[str, str], Sequence[Said]] = {}
        self._letters = 0
        self.models = frozenset(models)

    def reading(self, text: str) -> Reading:
        """Return which model reads a conversation: that of its language, where it can be told."""
        if self._tell is None or sum(map(str.isalpha, text)) < _LETTERS:
            return Reading(model=self._unsure)
        language, sure = self._tell(text)
        if language in _NONE:
            return Reading(model=self._unsure)
        if language in self.models:
            return Reading(model=language, language=language)
        if OTHER in self.models:
            return Reading(model=OTHER, language=language)
        return Reading(model=self._unsure if sure < _SURE else None, language=language)

    @property
    def _unsure(self) -> str:
        return OTHER if OTHER in self.models else self._order[0]

    def found_in(self, texts: Sequence[str], model: str) -> list[tuple[Finding, ...]]:
        """Return what a model finds in each text. Raises Unreadable, without a word of the text.

        Of a long text that is asked about again after a change, it reads the pieces that are not as they were.
        """
        try:
            return [tuple(dict.fromkeys(each)) for each in self._found_in(texts, model)]
        except Exception as error:  # noqa: BLE001 whatever a model breaks with: the text of it stays unsaid
            raise Unreadable(f"Presidio's model for {model} ended with {type(error).__name__}") from None

    def _found_in(self, texts: Sequence[str], model: str) -> Iterator[list[Finding]]:
        cut = [tuple(pieces_of(text)) for text in texts]
        parts = [[text[each.first : each.last] for each in pieces] for text, pieces in zip(texts, cut, strict=True)]
        said = self._said_of(dict.fromkeys(chain.from_iterable(parts)), model)
        self._hold({part: said[part] for some in parts if len(some) > 1 for part in some}, model)
        for text, pieces, some in zip(texts, cut, parts, strict=True):
            yield [
                found
                for piece, part in zip(pieces, some, strict=True)
                for one in said[part]
                # What lies beside a piece is told by its own, which has more around it; what is over a border by both,
                # of which each may take it to begin on the other side.
                if piece.first + one.start < piece.end and piece.start < piece.first + one.end
                for found in _findings(text, one, piece.first)
            ]

    def _said_of(self, parts: Iterable[str], model: str) -> dict[str, Sequence[Said]]:
        said = {each: self._held.get((each, model)) for each in parts}
        known = {each: found for each, found in said.items() if found is not None}
        for some in _together(each for each, found in said.items() if found is None):
            read = self._analyse([_UNWRITABLE.sub("\ufffd", each) for each in some], model)
            known.update(zip(some, read, strict=True))
        return known

    def _hold(self, said: Mapping[str, Sequence[Said]], model: str) -> None:
        """Remember what was said of the pieces of long texts, and forget those that were asked for longest ago."""
        for part, found in said.items():
            self._letters += len(part) if self._held.pop((part, model), None) is None else 0
            self._held[part, model] = found
        while self._letters > _HELD:
            oldest = next(iter(self._held))
            del self._held[oldest]
            self._letters -= len(oldest[0])


def _together(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield texts, as many at a time as a model is given together."""
    some: list[str] = []
    letters = 0
    for text in texts:
        some.append(text)
        letters += len(text)
        if letters >= _TOGETHER:
            yield some
            some, letters = [], 0
    if some:
        yield some


def _findings(text: str, said: Said, at: int) -> Iterator[Finding]:
    kind, start, end = _KINDS.get(said.entity), at + said.start, at + said.end
    if kind is None:
        return
    if kind == Kind.PERSON:
        for each in people.meant(text, start, end):
            yield Finding(start=each.start, end=each.end, kind=kind, who=each.who, by=NAME)
    elif kind != Kind.ID_NUMBER or not is_of_an_order(text, start):
        value = text[start:end]
        who = plain(value) if kind == Kind.ID_NUMBER else value if kind == Kind.WALLET else value.casefold()
        yield Finding(start=start, end=end, kind=kind, who=who, by=NAME)
