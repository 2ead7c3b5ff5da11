"""Which of many are chosen: first what the golden dataset lacks, then by shares of production; seeded. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Available:
    """One that may be chosen: `group` is what it is one of, `first` how early it is due in it, the highest first."""

    id: str
    group: str
    first: float = 0.0


def drawn_at(seed: int, identity: str) -> bytes:
    """Return where one stands in the order of a seed: the same whoever stands beside it."""
    return hashlib.blake2b(f"{seed}:{identity}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def choose(
    available: Iterable[Available],
    *,
    size: int,
    had: Mapping[str, int],
    share: Mapping[str, float],
    least: int,
    seed: int,
) -> list[Available]:
    """Return at most `size` of what is there, in the order in which they were chosen.

    `had` is what the dataset has of each group, and `share` each group's share of production. While a group has fewer
    than `least`, the one that has the fewest comes next, the more common one first. After that it is the group that
    has the least of what its share of them all would be. Within a group `first` settles it, then a draw.
    """
    waiting: defaultdict[str, list[Available]] = defaultdict(list)
    for each in available:
        waiting[each.group].append(each)
    for each_group in waiting.values():
        each_group.sort(key=lambda each: (-each.first, drawn_at(seed, each.id)), reverse=True)
    now = Counter(had)
    total = sum(now.values())
    chosen: list[Available] = []
    while waiting and len(chosen) < size:
        lacking = [group for group in waiting if now[group] < least]
        if lacking:
            group = min(lacking, key=lambda name: (now[name], -share.get(name, 0.0), name))
        else:
            group = min(waiting, key=lambda name: (now[name] - share.get(name, 0.0) * (total + 1), name))
        chosen.append(waiting[group].pop())
        now[group] += 1
        total += 1
        if not waiting[group]:
            del waiting[group]
    return chosen
