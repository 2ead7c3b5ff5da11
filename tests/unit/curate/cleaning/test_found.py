"""What is found in a text, and what only looks like it."""

from __future__ import annotations

import pytest

from evalgate.curate.cleaning.findings import Kind
from evalgate.curate.cleaning.given_names import known_names
from evalgate.curate.cleaning.identifiers import is_card, is_iban
from evalgate.curate.cleaning.redaction import Redactor

REDACTOR = Redactor(names=known_names())


def found(text):
    return [(each.kind.value, text[each.start : each.end]) for each in REDACTOR.findings(text)]


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("write to Anna.B+shop@mail.example.co.uk.", Kind.EMAIL, "Anna.B+shop@mail.example.co.uk"),
        ("call +49 (0)221 987654 today", Kind.PHONE, "+49 (0)221 987654"),
        ("my number is 4155552671", Kind.PHONE, "4155552671"),
        ("06 12 34 56 78, merci", Kind.PHONE, "06 12 34 56 78"),
        ("to DE89 3704 0044 0532 0130 00 please", Kind.IBAN, "DE89 3704 0044 0532 0130 00"),
        ("card 4111-1111-1111-1111", Kind.CARD, "4111-1111-1111-1111"),
        ("Amex 378282246310005.", Kind.CARD, "378282246310005"),
        ("SSN 219-09-9999", Kind.ID_NUMBER, "219-09-9999"),
        ("NI number AB 12 34 56 C", Kind.ID_NUMBER, "AB 12 34 56 C"),
        ("passport number: C01X00T47", Kind.ID_NUMBER, "C01X00T47"),
        ("from 93.184.216.34 at night", Kind.IP, "93.184.216.34"),
        ("from 2606:2800:220:1:248:1893:25c8:1946", Kind.IP, "2606:2800:220:1:248:1893:25c8:1946"),
        ("I was born on 3 May 1972.", Kind.BIRTHDAY, "3 May 1972"),
        ("geboren am 12.03.1985", Kind.BIRTHDAY, "12.03.1985"),
        ("at 12 Baker Street, London NW1 6XE.", Kind.ADDRESS, "12 Baker Street, London NW1 6XE"),
        ("in der Hauptstraße 12a, 80331 München, ok", Kind.ADDRESS, "Hauptstraße 12a, 80331 München"),
        ("au 12 bis rue de la Paix, 75002 Paris", Kind.ADDRESS, "12 bis rue de la Paix, 75002 Paris"),
        ("Calle de Alcalá 45, 28014 Madrid", Kind.ADDRESS, "Calle de Alcalá 45, 28014 Madrid"),
        ("My name is Xqzt Brmpf and", Kind.PERSON, "Xqzt Brmpf"),
        ("hi, my name is siobhan o'neill, please", Kind.PERSON, "siobhan o'neill"),
        ("Sehr geehrte Frau Dr. Müller-Lüdenscheidt,", Kind.PERSON, "Müller-Lüdenscheidt"),
        ("Je m'appelle Jean-Pierre de la Fontaine.", Kind.PERSON, "Jean-Pierre de la Fontaine"),
        ("It broke.\nKind regards,\nXqzt", Kind.PERSON, "Xqzt"),
        ("Anna's box came", Kind.PERSON, "Anna"),
        ("Меня зовут Светлана Кузнецова.", Kind.PERSON, "Светлана Кузнецова"),
        ("use sk-ant-api03-abcdefghijklmnopqrstuvwx now", Kind.SECRET, "sk-ant-api03-abcdefghijklmnopqrstuvwx"),
        ("AKIAIOSFODNN7EXAMPLE is it", Kind.SECRET, "AKIAIOSFODNN7EXAMPLE"),
        ("postgres://bob:hunter2@db.example.com/x", Kind.SECRET, "hunter2"),
        ("password: correct4horse", Kind.SECRET, "correct4horse"),
        ("mein Passwort ist geheim77", Kind.SECRET, "geheim77"),
        ("password: sVsQZtopNeOKOs fails", Kind.SECRET, "sVsQZtopNeOKOs"),
        ("MY NAME IS ANNA SCHMIDT AND I WAIT", Kind.PERSON, "ANNA SCHMIDT"),
        ("the box for ANNA SCHMIDT came", Kind.PERSON, "ANNA SCHMIDT"),
        ("Authorization: Bearer abcdef0123456789abcdef", Kind.SECRET, "abcdef0123456789abcdef"),
    ],
)
def test_it_is_found_whole_and_alone(text, kind, what):
    assert found(text) == [(kind.value, what)]


def test_a_private_key_goes_whole_even_where_its_end_was_cut():
    text = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n"
    assert found(text) == [("SECRET", text)]
    assert found(f"a {text}-----END RSA PRIVATE KEY----- b")[0][1].endswith("KEY-----")


@pytest.mark.parametrize(
    "text",
    [
        "Where is order 4711-2290 from 12 March 2026?",
        "Ticket 20255501437 was closed at 10:45:12 on 2026-03-14.",
        "ISBN 978-3-16-148410-0 is out of stock",
        "order number 4155552671 has not come",
        "version 4.12.0.3, server 10.0.0.12:8080, 127.0.0.1 and ::1",
        "card 4111 1111 1111 1112 and DE89 3704 0044 0532 0130 01",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736, id 123e4567-e89b-12d3-a456-426614174000",
        "Rosemary Focaccia, Ginger Chicken, Victoria Sponge and Caesar Salad with Basil Pesto",
        "Will Amazon refund me on May 3? I am in Reggio Emilia and not in Paris.",
        "WHICH SIDE GOES WITH BENTO ROLLS UNTIL THE JULIA CHILD BOOK IS HERE? THE SON HAD AN ALLERGY.",
        "It was 0.2410271 of 7568/10000, from 3.5.0...3.5.1 on, as arXiv 2403.05530 has it",
        "Add Python, Edit Files and Press Enter; snowflake 4539148803436467123, order number 4539148803436467",
        "The password is required. A token count of 4096. How does the secret santa work?",
        "https://shop.example.com/recipes/leek-and-potato-soup-with-a-little-cream-for-four-people",
        "call_abcdefghijklmnopqrstuvwx toolu_01ABCDEFGHIJKLMNOPQRSTUV chatcmpl-9abcDEFghiJKLmnoPQRstuVWX",
        "",
    ],
)
def test_what_only_looks_like_it_stays(text):
    assert found(text) == []


def test_check_digits():
    assert is_iban("GB29 NWBK 6016 1331 9268 19")
    assert not is_iban("GB29 NWBK 6016 1331 9268 18")
    assert not is_iban("GB29")
    assert is_card("5500 0000 0000 0004")
    assert not is_card("0000 0000 0000 0000")


def test_the_same_number_is_the_same_however_it_is_written():
    def who(text):
        return [each.who for each in REDACTOR.findings(text)]

    assert who("+49 30 123456") == who("+4930123456") == ["+4930123456"]
    assert who("4111 1111 1111 1111") == who("4111-1111-1111-1111")
    assert who("ANNA@Example.com") == who("anna@example.com")
    assert who("My name is Anna  Schmidt") == who("my name is anna schmidt")


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "1 " * 100_000, "Aa " * 60_000, "@." * 50_000, "sk-" * 50_000, "0.0:" * 50_000]
)
def test_a_long_text_takes_no_more_than_its_length(text):
    import time

    started = time.process_time()
    REDACTOR.findings(text)
    assert time.process_time() - started < 20
