"""What Presidio finds, as findings of ours: long texts in windows, its kinds in our words. Pure; cli loads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.curate.cleaning import people
from evalgate.curate.cleaning.findings import Finding, Kind
from evalgate.curate.cleaning.identifiers import is_of_an_order, plain
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
_WINDOW: Final = 10_000
"""Letters of a text that a model is given at once: memory grows with them, and spaCy takes no more than a million."""
_OVERLAP: Final = 300
_TOGETHER: Final = 40_000
"""Letters of several that it is given together."""
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


Analyse = Callable[[Sequence[str], str], Iterator[Sequence[Said]]]
"""Texts and the name of a model; what is said of each. It raises whatever a model breaks with."""
Place = tuple[int, int, int]
"""The number of a text, and where in it a part begins and ends."""
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
        """Return what a model finds in each text. Raises Unreadable, without a word of the text."""
        found: list[list[Finding]] = [[] for _ in texts]
        places = [(number, start, end) for number, text in enumerate(texts) for start, end in _windows(text)]
        try:
            for some in _together(places):
                pieces = [_UNWRITABLE.sub("\ufffd", texts[number][start:end]) for number, start, end in some]
                for (number, start, _), said in zip(some, self._analyse(pieces, model), strict=True):
                    found[number] += [each for one in said for each in _findings(texts[number], one, start)]
        except Exception as error:  # noqa: BLE001 whatever a model breaks with: the text of it stays unsaid
            raise Unreadable(f"Presidio's model for {model} ended with {type(error).__name__}") from None
        return [tuple(dict.fromkeys(each)) for each in found]


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text that a model is given, each but the first with the end of the one before."""
    start = 0
    while start + _WINDOW < len(text):
        end = start + _WINDOW
        space = text.rfind(" ", end - _OVERLAP // 2, end)
        end = end if space == -1 else space
        yield start, end
        start = end - _OVERLAP
    yield start, len(text)


def _together(places: Iterable[Place]) -> Iterator[list[Place]]:
    """Yield places of texts, as many at a time as a model is given together."""
    some: list[Place] = []
    for place in places:
        some.append(place)
        if sum(end - start for _, start, end in some) >= _TOGETHER:
            yield some
            some = []
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
