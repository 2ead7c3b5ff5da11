"""Splits: a share of all, the same for ever, and one for what belongs together."""

from __future__ import annotations

from evalgate.curate.candidates import Candidate
from evalgate.curate.sampling.splits import HOLDOUT, REGRESSION, split_of


def split(identity="span:1", *, holdout=0.2, own=None, **source):
    return split_of(Candidate(id=identity, input={}, source=source, split=own), holdout=holdout)


def test_a_share_of_all_is_held_out():
    for share in (0.1, 0.2, 0.5, 0.9):
        held = sum(split(f"span:{number}", holdout=share) == HOLDOUT for number in range(4_000))
        assert abs(held / 4_000 - share) < 0.03


def test_it_never_moves():
    """Datasets that were split with an earlier version hold these."""
    assert [split(f"span:{number}", holdout=0.5) for number in range(8)] == [
        HOLDOUT if letter == "h" else REGRESSION for letter in "rrrhrhrh"
    ]
    assert split("span:1", own="nightly") == "nightly"
    assert split("span:1", own="nightly", holdout=0) == "nightly"
    assert split("span:1", holdout=0) is None


def test_what_grows_takes_nothing_back():
    small = {n for n in range(500) if split(f"span:{n}", holdout=0.2) == HOLDOUT}
    assert small < {n for n in range(500) if split(f"span:{n}", holdout=0.4) == HOLDOUT}


def test_what_belongs_together_is_on_one_side():
    ids = [f"span:{number}" for number in range(40)]
    assert len({split(each, holdout=0.5, session="s", trace=each) for each in ids}) == 1
    assert len({split(each, holdout=0.5, trace="t") for each in ids}) == 1
    assert len({split(each, holdout=0.5, session="", trace=None) for each in ids}) == 2
    assert len({split(each, holdout=0.5, session=7, trace="t") for each in ids}) == 1
