"""Seeded chance that is the same on every machine and with every release of numpy: its raw words alone are promised."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_BITS = 53
"""Of a float between 0 and 1."""


class Chance:
    """A stream of draws of its own for each seed and name."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.blake2b(f"{seed}:{name}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
        self._words = np.random.Philox(key=np.frombuffer(digest, dtype="<u8").astype(np.uint64))

    def uniform(self, *shape: int) -> NDArray[np.float64]:
        """Return numbers in [0, 1)."""
        raw: NDArray[np.uint64] = self._words.random_raw(int(np.prod(shape)))
        drawn: NDArray[np.float64] = (raw >> np.uint64(64 - _BITS)).astype(np.float64) * 2.0**-_BITS
        return drawn.reshape(shape)

    def signs(self, *shape: int) -> NDArray[np.float64]:
        """Return 1 and -1, each half of the time."""
        return np.where(self.uniform(*shape) < 0.5, -1.0, 1.0)

    def pick(self, weights: NDArray[np.float64]) -> int:
        """Return an index, drawn by weights that are not all 0."""
        reached = np.cumsum(weights)
        drawn = float(self.uniform(1)[0]) * float(reached[-1])
        return min(int(np.searchsorted(reached, drawn, side="right")), len(weights) - 1)

    def orders(self, draws: int, count: int) -> NDArray[np.intp]:
        """Return (draws, count) orders of 0 … count − 1, each of them equally likely."""
        return np.argsort(self.uniform(draws, count), axis=1, kind="stable")
