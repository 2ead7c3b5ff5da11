"""`curate drift`: how far what production asks is from the golden dataset, and what to add."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.curate.conversations import Conversations
from evalgate.curate.moments import moment
from evalgate.curate.sampling.choosing import drawn_at
from evalgate.curate.sampling.pool import is_asked
from evalgate.curate.sampling.sampling import Vectors
from evalgate.curate.sampling.vectors import READ, for_groups, telling_words
from evalgate.curate.texts.wording import asked, normalised
from evalgate.golden.curated import pulled_as
from evalgate.records import Example
from evalgate.stats.partition import partition
from evalgate.stats.two_samples import apartness
from evalgate.suite.curate_sample import Sample

ALPHA: Final = 0.01
"""A period in which nothing has changed is called one that has, once in a hundred."""
FEW: Final = 20
"""Conversations, and examples, below which nothing is tested: nothing could be found."""
_MOST: Final = 40
"""Topics."""
_A_TOPIC: Final = 8
"""Questions to a topic at least, on average, and a quarter as many examples: with more topics some lack them anyway."""
_SEEN: Final = 3
_SHARE: Final = 0.01
"""A topic has so many questions, and that share of production: less is one person's question."""
_TESTED: Final = {"production": 600, "golden": 400}
"""Of more than that, as many are drawn: a test of more finds what is too small to matter."""
_EXAMPLES: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """What production asks about. `share` is that of production, `p` how often luck would make some topic so much more
    common than in the dataset (None: not tested).

    `lacking`: production asks about it, and the dataset has too little of it. `add` is how many examples would mend
    that, and `candidates` are ids of some, as far as there are any.
    """

    name: str
    production: int
    share: float
    golden: int
    p: float | None
    lacking: bool
    add: int
    candidates: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Test:
    """The share of the period's questions that have one near them among those that they are compared with (`reached`),
    what would be `usual` were both the same, and `p`; `of` and `others` were compared, one of each conversation.
    """

    of: int
    others: int
    reached: float
    usual: float
    p: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """How far the questions of a period are from the dataset. Times are in ISO 8601.

    `covered` is the share of production in topics that the dataset has. `drifted` is None where there was too little to
    tell. `since_before` compares the period with what was asked before it, by all that may differ; None where there is
    too little of it.
    """

    start: str
    end: str
    production: int
    golden: int
    covered: float
    drifted: bool | None
    test: Test | None
    since_before: Test | None
    topics: tuple[Topic, ...]
    unasked: tuple[str, ...]
    """Topics of the dataset that nobody asked about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Questions that began at `start` or later, and before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    id: str
    text: str
    whose: str
    free: bool = False
    """It may be chosen for the dataset."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Questions:
    """What was asked in a period, before it, and what the dataset asks; `latest` is when anything was asked last."""

    now: tuple[_Question, ...]
    before: tuple[_Question, ...]
    golden: tuple[_Question, ...]
    latest: datetime | None


def questions_of(
    candidates: Iterable[Candidate], golden: Iterable[Example], period: Period, pseudonyms: Pseudonyms | None = None
) -> Questions:
    """Return what there is to compare: candidates that are not out, and those that are out as copies of others.

    `pseudonyms` are those of the key at hand, under which sessions may have been replaced.
    """
    conversations = Conversations(pseudonyms)
    parts: dict[str, list[_Question]] = {"now": [], "before": []}
    latest: datetime | None = None
    for each in candidates:
        conversations.add(each.id, each.source)
        at = moment(each.source.get("start"))
        if at is None or at >= period.end or not is_asked(each):
            continue
        latest = at if latest is None else max(at, latest)
        parts["now" if at >= period.start else "before"].append(_question(each))
    known = tuple(_golden(each) for each in golden)
    now, before = (
        tuple(replace(each, whose=conversations.of(each.id)) for each in parts[name]) for name in ("now", "before")
    )
    return Questions(now=now, before=before, golden=known, latest=latest)


