"""Which examples flip together: single ones, whole clusters, or what several clusterings connect."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Member = TypeVar("Member", bound=Hashable)


def connected(groups: Iterable[Iterable[Member]]) -> Mapping[Member, Member]:
    """Return each member's representative: two have the same one exactly if groups connect them.

    The representative is the first member met; what is connected does not depend on the order of the groups.
    """
    parents: dict[Member, Member] = {}

    def root(member: Member) -> Member:
        while parents[member] != member:
            parents[member] = parents[parents[member]]
            member = parents[member]
        return member

    for group in groups:
        first: Member | None = None
        for member in group:
            parents.setdefault(member, member)
            if first is None:
                first = member
            else:
                parents[root(member)] = root(first)
    return {member: root(member) for member in parents}
