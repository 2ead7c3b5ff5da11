"""`curate sample`: candidates are chosen for review, and it is said why these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.curate.candidates import Candidate, State, Step, read_candidates, write_candidates
from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.curate.holding import held
from evalgate.curate.sampling.choosing import Available, choose
from evalgate.curate.sampling.pool import Pooled, pool
from evalgate.curate.sampling.splits import Splits
from evalgate.curate.sampling.vectors import for_groups, telling_words
from evalgate.records import Example
from evalgate.stats.partition import partition
from evalgate.suite.curate_sample import Sample

Vectors = Callable[[Sequence[str]], Awaitable[NDArray[np.float64]]]
"""Returns a vector for each text, as `sampling.vectors` has them."""

_MOST: Final = 40
"""Groups of questions that are made without being asked for, at most."""
_EVERYTHING: Final = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One group: how many of production and of the dataset are in it, and how many were chosen.

    `production` are the candidates that are good, or copies of such, whatever became of them; `golden` has those that
    were chosen or accepted before.
    """

    name: str
    production: int
    golden: int
    chosen: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampled:
    """What came of sampling. `waiting` were chosen before and are not reviewed; `available` could be chosen.

    Of the new ones, `same` ask what is golden, chosen or rejected already, or another new one asks; `silent` have
    nothing that speaks for them. `splits` has the chosen ones; the conversation of
    `unsure` of them cannot be told, as sessions were replaced under another key.
    """

    asked: int
    waiting: int
    chosen: int
    available: int
    same: int
    silent: int
    groups: tuple[Group, ...]
    splits: Mapping[str, int] = field(default_factory=dict)
    unsure: int = 0


async def sample(
    candidates: Path,
    golden: Iterable[Example],
    asked: Sample,
    *,
    vectors: Vectors,
    now: datetime,
    pseudonyms: Pseudonyms | None = None,
) -> Sampled:
    """Choose candidates of a file until as many as were asked for wait for review, and return what was done.

    The file is written only where any was chosen. `pseudonyms` are those of the key at hand, under which sessions may
    have been replaced. Raises as `read_candidates` and `held` do, and what `vectors` raises.
    """
    with held(candidates):
        splits = Splits(holdout=asked.holdout, pseudonyms=pseudonyms or Pseudonyms(b""))
        pooled = pool(splits.candidates(read_candidates(candidates)), splits.golden(golden), asked)
        waiting = sum(each.state is State.CHOSEN for each in pooled)
        new, same, silent = _available(pooled)
        names = await _named(pooled, asked, vectors)
        production = Counter(names[number] for number, each in enumerate(pooled) if each.produced)
        had = Counter(names[number] for number, each in enumerate(pooled) if each.kept)
        chosen = choose(
            (Available(id=pooled[n].id, group=names[n], first=pooled[n].weight or 0.0) for n in new),
            size=max(0, asked.size - waiting),
            had=had,
            share={name: count / max(1, production.total()) for name, count in production.items()},
            least=asked.least,
            seed=asked.seed,
        )
        groups = Counter(each.group for each in chosen)
        whys = {pooled[n].id: pooled[n].why for n in new}
        step = _Step(asked=asked, groups={each.id: each.group for each in chosen}, whys=whys, at=now, of=splits)
        if chosen:
            write_candidates(candidates, step.done(read_candidates(candidates)))
    return Sampled(
        asked=asked.size,
        waiting=waiting,
        chosen=len(chosen),
        available=len(new),
        same=same,
        silent=silent,
        groups=tuple(
            Group(name=name, production=production[name], golden=had[name], chosen=groups[name])
            for name in sorted({*production, *had}, key=lambda name: (-production[name], -had[name], name))
        ),
        splits=dict(sorted(step.splits.items())),
        unsure=step.unsure,
    )


def _available(pooled: Sequence[Pooled]) -> tuple[list[int], int, int]:
    """Return where those are that may be chosen, how many ask what another does, and how many nothing speaks for."""
    taken = {each.key for each in pooled if each.state not in (State.NEW, State.OUT)}
    numbers: list[int] = []
    same = silent = 0
    for number, each in enumerate(pooled):
        if each.state is not State.NEW:
            continue
        if each.weight is None:
            silent += 1
        elif each.key in taken:
            same += 1
        else:
            taken.add(each.key)
            numbers.append(number)
    return numbers, same, silent


async def _named(pooled: Sequence[Pooled], asked: Sample, vectors: Vectors) -> list[str]:
    """Return the name of the group of each."""
    topics: list[str] = []
    if "cluster" in asked.by and pooled:
        texts = [each.text for each in pooled]
        had = sum(each.kept for each in pooled)
        most = max(2, min(_MOST, (asked.size + had) // max(1, asked.least)))
        labels = partition(for_groups(await vectors(texts)), most=most, seed=asked.seed, count=asked.clusters).tolist()
        words = telling_words(texts, labels)
        topics = [words[label] for label in labels]
    parts = [(*((topics[n],) if topics else ()), *each.groups) for n, each in enumerate(pooled)]
    return [" · ".join(each) or _EVERYTHING for each in parts]


@dataclass(kw_only=True, slots=True)
class _Step:
    """Moves those that were chosen, and counts where they went."""

    asked: Sample
    groups: Mapping[str, str]
    whys: Mapping[str, str]
    at: datetime
    of: Splits
    splits: Counter[str] = field(default_factory=Counter)
    unsure: int = 0

    def done(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield all candidates, those that were chosen in their new state."""
        for each in candidates:
            yield each if each.id not in self.groups else self._chosen(each)

    def _chosen(self, candidate: Candidate) -> Candidate:
        split = self.of.of(candidate)
        if split is not None:
            self.splits[split] += 1
            self.unsure += self.of.unsure(candidate)
        group = self.groups[candidate.id]
        why = f"by {', '.join(self.asked.by)}, seed {self.asked.seed}"
        if group != _EVERYTHING:
            why += f": {group}"
        if self.whys[candidate.id]:
            why += f"; {self.whys[candidate.id]}"
        step = Step(at=self.at.isoformat(timespec="seconds"), what="chosen", by="evalgate", why=why)
        moved = replace(candidate, split=split).moved(State.CHOSEN, step)
        return moved.marked("cluster", group) if "cluster" in self.asked.by else moved
