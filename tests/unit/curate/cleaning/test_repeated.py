"""Whole names that were found once, wherever they stand again and however they are written."""

from __future__ import annotations

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from evalgate.curate.cleaning.people import by_first_word, repeated

PARTS = (
    "anna",
    "Anna",
    "GROSS",
    "groß",
    "gross",
    "o'brien",
    "O'Brien",
    "van",
    "ﬁ",
    "fi",
    "é",
    "É",
    "ς",
    "Σ",
    "1",
    "王",
)
ENDS = (" ", " ", " ", "  ", "\n", "\t", "\u00a0", "", ",", "-", "'")


def by_expressions(text, names):
    """Return where an expression of each name finds it: slow, as one has to be compiled for each."""
    found = []
    for letters in regex.finditer(r"\p{L}+", text):
        for name in names.get(letters[0].casefold(), ()):
            pattern = r"\s+".join(map(regex.escape, name.split())) + r"(?![\p{L}\p{N}])"
            whole = regex.compile(pattern, regex.IGNORECASE | regex.FULLCASE).match(text, letters.start())
            if whole is not None:
                found.append((*whole.span(), name))
                break
    return found


words = st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(ENDS)), max_size=30)


@given(words.map(lambda some: "".join(map("".join, some))), st.lists(st.lists(st.sampled_from(PARTS), min_size=2)))
@settings(max_examples=300, deadline=None)
def test_they_are_where_an_expression_of_each_finds_them(text, names):
    known = by_first_word({" ".join(some[:3]).casefold() for some in names})
    known.pop("", None)
    assert [(each.start, each.end, each.who) for each in repeated(text, known)] == by_expressions(text, known)


def test_a_turkish_name_is_the_same_in_capitals():
    known = by_first_word(["İpek Kaya".casefold(), "ışık demir"])
    text = "İPEK KAYA, İpek  Kaya; ipek kaya and IŞIK DEMİR"
    found = list(repeated(text, known))
    assert [text[each.start : each.end] for each in found] == ["İPEK KAYA", "İpek  Kaya", "ipek kaya", "IŞIK DEMİR"]
    assert [each.who for each in found] == ["i̇pek kaya"] * 3 + ["ışık demir"]
