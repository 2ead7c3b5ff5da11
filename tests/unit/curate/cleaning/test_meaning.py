"""What asks the same in other words: the first stays, what stands always does; the whole and the last are compared."""

from __future__ import annotations

import numpy as np
import pytest

from evalgate.curate.cleaning.meaning import Heard, doubles, texts_of
from evalgate.curate.cleaning.quality import Reason

WAYS = {"soup": (1, 0, 0), "broth": (0.99, 0.14, 0), "cake": (0, 1, 0), "pie": (0, 0.98, 0.2), "rent": (0, 0, 1)}


def heard(identity, whole, last=None, **more):
    return Heard(id=identity, whole=whole, last=last or whole, **more)


def found(*all_of_them, at_least=0.95):
    texts = texts_of(all_of_them)
    return {
        one: (double.reason, double.of)
        for one, double in doubles(all_of_them, texts, [WAYS[text] for text in texts], at_least=at_least).items()
    }


def test_the_first_stays_and_what_is_like_it_does_not():
    assert found(heard("a", "soup"), heard("b", "rent"), heard("c", "broth"), heard("d", "pie")) == {
        "c": (Reason.NEAR_DUPLICATE, "a")
    }


def test_what_stands_stays_wherever_it_is_and_what_is_golden_is_called_so():
    all_of_them = [heard("new", "soup"), heard("other", "cake"), heard("gold", "broth", stands=True, golden=True)]
    all_of_them.append(heard("chosen", "soup", stands=True))
    assert found(*all_of_them) == {"new": (Reason.NEAR_DUPLICATE, "chosen")}
    assert found(*all_of_them[:3]) == {"new": (Reason.NEAR_GOLDEN, "gold")}


def test_a_conversation_that_went_on_asks_something_else():
    assert found(heard("one", "soup"), heard("two", "broth", last="rent")) == {}
    assert found(heard("one", "soup", last="cake"), heard("two", "broth", last="pie")) == {
        "two": (Reason.NEAR_DUPLICATE, "one")
    }


def test_what_is_left_out_is_nothing_that_others_are_like():
    chain = [heard("a", "soup"), heard("b", "broth"), heard("c", "broth")]
    assert found(*chain, at_least=0.98) == {"b": (Reason.NEAR_DUPLICATE, "a"), "c": (Reason.NEAR_DUPLICATE, "a")}
    assert doubles([], [], [], at_least=0.9) == {}


@pytest.mark.parametrize("count", [3, 255, 256, 257, 700])
def test_blocks_come_to_what_one_after_the_other_does(count):
    chance = np.random.default_rng(count)
    texts = [str(number) for number in range(count)]
    vectors = chance.normal(size=(count, 4))
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    kept, out = [], {}
    for number in range(count):
        near = [(float(rows[number] @ rows[other]), -place) for place, other in enumerate(kept)]
        if near and max(near)[0] >= 0.9:
            out[str(number)] = str(kept[-max(near)[1]])
        else:
            kept.append(number)
    ours = doubles([heard(text, text) for text in texts], texts, vectors.tolist(), at_least=0.9)
    assert {one: double.of for one, double in ours.items()} == out


def test_as_alike_as_is_asked_is_alike():
    heard = [Heard(id="a", whole="x", last="x", stands=True), Heard(id="b", whole="y", last="y")]
    vectors = [[1.0, 0.0], [0.5, 0.75**0.5]]
    cosine = float(np.float32(0.5))
    assert doubles(heard, ["x", "y"], vectors, at_least=cosine - 1e-6).keys() == {"b"}
    assert not doubles(heard, ["x", "y"], vectors, at_least=cosine + 1e-6)
    same = doubles(heard, ["x", "y"], [[2.0, 0.0], [4.0, 0.0]], at_least=1.0)
    assert same["b"].likeness == 1.0
