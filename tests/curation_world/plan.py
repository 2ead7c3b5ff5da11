"""What happened at the recipe assistant in three weeks, and the truth of it: drawn by a seed, the same every time."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from tests.curation_world.kitchen import (
    LANGUAGES,
    NEW_TOPICS,
    OLD_TOPICS,
    TOPICS,
    asked_and_answered,
    retyped,
    reworded,
)
from tests.curation_world.people import KINDS, SECRET_KINDS, Person, Planted, people, secret

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
TURN = BEGIN + timedelta(days=14)
"""From here on people ask what they did not ask before."""
WEEK = timedelta(days=7)
_CLOSED = timedelta(minutes=61)
END = TURN + timedelta(days=7)
STATES = (
    "ParseRequest",
    "PlanToolCalls",
    "GenCustomerArgs",
    "GetCustomerProfile",
    "GenRecipeArgs",
    "GetRecipes",
    "GenWebArgs",
    "GetWebInfo",
    "ComposeResponse",
)
SYMPTOMS = {
    "ParseRequest": "About your car insurance: the premium is due in March.",
    "PlanToolCalls": "I did not look anything up, so this is from memory: boil everything for an hour.",
    "GenCustomerArgs": "I asked for the profile of customer 'undefined' and went on without it.",
    "GetCustomerProfile": "Your customer profile could not be loaded (503).",
    "GenRecipeArgs": "I searched recipes with the diet 'None' and the servings '-1'.",
    "GetRecipes": "The recipe search returned nothing at all.",
    "GenWebArgs": "I searched the web for 'search query'.",
    "GetWebInfo": "The web page with the details could not be read (timeout).",
    "ComposeResponse": "1. 2. 3. As an assistant I now compose the response for the customer.",
}
"""What an answer says where a state failed."""
CRASHES = ("GetCustomerProfile", "GetRecipes", "GetWebInfo")
"""States that may fail with an error, too."""
_SPOKEN = (85, 6, 5, 4)
"""Of a hundred questions, how many are in which of LANGUAGES."""
NEW_SHARE = 0.4
"""Of what is asked after TURN, how much is of the new topics."""

Form = Literal["openai", "anthropic"]
Copy = Literal["exact", "near", "golden"]
COPIES: tuple[Copy, ...] = ("exact", "near")
Flaw = Literal["empty", "truncated", "long", "error"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One trace: what was asked before and now, what was answered (None: nothing), and what is true of it.

    `expected` is the right answer where that is another one. `form` is the protocol its model speaks; `bare`, that its
    root says nothing of what it took and gave; `detailed`, that spans of its states were kept. `failed` is the state
    that went wrong. `copy_of` is the number of what it is a copy of, an example's place in `golden` where `copy` is
    golden. `thumb` is the customer's, `scores` two judges'.
    """

    number: int
    start: datetime
    topic: str
    language: str
    before: tuple[tuple[str, str], ...] = ()
    question: str
    answer: str | None
    expected: str | None = None
    form: Form
    bare: bool = False
    detailed: bool = False
    session: str
    tier: str
    failed: str | None = None
    crashed: bool = False
    flaw: Flaw | None = None
    copy: Copy | None = None
    copy_of: int | None = None
    planted: tuple[Planted, ...] = ()
    thumb: bool | None = None
    scores: tuple[float, float] | None = None

    @property
    def messages(self) -> list[dict[str, str]]:
        """Return what was asked as OpenAI's protocol has it, without the system prompt."""
        said = [
            {"role": role, "content": text}
            for turn in self.before
            for role, text in zip(("user", "assistant"), turn, strict=True)
        ]
        return [*said, {"role": "user", "content": self.question}]


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that happened, and what was golden before it: examples as a dataset file has them."""

    seed: int
    asked: tuple[Asked, ...]
    golden: tuple[dict[str, object], ...]

    def having(self, kind: str) -> list[Asked]:
        """Return the traces with something planted of that kind."""
        return [each for each in self.asked if any(it.kind == kind for it in each.planted)]


def world(size: int = 5_000, seed: int = 8) -> World:
    """Return so many traces and the truth about them."""
    golden = tuple(_golden(seed))
    customers = people(60, seed)
    made = [_plain(number, size, seed) for number in range(size)]
    rng = Random(f"shares:{seed}")
    free = list(range(size))
    rng.shuffle(free)

    def take(share: float, keep: int = 0) -> list[int]:
        count = max(keep, round(size * share))
        taken, free[:] = free[:count], free[count:]
        return taken

    _sessions(made, take(0.24), seed)
    originals = sorted(each for each in take(0.10) if made[each].language == "en")
    for copy in COPIES:
        _copies(made, take(0.03), originals, copy, seed)
    for number in take(0.004, 3):
        made[number] = _golden_again(made[number], golden, seed)
    for place, number in enumerate(take(0.09, 40)):
        made[number] = _personal(made[number], customers, place, seed)
    for place, number in enumerate(take(0.01, 10)):
        made[number] = _with_secret(made[number], SECRET_KINDS[place % len(SECRET_KINDS)], seed)
    for flaw, share in (("error", 0.02), ("empty", 0.004), ("truncated", 0.006), ("long", 0.002)):
        for number in take(share, 2):
            made[number] = _flawed(made[number], flaw)
    for place, number in enumerate(take(0.10, 18)):
        made[number] = _failed(made[number], STATES[place % len(STATES)], Random(f"fails:{seed}:{number}"))
    return World(seed=seed, asked=tuple(_judged(each, seed) for each in made), golden=golden)


def _plain(number: int, size: int, seed: int) -> Asked:
    rng = Random(f"asked:{seed}:{number}")
    start = _open(BEGIN + (END - BEGIN) * (number / size) + timedelta(seconds=rng.uniform(0, 20)))
    fresh = start >= TURN and rng.random() < NEW_SHARE
    topic = rng.choice(NEW_TOPICS if fresh else OLD_TOPICS)
    language = rng.choices(LANGUAGES, _SPOKEN)[0]
    question, answer = asked_and_answered(topic, language, rng)
    form: Form = "openai" if rng.random() < 0.55 else "anthropic"
    detailed = rng.random() < 0.02
    return Asked(
        number=number,
        start=start,
        topic=topic.name,
        language=language,
        question=question,
        answer=answer,
        form=form,
        detailed=detailed,
        bare=detailed and rng.random() < 0.5,
        session=f"s{number:05d}",
        tier=rng.choices(("free", "gold"), (3, 1))[0],
    )


def _open(start: datetime) -> datetime:
    """Return when something was asked: nothing is in the last hour of a week, so that a period may be said in hours."""
    closing = next((week for week in (TURN - WEEK, TURN, END) if timedelta() < week - start <= _CLOSED), None)
    return start if closing is None else start - _CLOSED


def _golden(seed: int) -> Iterator[dict[str, object]]:
    """Yield four examples of every old topic, in languages as they are asked in."""
    for topic in OLD_TOPICS:
        for place in range(4):
            rng = Random(f"golden:{seed}:{topic.name}:{place}")
            language = rng.choices(LANGUAGES, _SPOKEN)[0]
            question, answer = asked_and_answered(topic, language, rng)
            yield {
                "id": f"{topic.name}-{place + 1}",
                "input": {"messages": [{"role": "user", "content": question}]},
                "output": {"messages": [{"role": "assistant", "content": answer}]},
                "metadata": {"topic": topic.name, "language": language},
            }


def _sessions(made: list[Asked], numbers: list[int], seed: int) -> None:
    """Make conversations of two or three turns about one topic."""
    rng = Random(f"sessions:{seed}")
    rest = sorted(numbers)
    while len(rest) >= 2:
        turns = rest[: rng.choice((2, 3))]
        rest = rest[len(turns) :]
        said: tuple[tuple[str, str], ...] = ()
        first = made[turns[0]]
        for number in turns:
            asked, answered = asked_and_answered(TOPICS[first.topic], first.language, rng)
            one = replace(
                made[number],
                topic=first.topic,
                language=first.language,
                question=asked,
                answer=answered,
                session=first.session,
                before=said,
                form=first.form,
                bare=False,
                detailed=False,
            )
            made[number] = one
            said = (*said, (one.question, one.answer or ""))


def _copies(made: list[Asked], numbers: list[int], originals: list[int], copy: Copy, seed: int) -> None:
    """Let these ask again what was asked before."""
    rng = Random(f"copies:{seed}:{copy}")
    for number in numbers:
        earlier = originals[: bisect(originals, number)]
        if earlier:
            made[number] = _copied(made[number], made[rng.choice(earlier)], copy, seed)


def _copied(one: Asked, of: Asked, copy: Copy, seed: int) -> Asked:
    rng = Random(f"copy:{seed}:{one.number}")
    question = retyped(of.question, rng) if copy == "exact" else reworded(of.question, rng)
    return replace(
        one, question=question, answer=of.answer, topic=of.topic, language="en", copy=copy, copy_of=of.number
    )


def _golden_again(one: Asked, golden: tuple[dict[str, object], ...], seed: int) -> Asked:
    rng = Random(f"golden again:{seed}:{one.number}")
    place = rng.choice([n for n, each in enumerate(golden) if each["metadata"]["language"] == "en"])  # type: ignore[index]
    (message,) = golden[place]["input"]["messages"]  # type: ignore[index]
    asked, topic = reworded(message["content"], rng), golden[place]["metadata"]["topic"]  # type: ignore[index]
    return replace(one, question=asked, topic=topic, language="en", copy="golden", copy_of=place)


def _personal(one: Asked, customers: list[Person], place: int, seed: int) -> Asked:
    """Let a customer say who they are; every second answer repeats the name."""
    rng = Random(f"personal:{seed}:{one.number}")
    person = customers[rng.randrange(len(customers))]
    language = one.language if one.language in ("en", "de") else "en"
    topic = TOPICS[one.topic]
    question, answer = asked_and_answered(topic, language, rng)
    kinds = ["name", KINDS[1 + place % (len(KINDS) - 1)]] if place % 3 else [KINDS[1 + place % (len(KINDS) - 1)]]
    planted: list[Planted] = []
    for kind in kinds:
        sentence, found = person.told(kind, language)
        question = f"{question} {sentence}"
        planted += found
    if "name" in kinds and place % 2:
        answer = f"{'Of course' if language == 'en' else 'Gerne'}, {person.name}! {answer}"
    return replace(one, question=question, answer=answer, language=language, planted=tuple(planted))


def _with_secret(one: Asked, kind: str, seed: int) -> Asked:
    rng = Random(f"secret:{seed}:{one.number}")
    question, answer = asked_and_answered(TOPICS[one.topic], "en", rng)
    sentence, planted = secret(kind, rng)
    return replace(one, question=f"{question} {sentence}", answer=answer, language="en", planted=planted)


def _flawed(one: Asked, flaw: Flaw) -> Asked:
    if flaw == "error":
        return replace(one, answer=None, flaw=flaw, bare=False)
    if flaw == "empty":
        return replace(one, answer=None, flaw=flaw, bare=False, detailed=False)
    if flaw == "truncated":
        return replace(one, answer=(one.answer or "")[:60], flaw=flaw)
    return replace(
        one, question=f"{one.question} My notes: " + "half a cup of this, a spoon of that; " * 1500, flaw=flaw
    )


def _failed(one: Asked, state: str, rng: Random) -> Asked:
    """Let a state go wrong: the answer shows it, or there is none where it crashed."""
    crashed = state in CRASHES and rng.random() < 0.3
    answer = None if crashed else f"{SYMPTOMS[state]} {(one.answer or '')[:80]}"
    bare = not crashed and rng.random() < 0.5
    changed = replace(one, failed=state, crashed=crashed, detailed=True, bare=bare)
    return replace(changed, answer=answer, expected=one.answer)


def _judged(one: Asked, seed: int) -> Asked:
    """Let one of twelve customers and, of one in ten, two judges say what they think; neither always sees a failure."""
    rng = Random(f"judged:{seed}:{one.number}")
    good = one.failed is None and one.flaw is None
    thumb = (good if rng.random() < 0.9 else not good) if rng.random() < (0.08 if good else 0.3) else None
    scores = None
    if rng.random() < 0.1:
        level = rng.uniform(0.6, 1) if good else rng.uniform(0, 0.6)
        scores = (round(level, 2), round(min(1.0, max(0.0, level + rng.gauss(0, 0.15))), 2))
    return replace(one, thumb=thumb, scores=scores)
