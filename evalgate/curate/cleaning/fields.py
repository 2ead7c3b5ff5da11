"""What a field's value is by the field's name: `customer_name`, `phone`, `api_key`. Pure."""

from __future__ import annotations

import re
from typing import Final

from evalgate.curate.cleaning import people
from evalgate.curate.cleaning.findings import STAND_IN, Kind
from evalgate.curate.cleaning.secrets import FIELDS as SECRETS

_FIELDS: Final = (
    (Kind.SECRET, SECRETS),
    (Kind.PERSON, people.FIELDS),
    (
        Kind.PHONE,
        re.compile(r"(?i)^(?:.*[_. -])?(?:tele)?(?:phone|mobile|fax|telefon|tel|msisdn)(?:_?(?:number|no))?$"),
    ),
    (Kind.ADDRESS, re.compile(r"(?i)^(?:.*[_. -])?(?:street(?:_?address)?|address(?:_?line_?\d)?|postal_?address)$")),
    (Kind.BIRTHDAY, re.compile(r"(?i)^(?:.*[_. -])?(?:birth_?da(?:te|y)|date_?of_?birth|dob|geburtsdatum)$")),
)
_LONGEST: Final = 200


def kind_of(path: tuple[str, ...], text: str) -> Kind | None:
    """Return what a field's name says that its value is; None where it says nothing."""
    if not path or not text.strip() or len(text) > _LONGEST or STAND_IN.search(text):
        return None
    names = (path[-1], "_".join(path[-2:]))
    for kind, pattern in _FIELDS:
        if any(map(pattern.match, names)) and _likely(kind, text):
            return kind
    return None


def _likely(kind: Kind, text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    if kind in (Kind.PHONE, Kind.BIRTHDAY):
        return digits >= 4
    if kind == Kind.PERSON:
        return digits == 0 and any(map(str.isalpha, text)) and len(text.split()) <= 6
    if kind == Kind.ADDRESS:
        return digits > 0 and "@" not in text
    return len(text) >= 6
