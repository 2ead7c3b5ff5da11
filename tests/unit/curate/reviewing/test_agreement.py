"""Reviewers of the same candidates: the figures, and where they differ."""

import math

import pytest

from evalgate.curate.reviewing.agreement import agreement
from tests.unit.curate.reviewing.making import candidate, review


def test_two_reviewers_and_where_they_differ():
    ones = [candidate(f"span:{n}") for n in range(10)]
    ann = {0, 1, 2, 3, 4}
    bob = {0, 1, 2, 3, 5}
    reviews = {
        each.id: [
            review(each, "accepted" if n in ann else "rejected"),
            review(each, "accepted" if n in bob else "rejected", who="bob"),
        ]
        for n, each in enumerate(ones)
    }
    reviews["span:4"].append(review(ones[4], who="cem", settles=True))
    found = agreement(ones, reviews)
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.both, pair.alike) == ("ann", "bob", 10, 0.8)
    assert pair.kappa == pytest.approx(0.6)
    assert pair.low < 0.6 < pair.high
    assert found.alpha == pytest.approx(1 - 19 * 4 / (2 * 10 * 10))
    assert found.reviewers == {"ann": 10, "bob": 10}
    assert [each.candidate.id for each in found.disagreements] == ["span:5"]
    assert not found.disagreements[0].answers


def test_different_answers_are_said_to_be_that():
    one = candidate()
    found = agreement([one], {one.id: [review(one, answer="a"), review(one, who="bob", answer="b")]})
    assert found.disagreements[0].answers
    assert found.pairs[0].alike == 1
    assert math.isnan(found.pairs[0].kappa)


def test_one_reviewer_agrees_with_nobody():
    one = candidate()
    found = agreement([one, candidate("span:2")], {one.id: [review(one), review(one, who="rule", by="rule")]})
    assert (found.several, found.pairs, found.disagreements) == (0, (), ())
    assert math.isnan(found.alpha)
