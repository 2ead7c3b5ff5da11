"""Long texts in pieces: nothing is left unread, what is found is what reading them whole finds, and little twice."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalgate.curate.candidates import Candidate
from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.curate.cleaning.pieces import AROUND, MOST, pieces_of
from evalgate.curate.cleaning.presidio import Presidio, Said, _findings
from evalgate.curate.cleaning.recognising import Reading
from evalgate.curate.cleaning.redaction import Redactor

AT = "2026-01-05T12:00:00+00:00"
WORDS = ("nearly", "early", "paid", "soup", "qoor", "the", "of", "王小明", "naïve", "\U0001f600", "ß")
ENDS = (" ", " ", " ", " ", ". ", "? ", "\n", "\n\n", "。", "", "\t", "  ", ".\n")
SAYS = re.compile(r"(?:\bpaid|<PERSON_\w{6}>) (?P<chained>\w+ qoor)\b|(?P<word>\bearly\b)")


class Reader:
    """Reads as a model does, by what stands around: a name after a payment or another name, and whole words alone."""

    def __init__(self):
        self.letters = 0

    def __call__(self, texts, _):
        self.letters += sum(map(len, texts))
        for text in texts:
            found = [(each, each.lastgroup) for each in SAYS.finditer(text)]
            yield [Said(entity="PERSON", start=each.start(name), end=each.end(name)) for each, name in found]


class Whole:
    """Reads every text whole, each time anew: what reading in pieces has to come to."""

    name, models = "presidio", frozenset({"other"})

    def reading(self, _):
        return Reading(model="other")

    def found_in(self, texts, model):
        read = zip(texts, Reader()(texts, model), strict=True)
        return [tuple(found for one in said for found in _findings(text, one, 0)) for text, said in read]


def made(seed, letters, words=WORDS, ends=ENDS):
    chance, parts, size = random.Random(seed), [], 0
    while size < letters:
        parts += [chance.choice(words), chance.choice(ends)]
        size += len(parts[-1]) + len(parts[-2])
    return "".join(parts)


@pytest.mark.parametrize("letters", [0, 1, MOST, MOST + 1, 80_000])
@pytest.mark.parametrize("words", [WORDS, ("x" * 700,), ("\ud800",)])
@pytest.mark.parametrize("ends", [ENDS, ("",), (" ",), ("\n",), (". ",)])
def test_pieces_are_all_of_a_text_and_none_is_long(letters, words, ends):
    text = made(1, letters, words, ends)
    pieces = list(pieces_of(text))
    assert [pieces[0].start, pieces[-1].end] == [0, len(text)]
    assert all(one.end == two.start for one, two in pairwise(pieces))
    assert all(0 < each.end - each.start <= MOST for each in pieces if text)
    assert all(0 <= each.start - each.first <= AROUND for each in pieces)
    assert all(0 <= each.last - each.end <= AROUND for each in pieces)
    assert len(pieces) == 1 or len(text) > MOST
    assert len(pieces) <= len(text) // 1_000 + 1


@given(st.integers(0, 10**6), st.integers(0, 60_000), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_a_text_that_changed_in_one_place_is_in_the_same_pieces_elsewhere(seed, letters, place):
    text = made(seed, letters)
    at = place % (len(text) + 1)
    changed = f"{text[:at]}<PERSON_ABCDEF>{text[at + 8 :]}"
    before = {text[each.first : each.last] for each in pieces_of(text)}
    new = [each for each in pieces_of(changed) if changed[each.first : each.last] not in before]
    # Two where it is beside a border, and some more until the ends of the same sentences are taken again.
    assert sum(each.last - each.first for each in new) <= 8 * MOST


@given(st.integers(0, 10**6), st.integers(0, 40_000))
@settings(max_examples=40, deadline=None)
def test_what_is_replaced_is_what_reading_all_of_it_whole_each_time_replaces(seed, letters):
    text = made(seed, letters)
    said = Candidate(id="span:1", input={"messages": [{"role": "user", "content": text}]})
    in_pieces, whole = Presidio(Reader(), ["other"], None), Whole()
    ends = [
        Redactor(pseudonyms=Pseudonyms(b"k" * 32), other=other).looked_through(said, AT) for other in (in_pieces, whole)
    ]
    assert ends[0] == ends[1]


def test_a_name_over_a_border_is_found_though_each_side_takes_it_to_begin_on_the_other():
    start = "soup of the day. " * 293
    text = f"{start}Dr. Maria Garcia ate it. {start}"
    at, border = len(start), len(start) + len("Dr. ")
    assert border in {each.end for each in pieces_of(text)}

    def say(texts, _):
        """The longer name where a text begins late, as the piece behind the border does."""
        for part in texts:
            name = "Maria Garcia" if part.startswith(text[:100]) else "Dr. Maria Garcia"
            place = part.find(name)
            yield [Said(entity="PERSON", start=place, end=place + len(name))] if place != -1 else []

    (found,) = Presidio(say, ["other"], None).found_in([text], "other")
    assert [(each.start, each.who) for each in found] == [(border, "maria garcia")]
    assert text[at:].startswith("Dr. ")


def test_of_a_long_text_only_what_is_around_a_change_is_read_again():
    reader = Reader()
    look = Redactor(pseudonyms=Pseudonyms(b"k" * 32), other=Presidio(reader, ["other"], None))
    rest = made(3, 500_000, ("soup", "the", "of", "nearly"))
    chain = "somebody paid anna qoor berta qoor cora qoor dora qoor emma qoor. "
    text = f"{rest[:250_000]} {chain}{rest[250_000:]}"
    said = Candidate(id="span:1", input={"messages": [{"role": "user", "content": text}]})
    done = look.looked_through(said, AT)
    # Each of the five is found beside the one before: six readings, of which one is of all.
    assert done.found == {"PERSON": 5}
    assert reader.letters < 1.4 * len(text)
