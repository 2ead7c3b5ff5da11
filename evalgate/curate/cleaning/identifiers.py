"""E-mail addresses, telephone and account numbers, cards, numbers of people and machines, dates of birth in texts.

Numbers count by their checksums, telephone numbers by the plans of their countries (phonenumbers).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from evalgate.curate.cleaning.findings import Finding, Kind, digits_in, folded, has_any

REGIONS: Final = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "PL")
"""Countries whose telephone numbers are known without their +."""
_EMAIL: Final = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_IBAN: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_CARD: Final = re.compile(
    r"(?<![\w.,-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|6[45]\d\d)([ -]?)\d{4}\1\d{4}\1\d{4}"
    r"|3[47]\d\d([ -]?)\d{6}\2\d{5})(?![\w-])"
)
_SSN: Final = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_NINO: Final = re.compile(r"\b(?![DFIQUV])[A-Z](?![DFIQUVO])[A-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")
_NUMBERED: Final = re.compile(
    r"(?i)\b(?:passport|reisepass|passeport|pasaporte|passaporto|driver'?s? licen[cs]e|personalausweis|dni|nie|pesel"
    r"|bsn|codice fiscale|social security|steuer-?id|tax id|versichertennummer)"
    r"(?:[ -]?(?:number|nummer|nr|no|num[ée]ro|n[úu]mero))?\.?(?:\s*[:#=]\s*|\s+(?:is|ist|est|es|è)\s+|\s+)"
    r"(?P<value>(?=(?:[A-Z-]{0,6}\d){4})[A-Z0-9][A-Z0-9-]{5,19})"
)
_NUMBERING: Final = (
    *("pass", "pasaporte", "driver", "personalausweis", "dni", "nie", "pesel", "bsn", "codice", "social", "steuer"),
    *("tax", "versichertennummer"),
)
"""Of these some are in whatever `_NUMBERED` finds."""
_OF_PEOPLE: Final = ((_SSN, 9, ("-",)), (_NINO, 6, ("",)), (_NUMBERED, 4, _NUMBERING))
"""Each with how many digits are in a text in which it finds anything, and words of which some are."""
_IP: Final = re.compile(
    r"(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{6,39})(?![\w:]|\.\d)"
)
_VERSION: Final = re.compile(r"(?i)(?:version|release|build|\bv\.?)\s*$")
_DIGITS: Final = re.compile(r"(?:\d[\s().\-/–]{0,3}){6,}\d")
_FORMED: Final = re.compile(r"\d[\s().\-/–]+\d")
_FRACTION: Final = re.compile(r"\d+\.\d+|[1-9]\d*/\d+|.*\.\..*")
_BEFORE: Final = 60
"""Letters before a number that may say what it is."""
_CALLED: Final = re.compile(
    r"(?i)(?:phone|mobile|cell|call|tel|text|whatsapp|fax|reach|ring|number is|handy|mobil|anruf|telefon"
    r"|t[ée]l[ée]phone|portable|m[óo]vil|tel[ée]fono|cellulare|numero|telefone|nummer)[^\w.?!]{0,3}(?:\w+[^\w.?!]{1,3}){0,4}$"
)
_NOT_CALLED: Final = re.compile(
    r"(?i)(?:order|invoice|ticket|tracking|reference|ref|sku|isbn|ean|article|bestell\w*|rechnung\w*|auftrag\w*|commande"
    r"|facture|pedido|encomenda|bestelling|zam[óo]wieni\w*|factura|ordine|fattura|id|case|parcel|sendung\w*)\W{0,3}(?:(?:number|no|nr|nummer|num[ée]ro|n[úu]mero|is)\W{0,3}){0,2}$"
)
_BORN: Final = re.compile(
    r"(?i)\b(?:born(?: on)?|date of birth|birth ?da(?:te|y)|dob|geboren(?: am)?|geburtsdatum|geburtstag|n[ée]e? le"
    r"|date de naissance|nacid[oa] el|fecha de nacimiento|nat[oa] il|data di nascita|data de nascimento|geboortedatum"
    r"|data urodzenia)\W{1,4}(?:(?:is|ist|est|es|è|é|was|on|am|the)\W+){0,2}"
    r"(?P<value>\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}(?:st|nd|rd|th|\.)? (?:de )?[^\W\d_]{3,10}\.?(?: de)? \d{4}"
    r"|[^\W\d_]{3,10} \d{1,2}(?:st|nd|rd|th)?,? \d{4})"
)

_BEARING: Final = (
    *("born", "birth", "dob", "gebor", "geburt", " le", "naissance", "nacid", "nacimiento", "nat", "nascita"),
    *("nascimento", "geboorte", "urodzenia"),
)
"""Of these some are in whatever `_BORN` finds."""
_DIGITS_OF_A_CARD: Final = 15
_DIGITS_OF_A_DAY: Final = 3
_DIGITS_OF_A_NUMBER: Final = 7
_REMEMBERED: Final = 4096
"""Numbers of which is remembered whether somebody is called by them."""


def identifiers_in(text: str, regions: Sequence[str] = REGIONS) -> Iterator[Finding]:
    """Yield what identifies someone in a text but for names and addresses; those of one place may overlap.

    `regions` are the countries (ISO 3166) whose telephone numbers are known as they are written there.
    """
    if "@" in text:
        yield from (_finding(found, Kind.EMAIL, found[0].casefold()) for found in _EMAIL.finditer(text))
    digits = digits_in(text)
    if not digits and "::" not in text:
        return
    yield from _accounts(text)
    said = folded(text)
    for pattern, least, signs in _OF_PEOPLE:
        for found in pattern.finditer(text) if digits >= least and has_any(said, signs) else ():
            yield _finding(found, Kind.ID_NUMBER, plain(found[_value(pattern)]), _value(pattern))
    for found in _IP.finditer(text):
        address = _address(found[0])
        if address is not None and not _VERSION.search(text, max(0, found.start() - 20), found.start()):
            yield _finding(found, Kind.IP, address)
    if digits >= _DIGITS_OF_A_DAY and has_any(said, _BEARING):
        yield from (_finding(each, Kind.BIRTHDAY, each["value"].casefold(), "value") for each in _BORN.finditer(text))
    if digits >= _DIGITS_OF_A_NUMBER and _DIGITS.search(text):
        yield from _telephones(text, regions)


def is_iban(text: str) -> bool:
    """Return whether an account number's check digits are right."""
    number = plain(text)
    if not 15 <= len(number) <= 34 or not number.isalnum() or not number.isascii():
        return False
    return int("".join(str(int(letter, 36)) for letter in number[4:] + number[:4])) % 97 == 1


