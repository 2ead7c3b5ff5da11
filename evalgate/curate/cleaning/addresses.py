"""Streets with their numbers, and the town beside them: as English, German, Dutch and Romance languages write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import regex  # type: ignore[import-untyped]  # it has no stubs

from evalgate.curate.cleaning.findings import Finding, Kind, digits_in, folded, has_any

_WORD: Final = r"\p{Lu}[\p{L}'’.-]{1,30}"
_PLACE: Final = r"\p{Lu}\p{Ll}[\p{L}'’-]{0,30}"
_TOWN: Final = rf"{_PLACE}(?:[ -](?:{_PLACE}|am|an|der|de|la|le|les|sur|del|di|upon|under)){{0,4}}"
_AFTER: Final = (
    r"(?:,?\s*(?:#|(?:Apt|Apartment|Suite|Flat|Unit|Floor)\b\.?)\s?\w{1,6})?"
    # 80331 München · Leeds LS1 4DY · Springfield, IL 62704 · 75002 Paris · 08001 Barcelona · 1012 AB Amsterdam
    rf"(?:(?:,\s*|\s+[-–]\s+|\s*\n\s*|\s+)(?:(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:-\d{{3,4}})?(?:\s[A-Z]{{2}}\b)?\s+{_TOWN}"
    rf"|{_TOWN},?\s+(?:[A-Z]{{2}}\s+\d{{5}}(?:-\d{{4}})?|[A-Z]{{1,2}}\d[A-Z\d]?\s?\d[A-Z]{{2}})\b"
    r"|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b))?"
)
_ENGLISH: Final = (
    rf"\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,4}})?,?\s+(?:[NSEW]\.?\s+)?(?:{_WORD}\s+|\d{{1,3}}(?:st|nd|rd|th)\s+){{1,3}}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct|Place|Pl|Square|Sq|Terrace|Close"
    r"|Crescent|Gardens|Grove|Hill|Parkway|Pkwy|Highway|Hwy|Row|Mews)\b\.?"
)
_GERMANIC: Final = (
    r"(?:\p{Lu}[\p{L}-]{1,30}(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer|steig"
    r"|straat|laan|plein|gracht|kade|dijk)"
    rf"|{_WORD}[ -](?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Ring|Ufer)|(?:Am|Im|An der|In der|Auf der|Unter den) {_WORD})"
    r"\s+\d{1,4}\s?[a-z]?\b"
)
_FRENCH: Final = (
    r"\d{1,4}(?:\s?(?:bis|ter))?,?\s+(?i:rue|avenue|boulevard|place|chemin|allée|impasse|quai|route|cours)\s+"
    rf"(?:(?:de la|de l['’]|du|des|de|d['’]|la|le|les)\s?)?{_WORD}(?:[ -](?:{_WORD}|de|du|la)){{0,3}}"
)
_SOUTHERN: Final = (
    r"(?i:calle|avenida|av\.|plaza|paseo|carrer|carretera|via|viale|piazza|corso|largo|rua|travessa|praça|ul\.|ulica|aleja)"
    r"\s+(?:(?:de la|de los|de las|del|della|dei|delle|de|da|das|do|dos|di|la|el)\s+)?"
    rf"{_WORD}(?:\s(?:{_WORD}|de|da|das|do|di|y)){{0,3}},?\s+(?:n[ºo°]?\.?\s?)?\d{{1,4}}\b(?:/\d{{1,4}})?"
)
_OF_GERMANIC: Final = (
    *("stra", "str.", "weg", "platz", "allee", "gasse", "damm", "ufer", "steig", "laan", "plein", "gracht", "kade"),
    *("dijk", "Stra", "Str.", "Weg", "Platz", "Allee", "Ring", "Ufer"),
    *("Am ", "Im ", "An der ", "In der ", "Auf der ", "Unter den "),
)
_OF_FRENCH: Final = ("rue", "avenue", "boulevard", "place", "chemin", "all", "impasse", "quai", "route", "cours")
_OF_SOUTHERN: Final = (
    *("calle", "avenida", "av.", "plaza", "paseo", "carre", "via", "piazza", "corso", "largo", "rua", "travessa"),
    *("pra", "ul.", "ulica", "aleja"),
)
_PATTERNS: Final = tuple(
    (words, is_folded, regex.compile(rf"(?<![\w]){street}{_AFTER}"))
    for words, is_folded, street in (
        (("",), False, _ENGLISH),
        (_OF_GERMANIC, False, _GERMANIC),
        (_OF_FRENCH, True, _FRENCH),
        (_OF_SOUTHERN, True, _SOUTHERN),
    )
)
"""Each with words of which some are in whatever it finds, and whether it finds them in any case."""


def addresses_in(text: str) -> Iterator[Finding]:
    """Yield the addresses of a text; those of one place may overlap."""
    if not digits_in(text):
        return
    for words, is_folded, pattern in _PATTERNS:
        if not has_any(folded(text) if is_folded else text, words):
            continue
        for found in pattern.finditer(text):
            who = " ".join(found[0].casefold().replace(",", " ").split())
            yield Finding(start=found.start(), end=found.end(), kind=Kind.ADDRESS, who=who)
