"""Groups of vectors that lie together: k-means from a seed, with as many groups as set them apart best."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.chance import Chance

_FITTED: Final = 2_000
"""Vectors that groups are found on; all others go to the nearest centre."""
_JUDGED: Final = 600
"""Vectors on which numbers of groups are compared."""
_STARTS: Final = 4
_ROUNDS: Final = 50
_AT_ONCE: Final = 4_096
_STEP: Final = 1.3
"""From one number of groups that is tried to the next."""

Vectors = NDArray[np.float64]
Labels = NDArray[np.intp]


def partition(vectors: Vectors, *, most: int, seed: int, count: int | None = None) -> Labels:
    """Return the group of each of (n, d) vectors, 0 the largest, none of them empty.

    There are `count` groups, or between 2 and `most` of them, as many as lie apart best by their silhouette (Rousseeuw
    1987); one where there are not four vectors that differ. Fewer where vectors are the same.
    """
    different = np.unique(vectors, axis=0) if len(vectors) else vectors
    if len(different) < 4 or most < 2 or count == 1:
        return np.zeros(len(vectors), dtype=np.intp)
    some = _some(vectors, _FITTED, seed)
    if count is None:
        judged = _some(some, _JUDGED, seed + 1)
        distances = _distances(judged, judged)
        tried = [_centres(some, number, seed) for number in _numbers(min(most, len(different) - 1))]
        scores = [_silhouette(distances, _nearest(judged, centres)) for centres in tried]
        centres = tried[int(np.argmax(scores))]
    else:
        centres = _centres(some, min(count, len(different)), seed)
    return _by_size(_nearest(vectors, centres))


def _numbers(most: int) -> list[int]:
    numbers, number = [], 2.0
    while round(number) < most:
        numbers.append(round(number))
        number = max(number + 1, number * _STEP)
    return [*numbers, most] if most >= 2 else [2]


def _some(vectors: Vectors, most: int, seed: int) -> Vectors:
    if len(vectors) <= most:
        return vectors
    return vectors[np.sort(Chance(seed, "some").orders(1, len(vectors))[0, :most])]


def _centres(vectors: Vectors, count: int, seed: int) -> Vectors:
    """Return the centres of the best of a few starts (k-means++, then Lloyd's rounds)."""
    best, least = vectors[:count], np.inf
    for start in range(_STARTS):
        centres = _first(vectors, count, Chance(seed, f"start {count} {start}"))
        labels = _nearest(vectors, centres)
        for _ in range(_ROUNDS):
            members = np.zeros((len(centres), len(vectors)))
            members[labels, np.arange(len(vectors))] = 1.0
            sizes = members.sum(axis=1)
            centres = np.where(sizes[:, None] > 0, members @ vectors / np.maximum(sizes, 1)[:, None], centres)
            before, labels = labels, _nearest(vectors, centres)
            if np.array_equal(before, labels):
                break
        spread = float(((vectors - centres[labels]) ** 2).sum())
        if spread < least:
            best, least = centres, spread
    return best


def _first(vectors: Vectors, count: int, chance: Chance) -> Vectors:
    chosen = [chance.pick(np.ones(len(vectors)))]
    left = ((vectors - vectors[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count and left.max() > 0:
        chosen.append(chance.pick(left))
        left = np.minimum(left, ((vectors - vectors[chosen[-1]]) ** 2).sum(axis=1))
    return vectors[chosen]


def _nearest(vectors: Vectors, centres: Vectors) -> Labels:
    weights = (centres**2).sum(axis=1)
    parts = [vectors[start : start + _AT_ONCE] for start in range(0, len(vectors), _AT_ONCE)]
    return np.concatenate([np.argmin(weights - 2 * (part @ centres.T), axis=1) for part in parts])


def _distances(one: Vectors, other: Vectors) -> NDArray[np.float64]:
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * (one @ other.T)
    found: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0.0))
    return found


def _silhouette(distances: NDArray[np.float64], labels: Labels) -> float:
    """Return how much nearer vectors are to their own group than to the next one, on average, -1 to 1."""
    kinds, own = np.unique(labels, return_inverse=True)
    if len(kinds) < 2:
        return -1.0
    members = np.eye(len(kinds))[own]
    sizes = members.sum(axis=0)
    means = distances @ members
    rows = np.arange(len(labels))
    within = means[rows, own] / np.maximum(sizes[own] - 1, 1)
    means /= sizes
    means[rows, own] = np.inf
    beside = means.min(axis=1)
    scores = np.where(sizes[own] > 1, (beside - within) / np.maximum(np.maximum(within, beside), 1e-12), 0.0)
    return float(scores.mean())


def _by_size(labels: Labels) -> Labels:
    kinds, first, own, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    rank = np.empty(len(kinds), dtype=np.intp)
    rank[order] = np.arange(len(kinds))
    return rank[own]