def is_of_an_order(text: str, start: int) -> bool:
    """Return whether the words before a place say that a number there is an order's, a ticket's or the like."""
    return _NOT_CALLED.search(text, max(0, start - _BEFORE), start) is not None


def plain(number: str) -> str:
    """Return a number as it is the same however it is written: its letters and digits."""
    return "".join(letter for letter in number if letter.isalnum()).upper()


def is_card(text: str) -> bool:
    """Return whether a card number's check digit is right (Luhn), and its digits not all the same."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    doubled = [digit if place % 2 == 0 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and sum(doubled) % 10 == 0


def _accounts(text: str) -> Iterator[Finding]:
    for found in _IBAN.finditer(text):
        # What follows may look like more of it: the longest whole that checks is it.
        for end in range(found.end(), found.start() + 14, -1):
            whole = text[found.start() : end]
            if whole[-1].isalnum() and is_iban(whole):
                yield Finding(start=found.start(), end=end, kind=Kind.IBAN, who=plain(whole))
                break
    for found in _CARD.finditer(text) if digits_in(text) >= _DIGITS_OF_A_CARD else ():
        if is_card(found[0]) and not is_of_an_order(text, found.start()):
            yield _finding(found, Kind.CARD, plain(found[0]))


def _telephones(text: str, regions: Sequence[str]) -> Iterator[Finding]:
    """Yield numbers of a plan: with a +, or as they are written where they are dialled.

    Digits in a row are one only where the words before say so: an order has such a number too.
    """
    for found in _DIGITS.finditer(text):
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        dialled = before.endswith("+") or _FORMED.search(found[0]) or _CALLED.search(before)
        if dialled and not _NOT_CALLED.search(before):
            start = max(0, found.start() - 3)
            for first, last, who in _planned(text[start : found.end() + 3], tuple(regions)):
                yield Finding(start=start + first, end=start + last, kind=Kind.PHONE, who=who)


@lru_cache(_REMEMBERED)
def _planned(text: str, regions: tuple[str, ...]) -> tuple[tuple[int, int, str], ...]:
    """Return where numbers stand in a few letters, and which; the first country that has one names it."""
    from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number

    for region in (None,) if "+" in text or not regions else regions:
        found = PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=20)
        matches = [match for match in found if not _FRACTION.fullmatch(match.raw_string)]
        if matches:
            return tuple(
                (match.start, match.end, format_number(match.number, PhoneNumberFormat.E164)) for match in matches
            )
    return ()


def _address(text: str) -> str | None:
    """Return an address of a machine that the whole world can reach, in its one way of writing; None for others."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return str(address) if address.is_global else None


def _value(pattern: re.Pattern[str]) -> str | int:
    return "value" if "value" in pattern.groupindex else 0


def _finding(found: re.Match[str], kind: Kind, who: str, group: str | int = 0) -> Finding:
    start, end = found.span(group)
    return Finding(start=start, end=end, kind=kind, who=who)
