"""Which new candidates ask in other words what another one asks, or what is golden already: by a model's vectors. Pure.

As with words, near is what is near as a whole and in what was asked last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.curate.cleaning.duplicates import Double
from evalgate.curate.cleaning.quality import Reason

_AT_ONCE: Final = 256
"""New candidates that are compared together: what that takes of memory goes by all that there are."""

Rows = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What was asked in an input: all of it, and last. `stands`: it stays whatever it is like."""

    id: str
    whole: str
    last: str
    stands: bool = False
    golden: bool = False


def texts_of(heard: Sequence[Heard]) -> list[str]:
    """Return the texts that need vectors, each once, in their order."""
    return list(dict.fromkeys(text for each in heard for text in (each.whole, each.last)))


def doubles(
    heard: Sequence[Heard], texts: Sequence[str], vectors: Sequence[Sequence[float]], *, at_least: float
) -> dict[str, Double]:
    """Return what those that do not stand are like, by their ids; of several that are alike the first one stays.

    `vectors` has one row for each of `texts`. Likeness is the cosine of two vectors.
    """
    if not heard:
        return {}
    rows = np.asarray(vectors, dtype=np.float32)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    place = {text: number for number, text in enumerate(texts)}
    whole, last = (
        rows[[place[text] for text in of]] for of in ([each.whole for each in heard], [each.last for each in heard])
    )
    order = sorted(range(len(heard)), key=lambda number: not heard[number].stands)
    kept = [number for number in order if heard[number].stands]
    found: dict[str, Double] = {}
    new = order[len(kept) :]
    for start in range(0, len(new), _AT_ONCE):
        some = new[start : start + _AT_ONCE]
        there = [*kept, *some]
        likeness = np.minimum(whole[some] @ whole[there].T, last[some] @ last[there].T)
        is_free = np.array([True] * len(kept) + [False] * len(some))
        for row, number in enumerate(some):
            open_to = np.where(is_free, likeness[row], -1.0)
            best = int(open_to.argmax()) if there else 0
            if open_to[best] >= at_least:
                of = heard[there[best]]
                reason = Reason.NEAR_GOLDEN if of.golden else Reason.NEAR_DUPLICATE
                found[heard[number].id] = Double(reason=reason, of=of.id, likeness=float(min(1.0, open_to[best])))
            else:
                is_free[len(kept) + row] = True
        kept += [number for number in some if heard[number].id not in found]
    return found
