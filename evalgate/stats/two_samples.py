"""Whether one sample asks what another does not: permutation tests on how alike their members are.

All p-values are exact where the members of both samples are exchangeable, whatever likeness says: each is the share of
the labelings, drawn at random, that show as much or more, the one that was seen among them (Phipson and Smyth 2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.stats.chance import Chance

DRAWS: Final = 999
_TIE: Final = 1e-9
"""Sums that differ by less are the same: they were added up in another order."""
_AT_ONCE: Final = 32
_NEIGHBOURS: Final = 48
_MISSED: Final = 0.1
"""Of members, that may be far from all others anyway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Apartness:
    """How far a new sample is from a known one.

    `reached` is the share of new members to which some known one is near enough; `usual` what that would be were both
    one population. `p_reached` is how often new members would lie as far off, those counting for less that are reached
    in part. `energy` is the energy distance (Székely and
    Rizzo 2013), which sees any difference, shares of topics too, and `p_energy` how often it would be as much.
    `p_groups` says of each group how often some group would be as much more common in the new sample: of all of them
    together, so that one in many is no luck.
    """

    reached: float
    usual: float
    p_reached: float
    energy: float
    p_energy: float
    p_groups: NDArray[np.float64]


def apartness(
    likeness: NDArray[np.float64], known: NDArray[np.bool_], groups: NDArray[np.intp], *, seed: int, draws: int = DRAWS
) -> Apartness:
    """Compare members by their (n, n) likeness, at most 1; `known` says which sample each is of, `groups` its group.

    Near enough is what nine members in ten would find among as many as are known, drawn from all: beyond that nothing
    counts, so that a known sample of other shares than the new one is no matter as long as it has some of everything.
    Each sample needs two members. Groups have to be made without looking at `known`, and one member says nothing of
    another: several turns of a conversation are one.
    """
    distances = np.sqrt(np.maximum(2 - 2 * likeness, 0.0))
    np.fill_diagonal(distances, 0.0)
    members = np.zeros((len(groups), int(groups.max()) + 1))
    members[np.arange(len(groups)), groups] = 1.0
    count = int(known.sum())
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :_NEIGHBOURS]
    labels = np.vstack([known[None, :], known[Chance(seed, "labelings").orders(draws, len(known))]])
    enough = _enough(likeness, count)
    found = [
        _reach(likeness, order, labels[start : start + _AT_ONCE], enough) for start in range(0, draws + 1, _AT_ONCE)
    ]
    near, reached = (np.concatenate(each) for each in zip(*found, strict=True))
    weights = labels.astype(np.float64)
    energy, excess = _energies(distances, weights, count), _excess(members, weights, count)
    most, seen = excess.max(axis=1), excess[0]
    return Apartness(
        reached=float(reached[0]),
        usual=float(reached[1:].mean()),
        p_reached=float((near <= near[0] + _TIE).mean()),
        energy=float(energy[0]),
        p_energy=float((energy >= energy[0] - _TIE).mean()),
        p_groups=(most[:, None] >= seen - _TIE).mean(axis=0),
    )


def _enough(likeness: NDArray[np.float64], count: int) -> float:
    """Return the likeness that nine in ten have to the nearest of `count` drawn from all: no label plays a part."""
    others = likeness.copy()
    np.fill_diagonal(others, -np.inf)
    place = min(len(others) - 2, max(0, round(len(others) / count) - 1))
    return float(np.quantile(-np.partition(-others, place, axis=1)[:, place], _MISSED))


def _reach(
    likeness: NDArray[np.float64], order: NDArray[np.intp], labels: NDArray[np.bool_], enough: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each labeling how alike the new are to the nearest known, up to `enough`, and how many reach that.

    Both are averages; `order` has each one's neighbours.
    """
    there = labels[:, order]
    first = there.argmax(axis=2)
    rows = np.arange(len(order))
    found = likeness[rows, order[rows, first]]
    # Where none of the neighbours is known, all others are looked through.
    which, row = np.nonzero(~there.any(axis=2) & ~labels)
    found[which, row] = np.where(labels[which], likeness[row], -np.inf).max(axis=1)
    new = ~labels
    sizes = new.sum(axis=1)
    return (np.minimum(found, enough) * new).sum(axis=1) / sizes, ((found >= enough - _TIE) & new).sum(axis=1) / sizes


def _energies(distances: NDArray[np.float64], known: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    new = 1 - known
    to_known = known @ distances
    to_new = distances.sum(axis=0) - to_known
    rest = known.shape[1] - count
    between = (to_known * new).sum(axis=1) / (count * rest)
    within = (to_known * known).sum(axis=1) / count**2 + (to_new * new).sum(axis=1) / rest**2
    energies: NDArray[np.float64] = 2 * between - within
    return energies


def _excess(members: NDArray[np.float64], known: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return (labelings, groups) by how many standard errors each group is more common among the new."""
    total, rest = len(members), len(members) - count
    sizes = members.sum(axis=0)
    pooled = sizes / total
    errors = np.sqrt(pooled * (1 - pooled) * (1 / count + 1 / rest))
    there = known @ members
    found: NDArray[np.float64] = ((sizes - there) / rest - there / count) / np.where(errors > 0, errors, np.inf)
    return found
