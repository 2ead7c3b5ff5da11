"""What cleaning finds of what is planted: docs/curation.md says it; EVALGATE_WRITE_GOLDEN=1 writes the table anew."""

from __future__ import annotations

import os

import pytest

from tests.bench.cleaning_rates import KINDS, PAGE, copies, hard_ones, own, page, personal


@pytest.fixture(scope="module")
def rates():
    found = [*personal(own()), hard_ones(own()), *copies()]
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    return found


def test_the_page_says_what_is_found(rates):
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text, rates)


def test_what_is_planted_is_found_and_little_else(rates):
    by_what = {each.what: each for each in rates}
    for kind, what in KINDS.items():
        assert by_what[what].planted >= 20, what
        assert by_what[what].recall >= (0.9 if kind == "PERSON" else 0.98), what
        assert by_what[what].precision >= 0.97, what
    assert by_what["copies of questions"].recall >= 0.97
    assert by_what["copies of questions"].precision >= 0.97
