"""Names of people in texts: by given names of many languages, and by what is said before and after a name.

The given names are those of Faker, of every language that it has with letters of two cases. A name that no list has is
found where someone is introduced, greeted, titled or signs with it, and then everywhere in the same candidate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Final
from unicodedata import category

import regex  # type: ignore[import-untyped]  # it has no stubs

from evalgate.curate.cleaning.findings import Finding, Kind, folded, has_any, without_case
from evalgate.curate.cleaning.given_names import NO_NAMES, Names

_WORD: Final = r"(?:\p{Lu}[\p{L}'’]*\p{Ll}[\p{L}]*|\b\p{Lu}{4,}\b)(?:-\p{Lu}[\p{L}]+)*"
_PARTICLES: Final = r"van|von|vom|zu|der|den|de|del|della|di|da|dos|das|du|la|le|el|al|bin|ben|ter|ten|af|O|Mc|Mac|St"
_INNER: Final = rf"(?:(?:{_PARTICLES})\.?[ ]){{0,3}}"
_NAME: Final = rf"{_WORD}(?:[ ]{{1,2}}(?:\p{{Lu}}\.[ ]?){{0,2}}{_INNER}{_WORD}){{0,3}}"
_WORDS: Final = regex.compile(_WORD)
_BETWEEN: Final = regex.compile(rf"[ \u00a0]{{1,2}}(?:\p{{Lu}}\.[ ]?){{0,2}}{_INNER}")
_SURELY: Final = (
    r"my (?:full )?name is|name's|mein name ist|ich hei(?:ß|ss)e|je m['’]appelle|mon nom est|me llamo|mi nombre es"
    r"|mi chiamo|il mio nome [èe]|meu nome [ée]|me chamo|chamo-me|mijn naam is|ik heet|nazywam si[ęe]|mam na imi[ęe]"
    r"|jag heter|mitt navn er|jeg hedder|benim ad[ıi]m|меня зовут|мене звати"
)
_TITLES: Final = (
    r"Miss|Sir|Madam|Herrn?|Frau|Monsieur|Mme|Mlle|Madame|Mademoiselle|Señora?|Sra?\.|Srta\.|Doña|Signora?|Sig\.(?:ra)?"
    r"|Senhora?|Mevrouw|Meneer|Dhr\.|Mevr\.|Panu|Pani"
)
_CLOSINGS: Final = (
    r"regards|cheers|sincerely|best(?: wishes)?|thanks(?: a lot| in advance)?|thank you|gr(?:ü|u)(?:ß|ss)en?"
    r"|gru(?:ß|ss)|mfg|cordialement|bien à vous|saludos|atentamente|saluti|groet(?:en|jes)?|abraços?|atenciosamente"
    r"|pozdrawiam|hälsningar|danke|merci|gracias|grazie|obrigad[oa]"
)
_BEFORE: Final = (
    rf"{_CLOSINGS}|i am|i['’]m|this is|it['’]s|ich bin(?: die| der)?|hier ist|je suis|c['’]est|soy|sono|eu sou"
    r"|sou (?:o|a)|ik ben|jestem|jag är|hi|hello|hey|dear|hallo|moin|liebe[r]?|bonjour|salut|ch[eè]re?|hola|estimad[oa]"
    r"|querid[oa]|ciao|car[oa]|gentile|ol[áa]|oi|cze[śs][ćc]|hej|dank je|dzięki|love|customer|patient|colleague|friend"
    r"|wife|husband|mother|father|son|daughter|sister|brother|for|from|with|to|by|tell|ask|contact|kollegin|kollege"
    r"|frau|mann|für|von|mit|pour|avec|para|con|per|met"
)


def _by_first(words: str) -> str:
    """Return alternatives, each of which begins with a letter of its own, by that letter: it is looked at once.

    Which of them is found stays the same: those of one letter keep their order.
    """
    by: defaultdict[str, list[str]] = defaultdict(list)
    for word in regex.split(r"\|(?![^(]*\))", words):
        by[word[0]].append(word[1:])
    return "|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in by.items())


_TOLD: Final = regex.compile(
    rf"(?i:\b(?:{_by_first(_SURELY)})[ ,:]+)"
    rf"(?P<name>{_NAME}|\p{{Ll}}[\p{{Ll}}'’-]{{1,20}}(?:[ ]\p{{Ll}}[\p{{Ll}}'’-]{{2,20}})?)"
)
_TITLED: Final = regex.compile(
    rf"\b(?:(?:Mr|Mrs|Ms|Mx|Dr|Prof)\b\.?|{_TITLES})[ ](?:(?:Dr|Prof)\.[ ])*(?P<name>{_NAME})"
)
_BARE: Final = regex.compile(
    rf"(?:\b(?i:Mr|Mrs|Ms|Mx|Dr|Prof|{_TITLES})\.?[\s.]+)*(?P<name>\p{{L}}(?:.*[\p{{L}}\p{{M}}])?)"
)
_LETTERS: Final = regex.compile(r"\p{L}+")
_SPACES: Final = regex.compile(r"\s+")
_LINE: Final = regex.compile(r"[^\r\n]+")
_SIGNED: Final = regex.compile(
    rf"(?i:\b(?:{_by_first(_CLOSINGS)})[,.!]?)[ ]*\n[ ]*[-–—]?[ ]*(?P<name>{_NAME})[ ]*(?=\n|\Z|,)"
)
_SOFT: Final = regex.compile(rf"(?i:\b(?:{_by_first(_BEFORE)})[ ,!:]{{1,2}})(?P<name>{_NAME})")
_KINDS: Final = (
    r"full|first|last|given|family|middle|sur|maiden|display|nick|legal|customer|client|contact|user|guest|patient"
    r"|passenger|recipient|sender|buyer|owner|holder|card_?holder|account_?holder|employee|person|agent|caller|author"
    r"|reviewer|student|driver|member|subscriber|billing|shipping|delivery"
)
_FEW: Final = 20
"""Names of which it is quicker to ask first whether any of them is in a text."""
_ENDS: Final = frozenset("s'’")
_NOT_LARGE, _NOT_SMALL = (
    bytes(letter for letter in range(128) if not bytes([letter]).isalpha() or chr(letter) in letters)
    for letters in (ascii_lowercase, ascii_uppercase)
)
FIELDS: Final = regex.compile(
    rf"(?i)^(?:.*[_. -])?(?:(?:{_KINDS})_?name|vorname|nachname|prenom|prénom|nom_?de_?famille|apellidos?|cognome"
    r"|sobrenome|cardholder|assignee|recipient)$"
)
"""Names of fields whose value is somebody's name."""


