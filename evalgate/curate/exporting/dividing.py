"""Which examples are for training and which are held out: near duplicates are never on both sides. Pure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.curate.conversations import Conversations
from evalgate.curate.sampling.splits import HOLDOUT
from evalgate.curate.texts.likeness import NEAR, groups
from evalgate.curate.texts.wording import asked
from evalgate.records import Example


@dataclass(frozen=True, kw_only=True, slots=True)
class Divided:
    """Ids of examples, in their order. `near` are not exported: what is kept back says nearly the same.

    `groups` is how many there are of the exported ones, by which they were divided.
    """

    train: tuple[str, ...]
    holdout: tuple[str, ...]
    near: tuple[str, ...]
    groups: int


def divided(
    own: Sequence[Example],
    kept: Iterable[Example],
    *,
    share: float,
    seed: int,
    at_least: float = NEAR,
    pseudonyms: Pseudonyms | None = None,
) -> Divided:
    """Divide examples by groups of near duplicates, and of one trace or session: no group is on both sides.

    `share` of the examples, 0 to 1, is held out, to the next whole group, by an order that is the same for a seed; a
    group with an example of the split `holdout` is held out beside that. Groups that one of `kept` is in are left.
    `pseudonyms` are those of the key at hand, under which sessions may have been replaced.
    """
    kept = [*kept]
    group = _groups([*own, *kept], at_least, pseudonyms)
    taken = {group[each.id] for each in kept}
    near = tuple(each.id for each in own if group[each.id] in taken)
    members: defaultdict[str, list[Example]] = defaultdict(list)
    for each in own:
        if group[each.id] not in taken:
            members[group[each.id]].append(each)
    held = {name for name, those in members.items() if any(each.split == HOLDOUT for each in those)}
    wanted = share * (len(own) - len(near))
    count = sum(len(members[name]) for name in held)
    for name in sorted(members.keys() - held, key=lambda name: _order(seed, name)):
        if count + len(members[name]) / 2 > wanted:
            continue
        held.add(name)
        count += len(members[name])
    left = [each for each in own if group[each.id] not in taken]
    return Divided(
        train=tuple(each.id for each in left if group[each.id] not in held),
        holdout=tuple(each.id for each in left if group[each.id] in held),
        near=near,
        groups=len(members),
    )


def _groups(examples: Sequence[Example], at_least: float, pseudonyms: Pseudonyms | None) -> Mapping[str, str]:
    """Return the group of each example: of those that ask nearly the same, or are of one trace or session, by chains.

    Turns of one conversation have one another's words.
    """
    alike = groups(((each.id, asked(each.input)) for each in examples), at_least=at_least)
    conversations = Conversations(pseudonyms)
    for each in examples:
        conversations.add_example(each, like=alike[each.id])
    return {each.id: conversations.of(alike[each.id]) for each in examples}


def _order(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}\n{name}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
