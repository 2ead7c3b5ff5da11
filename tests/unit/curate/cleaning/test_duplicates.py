"""Which inputs are doubles, at the threshold to the place: signatures agree in so many of their 125 places."""

from __future__ import annotations

import numpy as np
import pytest

from evalgate.curate.cleaning.duplicates import Inputs, Said
from evalgate.curate.cleaning.quality import Reason

PLACES = 125


def like(own, shared):
    """A signature that agrees with another one in its first so many places and in no other."""
    made = own.copy()
    made[shared:] += 1
    return made


@pytest.fixture
def own():
    return np.arange(PLACES, dtype=np.uint32) * 7


@pytest.mark.parametrize("shared", [75, 94, 100, 124])
def test_what_is_as_near_as_was_asked_for_is_near_and_one_place_less_is_not(own, shared):
    for part in ("whole", "last"):
        there = {"whole": own, "last": own}
        other = {**there, part: like(own, shared)}
        for at_least, is_near in ((shared / PLACES, True), (np.nextafter(shared / PLACES, 1), False)):
            inputs = Inputs(at_least=at_least)
            inputs.add("first", Said(key=b"1", **there), golden=True)
            found = inputs.double("second", Said(key=b"2", **other))
            assert (found is not None) is is_near, (part, at_least)
            if found is not None:
                assert (found.reason, found.of) == (Reason.NEAR_GOLDEN, "first")
                # How near it is said to be is of the whole.
                assert found.likeness == (shared / PLACES if part == "whole" else 1.0)
        inputs = Inputs(at_least=(shared + 1) / PLACES)
        inputs.add("first", Said(key=b"1", **there))
        assert inputs.double("second", Said(key=b"2", **other)) is None


def test_wholly_the_same_is_the_least_that_can_be_asked_for_at_one(own):
    inputs = Inputs(at_least=1.0)
    inputs.add("first", Said(key=b"1", whole=own, last=own))
    assert inputs.double("second", Said(key=b"2", whole=own, last=like(own, PLACES - 1))) is None
    assert inputs.double("third", Said(key=b"3", whole=own, last=own)).of == "first"


def test_near_is_nothing_where_only_the_same_is_looked_for():
    inputs = Inputs(at_least=None)
    inputs.add("first", Said(key=b"1"))
    assert inputs.double("second", Said(key=b"2")) is None
    assert inputs.double("third", Said(key=b"1")).reason is Reason.DUPLICATE
