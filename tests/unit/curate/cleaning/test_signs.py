"""What is looked for only where a sign of it is in a text: whatever an expression finds has one, in any letters."""

from __future__ import annotations

import pytest
import regex

from evalgate.curate.cleaning import addresses, identifiers, people, secrets
from evalgate.curate.cleaning.findings import digits_in, folded, has_any
from tests.bench.planted import hard, texts

STREETS = [
    *("Haupt" + end + " 5" for end in ("straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "damm", "ufer")),
    *("Kirchen" + end + " 5" for end in ("steig", "straat", "laan", "plein", "gracht", "kade", "dijk")),
    *("Berliner " + end + " 5" for end in ("Straße", "Strasse", "Str.", "Weg", "Platz", "Allee", "Ring", "Ufer")),
    *(before + " Markt 5" for before in ("Am", "Im", "An der", "In der", "Auf der", "Unter den")),
    *(f"5 {kind} Monge" for kind in ("rue", "avenue", "boulevard", "place", "chemin", "allée", "impasse", "quai")),
    *(f"5 {kind} Monge" for kind in ("route", "cours")),
    *(f"{kind} Mayor 5" for kind in ("calle", "avenida", "av.", "plaza", "paseo", "carrer", "carretera", "via")),
    *(f"{kind} Mayor 5" for kind in ("viale", "piazza", "corso", "largo", "rua", "travessa", "praça", "ul.", "ulica")),
    "aleja Mayor 5",
    "5 Baker Street",
]
NUMBERED = [
    *("passport", "reisepass", "passeport", "pasaporte", "passaporto", "driver's license", "drivers licence"),
    *("personalausweis", "dni", "nie", "pesel", "bsn", "codice fiscale", "social security", "steuer-id", "tax id"),
    "versichertennummer",
]
BORN = [
    *("born", "born on", "date of birth", "birthday", "birth date", "dob", "geboren am", "geburtsdatum", "geburtstag"),
    *("né le", "née le", "ne le", "date de naissance", "nacido el", "nacida el", "fecha de nacimiento", "nato il"),
    *("nata il", "data di nascita", "data de nascimento", "geboortedatum", "data urodzenia"),
]
TOLD = [
    *("bearer", "basic", "api key", "secret", "secret access key", "client secret", "access key", "token", "password"),
    *("auth token", "passcode", "passphrase", "passwd", "pwd", "passwort", "kennwort", "mot de passe", "contraseña"),
    *("contrasena", "senha", "wachtwoord", "hasło", "haslo"),
]
OTHER_LETTERS = str.maketrans({"s": "ſ", "k": "\u212a", "i": "İ"})
"""Of which an expression that ignores case knows that they are these."""


def written(words):
    return [way for word in words for way in (word, word.upper(), word.title(), word.translate(OTHER_LETTERS))]


@pytest.mark.parametrize("text", STREETS)
def test_streets(text):
    assert [text[each.start : each.end] for each in addresses.addresses_in(text)] == [text]


@pytest.mark.parametrize(
    ("words", "pattern", "signs", "value"),
    [
        (NUMBERED, identifiers._NUMBERED, identifiers._NUMBERING, "12345678"),
        (BORN, identifiers._BORN, identifiers._BEARING, "1.2.1990"),
        (TOLD, secrets._TOLD, secrets._TELLING, "abcdefgh12345678"),
    ],
)
def test_words_that_say_what_follows(words, pattern, signs, value):
    found = 0
    for text in (f"{word}: {value}" for word in written(words)):
        if pattern.search(text):
            found += 1
            assert has_any(folded(text), signs), text
    assert found >= 2 * len(words)


def test_streets_in_other_letters_have_their_signs():
    found = 0
    for text in written(STREETS):
        for signs, is_folded, pattern in addresses._PATTERNS:
            if pattern.search(text):
                found += 1
                assert has_any(folded(text) if is_folded else text, signs), text
    assert found > len(STREETS)


def test_digits_of_every_script_count():
    assert digits_in("a1b22 ٣ ４") == 5
    assert digits_in("12-34") == 4
    assert digits_in("") == 0


@pytest.mark.parametrize("text", ["ANNA IS HERE", "Anna is here", "ÄÖÜ Ä", "ÄÖÜ äöü ä", "1234", ""])
def test_capitals_are_counted_alike_in_all_scripts(text):
    assert people._shouted(text) == (sum(map(str.isupper, text)) > sum(map(str.islower, text)))


@pytest.mark.parametrize("words", [people._SURELY, people._CLOSINGS, people._BEFORE])
def test_alternatives_by_their_first_letter_find_the_same(words):
    plain, sorted_out = (regex.compile(rf"(?i:\b(?:{each})[ ,!:]+)") for each in (words, people._by_first(words)))
    said = [each.text for each in (*texts(300, 4), *hard(50, 4))]
    found = [[each.span() for each in plain.finditer(text)] for text in said]
    assert found == [[each.span() for each in sorted_out.finditer(text)] for text in said]
    assert any(found)
