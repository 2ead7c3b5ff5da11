"""Columns of changed examples read like the tuple of records that they stand for."""

import pickle

import numpy as np
import pytest

from evalgate.decision.flips import Flips
from evalgate.decision.results import Flip

NAN = float("nan")
FLIPS = Flips(
    example_ids=("a", "b", "c", "d"),
    indexes=np.array([2, 0, 3]),
    baselines=np.array([1.0, 4.0, NAN]),
    candidates=np.array([0.0, NAN, 2.5]),
)
RECORDS = (
    Flip(example_id="c", baseline=1.0, candidate=0.0),
    Flip(example_id="a", baseline=4.0, candidate=None),
    Flip(example_id="d", baseline=None, candidate=2.5),
)


def test_they_are_the_records_in_order():
    assert tuple(FLIPS) == RECORDS
    assert len(FLIPS) == 3
    assert [FLIPS[at] for at in (0, 2, -1, -3)] == [RECORDS[at] for at in (0, 2, -1, -3)]
    assert FLIPS[1:] == RECORDS[1:]
    assert FLIPS[::-1] == RECORDS[::-1]
    assert tuple(reversed(FLIPS)) == RECORDS[::-1]
    assert RECORDS[1] in FLIPS
    assert Flip(example_id="b", baseline=1.0, candidate=0.0) not in FLIPS


@pytest.mark.parametrize("at", [3, -4])
def test_there_is_nothing_beyond_the_ends(at):
    with pytest.raises(IndexError):
        FLIPS[at]


def test_they_equal_what_holds_the_same():
    """A decision is compared with one from another process, and with one written by hand."""
    assert FLIPS == RECORDS
    assert RECORDS == FLIPS
    assert hash(FLIPS) == hash(RECORDS)
    assert pickle.loads(pickle.dumps(FLIPS)) == FLIPS
    assert RECORDS[:2] != FLIPS
    assert FLIPS != 3
    assert repr(FLIPS) == repr(RECORDS)


def test_scores_are_plain_floats():
    """numpy's own floats would not go into JSON."""
    assert {type(flip.baseline) for flip in FLIPS} == {float, type(None)}