def names_in(text: str, names: Names) -> Iterator[Finding]:
    """Yield the names of people in a text; those of one place may overlap."""
    shouted = _shouted(text)
    for pattern in (_TOLD, _TITLED, _SIGNED) if shouted else (_TOLD, _TITLED, _SIGNED, _SOFT):
        if pattern is _SIGNED and "\n" not in text:
            continue
        for found in pattern.finditer(text):
            place = _named(found, names, surely=pattern is not _SOFT)
            if place is not None:
                yield _person(text, *place)
    words = [] if shouted else list(_WORDS.finditer(text))
    number = 0
    while number < len(words):
        last = _last_of(text, words, number, names)
        if last is not None:
            yield _person(text, words[number].start(), words[last].end())
            number = last
        number += 1


def mentions(text: str, known: Mapping[str, str]) -> Iterator[Finding]:
    """Yield where names stand that are known: `known` says for each, without case, whose it is."""
    for found in _WORDS.finditer(text):
        word = found[0]
        plain = _bare(word)
        if plain in known:
            yield Finding(start=found.start(), end=found.start() + len(plain), kind=Kind.PERSON, who=known[plain])


def repeated(text: str, names: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Yield where whole names stand again that were found once, however they are written; `names` by their first words.

    Those of scripts without spaces between words are under "".
    """
    are_here = len(names) > _FEW or has_any(folded(text), filter(None, names))
    for found in _LETTERS.finditer(text) if are_here else ():
        for name in names.get(without_case(found[0]), ()):
            end = _end_of(text, found.start(), without_case(name))
            if end is not None:
                yield Finding(start=found.start(), end=end, kind=Kind.PERSON, who=name)
                break
    for name in names.get("", ()):
        at = text.find(name)
        while at != -1:
            yield _person(text, at, at + len(name))
            at = text.find(name, at + len(name))


def by_first_word(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that can be nobody else's word, the longest first: full ones, and those without capitals."""
    found: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        first = _LETTERS.match(without_case(name))
        if name.upper() == name and len(name) > 1:
            found.setdefault("", []).append(name)
        elif " " in name and first is not None:
            found.setdefault(first[0], []).append(name)
    return found


def _end_of(text: str, start: int, name: str) -> int | None:
    """Return where a name without case ends that stands here, however it is written; None where it does not.

    By hand: a text may have thousands of names, and to compile an expression of each takes longest of all.
    """
    end = start
    for number, word in enumerate(name.split()):
        spaces = _SPACES.match(text, end) if number else None
        after = None if number and spaces is None else _end_of_word(text, spaces.end() if spaces else start, word)
        if after is None:
            return None
        end = after
    return None if category(text[end : end + 1] or " ")[0] in "LN" else end


def _end_of_word(text: str, start: int, word: str) -> int | None:
    end = start + len(word)
    if without_case(text[start:end]) == word:
        return end
    # A letter may be two without case, as ß is.
    read, at = "", start
    while at < len(text) and len(read) < len(word) and word.startswith(read):
        read += without_case(text[at])
        at += 1
    return at if read == word else None


def meant(text: str, start: int, end: int) -> Iterator[Finding]:
    """Yield the names in what somebody says is one: without the title before it, and apart on lines of their own."""
    for line in _LINE.finditer(text, start, end):
        found = _BARE.search(text, line.start(), line.end())
        if found is not None:
            yield _person(text, *found.span("name"))


def aliases(who: str) -> Iterator[str]:
    """Yield the words of a full name that stand for it alone."""
    yield from (word for word in who.split() if len(word) > 2 and word not in NO_NAMES and "." not in word)


def _named(found: regex.Match[str], names: Names, *, surely: bool) -> tuple[int, int] | None:
    """Return the part of what follows such words that is a name; None where nothing is."""
    start, end = found.span("name")
    text = found["name"]
    first = text.split()[0]
    if first[0].islower():
        parts = text.split()
        if not names.given(first):
            return None
        return start, start + len(text if len(parts) > 1 and parts[1] not in NO_NAMES else first)
    words = list(_WORDS.finditer(text))
    if _bare(first) in NO_NAMES:
        return None
    if not surely and not names.given(_bare(first)) and not (len(words) > 1 and names.family(_bare(words[1][0]))):
        return None
    last = 0
    while last + 1 < len(words) and _bare(words[last + 1][0]) not in NO_NAMES:
        last += 1
    return start, min(end, start + words[last].end())


def _last_of(text: str, words: list[regex.Match[str]], number: int, names: Names) -> int | None:
    """Return the number of the word with which a name ends that begins with this one; None where it begins none."""
    first = _bare(words[number][0])
    if not names.given(first):
        return None
    last = number
    while last + 1 < len(words) and last - number < 3:
        between = text[words[last].end() : words[last + 1].start()]
        if _BETWEEN.fullmatch(between) is None or _bare(words[last + 1][0]) in NO_NAMES:
            break
        last += 1
    if last > number:
        return last
    # In Reggio Emilia nobody is meant.
    alone = number == 0 or text[words[number - 1].end() : words[number].start()] != " "
    return last if names.everywhere(first) and (alone or _bare(words[number - 1][0]) in NO_NAMES) else None


def _person(text: str, start: int, end: int) -> Finding:
    word = text[start:end]
    for ending in ("'s", "’s", "'", "’"):
        word = word.removesuffix(ending)
    return Finding(start=start, end=start + len(word), kind=Kind.PERSON, who=" ".join(word.casefold().split()))


def _shouted(text: str) -> bool:
    """Return whether a text is in capitals, so that they say nothing."""
    if text.isascii():
        data = text.encode()
        return len(data.translate(None, _NOT_LARGE)) > len(data.translate(None, _NOT_SMALL))
    return sum(map(str.isupper, text)) > sum(map(str.islower, text))


def _bare(word: str) -> str:
    plain = word.casefold()
    if plain[-1:] in _ENDS:
        for ending in ("'s", "’s", "'", "’"):
            plain = plain.removesuffix(ending)
    return plain