async def drift(questions: Questions, period: Period, asked_for: Sample, *, vectors: Vectors) -> Drift:
    """Compare the questions of a period, of which there are some, with the dataset, which has examples.

    Raises what `vectors` raises.
    """
    now, golden, seed = questions.now, questions.golden, asked_for.seed
    everything = [*golden, *now, *questions.before]
    texts = [each.text for each in everything]
    found = await vectors(texts)
    compared = len(golden) + len(now)
    most = max(2, min(_MOST, len(set(texts[:compared])) // _A_TOPIC, max(6, len(golden) * 4 // _A_TOPIC)))
    labels = partition(for_groups(found[:compared]), most=most, seed=seed, count=asked_for.clusters)
    own, ours = np.arange(len(golden)), np.arange(len(golden), compared)
    of_golden = {each.id for each in golden}
    drawn = _drawn(everything, ours, seed, _TESTED["production"], without=of_golden)
    known = _drawn(everything, own, seed, _TESTED["golden"])
    test, p_groups = _test(found, labels, drawn, known, seed)
    before = _drawn(everything, np.arange(compared, len(everything)), seed, _TESTED["production"])
    since = _changed(found, drawn, before, seed)
    names = telling_words(texts[:compared], labels.tolist())
    topics = _topics(questions, labels, names, p_groups, asked_for)
    asked_about = {label: count for label, count in Counter(labels[ours].tolist()).items() if count}
    had = Counter(labels[own].tolist())
    return Drift(
        start=period.start.isoformat(timespec="seconds"),
        end=period.end.isoformat(timespec="seconds"),
        production=len(now),
        golden=len(golden),
        covered=sum(count for label, count in asked_about.items() if had[label]) / len(now),
        drifted=None if test is None else test.p <= ALPHA,
        test=test,
        since_before=since,
        topics=topics,
        unasked=tuple(names[label] for label in sorted(had) if label not in asked_about),
    )


def _test(
    found: NDArray[np.float64], labels: NDArray[np.intp], drawn: list[int], known: list[int], seed: int
) -> tuple[Test | None, dict[int, float]]:
    """Return how far production is from the dataset, and how much luck explains of each group."""
    if min(len(drawn), len(known)) < FEW:
        return None, {}
    both = [*known, *drawn]
    groups, own = np.unique(labels[both], return_inverse=True)
    products = found[both] @ found[both].T
    result = apartness(products, np.arange(len(both)) < len(known), own, seed=seed)
    test = Test(of=len(drawn), others=len(known), reached=result.reached, usual=result.usual, p=result.p_reached)
    return test, dict(zip(groups.tolist(), result.p_groups.tolist(), strict=True))


def _changed(found: NDArray[np.float64], drawn: list[int], before: list[int], seed: int) -> Test | None:
    if min(len(drawn), len(before)) < FEW:
        return None
    both = [*before, *drawn]
    products = found[both] @ found[both].T
    one = np.zeros(len(both), dtype=np.intp)
    result = apartness(products, np.arange(len(both)) < len(before), one, seed=seed)
    return Test(of=len(drawn), others=len(before), reached=result.reached, usual=result.usual, p=result.p_energy)


def _drawn(
    everything: Sequence[_Question], places: NDArray[np.intp], seed: int, most: int, *, without: Iterable[str] = ()
) -> list[int]:
    """Return some of the places: one question of each conversation, no text twice, in an order of the seed."""
    taken, texts, left = set[str](), set[str](), set(without)
    kept: list[int] = []
    for place in sorted(places.tolist(), key=lambda place: drawn_at(seed, everything[place].id)):
        each = everything[place]
        text = normalised(each.text)
        if each.id in left or each.whose in taken or text in texts:
            continue
        taken.add(each.whose)
        texts.add(text)
        kept.append(place)
        if len(kept) == most:
            break
    return kept


def _topics(
    questions: Questions,
    labels: NDArray[np.intp],
    names: Sequence[str],
    p_groups: dict[int, float],
    asked_for: Sample,
) -> tuple[Topic, ...]:
    now, golden = questions.now, questions.golden
    members: defaultdict[int, list[_Question]] = defaultdict(list)
    for each, label in zip(now, labels[len(golden) :].tolist(), strict=True):
        members[label].append(each)
    had = Counter(labels[: len(golden)].tolist())
    least = max(1, asked_for.least)
    topics = []
    for label, asking in members.items():
        share = len(asking) / len(now)
        lacking = had[label] < least and len(asking) >= _SEEN and share >= _SHARE
        free = sorted((each for each in asking if each.free), key=lambda each: drawn_at(asked_for.seed, each.id))
        add = max(least, round(share * len(golden))) - had[label] if lacking else 0
        topics.append(
            Topic(
                name=names[label],
                production=len(asking),
                share=share,
                golden=had[label],
                p=p_groups.get(label),
                lacking=lacking,
                add=add,
                candidates=tuple(each.id for each in free[:add]),
                questions=tuple(each.text[:200] for each in asking[:_EXAMPLES]),
            )
        )
    return tuple(sorted(topics, key=lambda each: (not each.lacking, -each.production, each.name)))


def _question(candidate: Candidate) -> _Question:
    return _Question(
        id=candidate.id,
        text=asked(candidate.input)[:READ],
        whose=candidate.id,
        free=candidate.state is State.NEW,
    )


def _golden(example: Example) -> _Question:
    return _Question(id=pulled_as(example), text=asked(example.input)[:READ], whose=example.id)
