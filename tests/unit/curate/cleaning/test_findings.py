"""Stand-ins, pseudonyms, and findings that overlap."""

from __future__ import annotations

from evalgate.curate.cleaning.findings import STAND_IN, Finding, Kind, Pseudonyms, apart, replaced

KEY = Pseudonyms(b"k" * 32)


def finding(start, end, kind=Kind.PERSON, who="anna"):
    return Finding(start=start, end=end, kind=kind, who=who)


def test_the_same_has_the_same_name_under_one_key_and_another_under_another():
    one = KEY.name(finding(0, 4))
    assert one == KEY.name(finding(7, 11))
    assert one != KEY.name(finding(0, 4, who="bob"))
    assert one != Pseudonyms(b"l" * 32).name(finding(0, 4))
    assert KEY.name(finding(0, 4, Kind.EMAIL))[7:] != one[8:]
    assert STAND_IN.fullmatch(one)
    assert KEY.name(finding(0, 4, Kind.SECRET)) == "<SECRET>"
    assert len({KEY.name(finding(0, 1, who=str(number))) for number in range(5000)}) == 5000


def test_a_key_is_told_from_another_by_four_letters():
    assert len(KEY.check) == 4
    assert KEY.check != Pseudonyms(b"l" * 32).check


def test_the_more_certain_of_two_that_overlap_counts_and_then_the_longer():
    text = "write to anna schmidt@example.com now"
    found = [finding(9, 21), finding(14, 33, Kind.EMAIL), finding(9, 13)]
    assert [(each.start, each.end) for each in apart(text, found)] == [(9, 13), (14, 33)]
    assert replaced(text, [finding(9, 13)], KEY) == f"write to {KEY.name(finding(0, 1))} schmidt@example.com now"


def test_what_stands_in_for_something_is_left_alone():
    text = f"{KEY.name(finding(0, 1))} and Anna"
    at = text.index("Anna")
    assert apart(text, [finding(2, 9), finding(at, at + 4)]) == [finding(at, at + 4)]


def test_what_ends_where_another_begins_is_both():
    text = "ann@x.de+49 30 123"
    found = [Finding(start=0, end=8, kind=Kind.EMAIL), Finding(start=8, end=18, kind=Kind.PHONE)]
    assert apart(text, found) == found


def test_of_two_of_one_kind_the_longer_counts():
    short, long = Finding(start=0, end=4, kind=Kind.PERSON), Finding(start=2, end=12, kind=Kind.PERSON)
    assert apart("x" * 20, [short, long]) == [long]
    first, second = Finding(start=0, end=4, kind=Kind.PERSON), Finding(start=2, end=6, kind=Kind.PERSON)
    assert apart("x" * 20, [second, first]) == [first]
