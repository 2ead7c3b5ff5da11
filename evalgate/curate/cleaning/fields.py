"""What the name of a field says that its value is: somebody's number or name, or a number of something else."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from evalgate.curate.cleaning import people
from evalgate.curate.cleaning.findings import STAND_IN, Kind
from evalgate.curate.cleaning.secrets import FIELDS as SECRETS

_BEFORE: Final = r"(?i)^(?:.*[_. -])?"
_NUMBER: Final = r"(?:_?(?:number|nummer|nr|num|no|value))?s?$"
_FIELDS: Final = (
    (Kind.SECRET, SECRETS),
    (Kind.PERSON, people.FIELDS),
    (Kind.PHONE, re.compile(rf"{_BEFORE}(?:tele)?(?:phone|mobile|fax|telefon|tel|msisdn|whatsapp)s?{_NUMBER}")),
    (Kind.CARD, re.compile(rf"{_BEFORE}(?:(?:credit|debit|payment|bank)?_?card|pan|cc|kreditkarten?)s?{_NUMBER}")),
    (Kind.ID_NUMBER, re.compile(rf"{_BEFORE}(?:ssn|social_?security|passport|pesel|bsn){_NUMBER}")),
    (Kind.ADDRESS, re.compile(rf"{_BEFORE}(?:street(?:_?address)?|address(?:_?line_?\d)?|postal_?address)$")),
    (Kind.BIRTHDAY, re.compile(rf"{_BEFORE}(?:birth_?da(?:te|y)|date_?of_?birth|dob|geburtsdatum)$")),
)
_NUMBERS: Final = frozenset({Kind.PHONE, Kind.CARD, Kind.ID_NUMBER})
_OTHERWISE: Final = re.compile(
    rf"{_BEFORE}(?:id|uuid|guid|order|invoice|ticket|tracking|parcel|shipment|ref|reference|sku|isbn|ean|gtin|upc|barcode"
    r"|article|product|item|trace|span|seed|hash|version|index|offset|count|size|bytes|token|price|amount|total|cost"
    r"|balance|time|timestamp|date|ts|at|created|updated|start|end|duration|latency|seconds|[mun]s)"
    r"(?:_?(?:number|nummer|nr|num|no|id|[mun]s))?s?$"
)
"""Whose value is a number of something else, though it may look like a card's: one in ten does."""
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST: Final = 200
_REMEMBERED: Final = 1000
"""Names of fields whose kinds are remembered."""


def kind_of(path: tuple[str, ...], text: str) -> Kind | None:
    """Return what a field's name says that its value is; None where it says nothing."""
    kinds = _kinds_of(path[-2:]) if path and len(text) <= _LONGEST else ()
    if not kinds or not text.strip() or STAND_IN.search(text):
        return None
    return next((kind for kind in kinds if _likely(kind, text)), None)


@lru_cache(_REMEMBERED)
def _kinds_of(path: tuple[str, ...]) -> tuple[Kind, ...]:
    """Return what the name of a field, of which the last two keys are given, says that its value may be."""
    names = (path[-1], "_".join(path))
    apart = tuple(map(_apart, names))
    return tuple(kind for kind, pattern in _FIELDS if any(map(pattern.match, apart if kind in _NUMBERS else names)))


def is_otherwise(path: tuple[str, ...], text: str) -> bool:
    """Return whether a text is a number alone, and its field's name says that it is one of something else."""
    if not path or not text.isdecimal():
        return False
    return any(_OTHERWISE.match(_apart(name)) for name in (path[-1], "_".join(path[-2:])))


def _apart(name: str) -> str:
    """Return customerPhone as customer_Phone."""
    return _HUMP.sub("_", name)


def _likely(kind: Kind, text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    if kind in (Kind.PHONE, Kind.BIRTHDAY):
        return digits >= 4
    if kind in (Kind.CARD, Kind.ID_NUMBER):
        least, most = (13, 19) if kind == Kind.CARD else (6, 14)
        return least <= digits <= most and all(map(str.isalnum, re.split("[ -]", text)))
    if kind == Kind.PERSON:
        return digits == 0 and any(map(str.isalpha, text)) and len(text.split()) <= 6
    if kind == Kind.ADDRESS:
        return digits > 0 and "@" not in text
    return len(text) >= 6
