"""Sign bits: for ever the same, keyed by unit, and in any stretch."""

from __future__ import annotations

import numpy as np

from evalgate.stats import signs
from evalgate.stats.signs import AllPatterns, DrawnPatterns

GOLDEN = "11111011011110101001111101001110100010000000111000011011010110100"


def whole(patterns, units):
    return np.concatenate([bits for _, bits in patterns.blocks(np.array(units, dtype=np.intp))], axis=1)


def test_the_bits_of_a_unit_are_these_for_ever():
    """Written down once: a decision of today is repeated years from now, on any machine."""
    bits = whole(DrawnPatterns(names=["support-golden\x00e1"], seed=20240613, drawn=64), [0])[0]
    assert "".join(map(str, bits.tolist())) == GOLDEN


def test_the_first_pattern_flips_nothing():
    assert whole(DrawnPatterns(names=["a", "b"], seed=1, drawn=300), [0, 1])[:, 0].tolist() == [1, 1]
    assert whole(AllPatterns.of(3), [0, 1, 2])[:, 0].tolist() == [1, 1, 1]


def test_all_patterns_are_all_different():
    bits = whole(AllPatterns.of(5), range(5))
    assert len({tuple(column) for column in bits.T.tolist()}) == 32


def test_block_sizes_do_not_show(monkeypatch):
    names = [f"u{index}" for index in range(7)]
    at_once = whole(DrawnPatterns(names=names, seed=3, drawn=1000), range(7))
    monkeypatch.setattr(signs, "_WORDS_IN_DRAW", 56)
    monkeypatch.setattr(signs, "_CELLS_IN_BLOCK", 1792)
    assert at_once.shape == (7, 1001)
    assert (whole(DrawnPatterns(names=names, seed=3, drawn=1000), range(7)) == at_once).all()


def test_a_unit_keeps_its_bits_among_other_units():
    alone = whole(DrawnPatterns(names=["b"], seed=3, drawn=500), [0])
    among = whole(DrawnPatterns(names=["a", "b", "c"], seed=3, drawn=500), [2, 1])
    assert (among[1] == alone[0]).all()
    assert (among[0] != alone[0]).any()


def test_bits_are_fair_and_units_unrelated():
    bits = whole(DrawnPatterns(names=[str(index) for index in range(40)], seed=9, drawn=9_999), range(40)).astype(float)
    assert abs(bits.mean() - 0.5) < 0.005
    related = np.corrcoef(bits) - np.eye(40)
    assert np.abs(related).max() < 0.06
