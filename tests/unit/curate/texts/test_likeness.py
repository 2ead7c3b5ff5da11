"""MinHash: how alike texts are, which are near, and which belong together."""

from __future__ import annotations

import random

import pytest

from evalgate.curate.texts.likeness import Likenesses, groups, likeness, signature

WORDS = [f"{a}{b}{c}" for a in ("ka", "lo", "mi", "ne", "pru", "sta") for b in "aeiou" for c in ("rt", "ns", "l", "mp")]


def text(chance, words=40):
    return " ".join(chance.choices(WORDS, k=words))


def jaccard(one, other):
    runs = [{each[i : i + 5] for i in range(len(each) - 4)} for each in (one, other)]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


def test_the_likeness_is_the_share_of_common_runs():
    chance = random.Random(1)
    misses = []
    for changed in range(0, 40, 2):
        words = text(chance).split()
        other = [chance.choice(WORDS) if place < changed else word for place, word in enumerate(words)]
        one, other = " ".join(words), " ".join(other)
        misses.append(abs(likeness(one, other) - jaccard(one, other)))
    assert max(misses) < 0.15
    assert sum(misses) / len(misses) < 0.04


@pytest.mark.parametrize(("one", "other"), [("", ""), ("a", "A"), ("Is it?", "is  it"), ("日本語", "日本語")])
def test_the_same_said_is_wholly_alike(one, other):
    assert likeness(one, other) == 1.0


def test_short_texts_that_differ_are_not_alike():
    assert likeness("yes", "no") < 0.1
    assert likeness("", "a") < 0.1


def test_a_signature_is_the_same_everywhere_and_bounded_for_a_long_text():
    assert signature("Where is my order?")[:3].tolist() == [204684173, 41126502, 119429983]
    long = text(random.Random(2), 30_000)
    assert likeness(long, long + " and one word more") > 0.95


def test_nearly_all_that_is_near_is_found_and_nothing_else():
    chance = random.Random(3)
    index = Likenesses()
    texts = [text(chance) for _ in range(300)]
    for number, each in enumerate(texts):
        index.add(f"t{number}", each)
    found = 0
    for number, each in enumerate(texts):
        words = each.split()
        words[chance.randrange(40)] = "different"
        near = index.near(" ".join(words))
        found += near[:1] != [] and near[0][0] == f"t{number}"
        assert len(near) <= 1
    assert found == 300
    assert index.near("something else that was never said here before") == []
    assert len(index) == 300


def test_the_nearest_comes_first_and_then_what_came_first():
    index = Likenesses(at_least=0.5)
    one = "how do I cook a leek soup for four people on a weekday evening"
    index.add("far", one + " without a blender")
    index.add("same", one)
    index.add("same again", one.upper())
    assert [key for key, _ in index.near(one)] == ["same", "same again", "far"]


def test_groups_are_chains_under_the_first_that_came():
    chance = random.Random(4)
    words = [text(chance, 60).split() for _ in range(3)]
    chain = [" ".join([*(["other"] * n), *words[0][n:]]) for n in (0, 4, 8, 12, 16)]
    texts = [("x", " ".join(words[1])), *((f"c{n}", each) for n, each in enumerate(chain)), ("y", " ".join(words[2]))]
    found = groups(texts, at_least=0.75)
    assert likeness(chain[0], chain[4]) < 0.75
    assert found == {"x": "x", "y": "y", **{f"c{n}": "c0" for n in range(5)}}
    # The middle of a chain may come last.
    order = [texts[n] for n in (5, 1, 2, 4, 3)]
    assert set(groups(order, at_least=0.75).values()) == {"c4"}
    assert groups([(str(n), "the very same") for n in range(2000)]) == {str(n): "0" for n in range(2000)}
