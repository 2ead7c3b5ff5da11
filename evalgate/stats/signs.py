"""Sign patterns for the joint test: the same bits for a unit on every machine, for ever, in any order of units.

numpy promises the raw words of its bit generators for ever, not what `Generator` makes of them, so the bits of a unit
are the raw words of a Philox stream whose key is the seed and the unit's name. Philox counts, so any stretch of a
stream is made without what comes before it: memory does not grow with the number of patterns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_PER_COUNTER = 256
"""Bits that one step of a Philox counter gives: four words of 64."""
_WORDS_IN_DRAW = 2**21
"""Units × words drawn at a time: 16 MB. Re-keying costs more than drawing, so a draw is long."""
_CELLS_IN_BLOCK = 2**20
"""Units × patterns expanded at a time: one byte each, small enough to stay in a cache as floats."""


class Patterns(Protocol):
    """Sign patterns over the changed units of a build, as bits: 1 keeps the sign of a unit's difference, 0 flips it."""

    @property
    def count(self) -> int:
        """How many patterns there are, the identity among them."""

    @property
    def complete(self) -> bool:
        """Whether these are all patterns that exist."""

    def blocks(self, units: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield (index of the first pattern, bits of shape (units, patterns)) over all patterns, in order.

        `units` are indices into the units of the build. Pattern 0 is the identity.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class AllPatterns:
    """Every pattern of a few units: 2 to the power of their number."""

    units: int
    count: int
    complete: bool = True

    @classmethod
    def of(cls, units: int) -> AllPatterns:
        """Return all patterns of `units` units."""
        return cls(units=units, count=2**units)

    def blocks(self, units: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield everything as one block."""
        numbers = np.arange(self.count, dtype=np.int64)
        yield 0, (1 - (numbers[None, :] >> units[:, None].astype(np.int64)) & 1).astype(np.uint8)


class DrawnPatterns:
    """The identity and `drawn` patterns from streams keyed by seed and unit name."""

    def __init__(self, *, names: Sequence[str], seed: int, drawn: int) -> None:
        self.count = drawn + 1
        self.complete = False
        self._keys = np.array([_key(seed, name) for name in names], dtype=np.uint64).reshape(len(names), 2)

    def blocks(self, units: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the identity, then blocks of drawn patterns. The bits of a unit do not depend on the other units."""
        yield 0, np.ones((len(units), 1), dtype=np.uint8)
        drawn, keys = self.count - 1, self._keys[units]
        draw = _whole_counters(_WORDS_IN_DRAW * 64 // max(1, len(units)))
        block = _whole_counters(_CELLS_IN_BLOCK // max(1, len(units)))
        for start in range(0, drawn, draw):
            stop = min(start + draw, drawn)
            packed = _words(keys, start // _PER_COUNTER, -(-(stop - start) // 64)).view(np.uint8)
            for first in range(start, stop, block):
                wanted = min(block, stop - first)
                offset = (first - start) // 8
                part = packed[:, offset : offset - (-wanted // 8)]
                yield first + 1, np.unpackbits(part, axis=1, count=wanted, bitorder="little")


def raw_words(names: Sequence[str], *, seed: int, counter: int, words: int) -> NDArray[np.uint64]:
    """Return (names, words) raw words of each name's stream, from `counter` on; a counter holds four of them."""
    keys = np.array([_key(seed, name) for name in names], dtype=np.uint64).reshape(len(names), 2)
    return _words(keys, counter, words)


def _whole_counters(patterns: int) -> int:
    """Return `patterns` rounded down to whole steps of a counter, at least one."""
    return max(_PER_COUNTER, patterns // _PER_COUNTER * _PER_COUNTER)


def _key(seed: int, name: str) -> tuple[int, int]:
    """Return the 128-bit Philox key of a unit."""
    digest = hashlib.blake2b(
        name.encode("utf-8", "surrogatepass"), digest_size=16, key=seed.to_bytes(8, "little")
    ).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def _words(keys: NDArray[np.uint64], counter: int, words: int) -> NDArray[np.uint64]:
    """Return (keys, words) raw little-endian words of each key's stream, from `counter` on.

    One generator is re-keyed through its state: building one for each unit costs twice the time of the draw.
    """
    out = np.empty((len(keys), words), dtype="<u8")
    generator = np.random.Philox(key=0)
    state = generator.state
    for index, key in enumerate(keys):
        state["state"]["key"][:] = key
        state["state"]["counter"][:] = (counter, 0, 0, 0)
        state["buffer_pos"] = 4
        generator.state = state
        out[index] = generator.random_raw(words)
    return out
