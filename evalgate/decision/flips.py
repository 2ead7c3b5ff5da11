"""The examples that changed, as columns: a record is made when one is read, as most of a large build's never are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.results import Flip


@dataclass(frozen=True, kw_only=True, slots=True, eq=False, repr=False)
class Flips(Sequence[Flip]):
    """A sequence of `Flip`, equal to any other that holds the same. A score is NaN where a side has none."""

    example_ids: tuple[str, ...]
    """Those of the whole suite."""
    indexes: NDArray[np.intp]
    """Which of them changed, in the order of this sequence."""
    baselines: NDArray[np.float64]
    candidates: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.indexes)

    @overload
    def __getitem__(self, at: int) -> Flip: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Flip, ...]: ...
    def __getitem__(self, at: int | slice) -> Flip | tuple[Flip, ...]:
        if isinstance(at, slice):
            return tuple(self._records(at))
        place = range(len(self))[at]
        return next(self._records(slice(place, place + 1)))

    def __iter__(self) -> Iterator[Flip]:
        return self._records(slice(None))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def _records(self, part: slice) -> Iterator[Flip]:
        columns = (self.indexes[part].tolist(), self.baselines[part].tolist(), self.candidates[part].tolist())
        for index, baseline, candidate in zip(*columns, strict=True):
            yield Flip(example_id=self.example_ids[index], baseline=_score(baseline), candidate=_score(candidate))


def _score(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN alone differs from itself
