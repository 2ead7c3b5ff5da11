"""A file for review: candidates out, and the decisions that people made in it. What Markdown and CSV have in common.

Each entry carries its number of how many, its candidate's id, what that was when the file was made, and a hash of
what was shown: an entry that is missing, doubled, foreign or changed where nothing is decided is told by its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from evalgate.canonical import content_hash
from evalgate.curate.candidates import Candidate, State
from evalgate.curate.reviewing.answers import AnswerError, answered, proposed
from evalgate.curate.reviewing.reviews import Answer, Review
from evalgate.curate.reviewing.standing import seen_of, undecided
from evalgate.golden.raw import Problem
from evalgate.records import JsonObject

_DIGITS: Final = 8
Choice = Literal["accept", "proposed", "reject", ""]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What a person made of one candidate in a file. `seen` is `shown_of` it.

    `answer` is a text in place of the answer, None for none. `line` is where the entry begins, `answer_line` where the
    answer does. `place` and `of` are its number.
    """

    id: str
    seen: str
    place: int
    of: int
    choice: Choice
    answer: str | None
    reason: str
    line: int
    answer_line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What a file says. `open` entries decide nothing, `golden` ones were accepted and pushed since.

    `missing` are numbers of entries that it no longer has.
    """

    reviews: tuple[Review, ...]
    problems: tuple[Problem, ...]
    open: int
    golden: int
    missing: tuple[int, ...]
    of: int


def shown_of(candidate: Candidate) -> str:
    """Return what an entry says its candidate was: what a decision is about, and which answer was proposed."""
    return seen_of(candidate) + content_hash(proposed(candidate))[:_DIGITS]


def read_entries(
    entries: Iterable[Entry | Problem], candidates: Iterable[Candidate], *, who: str, at: str, via: str
) -> Read:
    """Return the decisions of a file's entries on `candidates`, or all that is wrong with it."""
    problems: list[Problem] = []
    found: dict[str, Entry] = {}
    of = 0
    for each in entries:
        if isinstance(each, Problem):
            problems.append(each)
        elif each.id in found:
            first = found[each.id].line
            problems.append(Problem(f"{each.id} is here twice: it first stands on line {first}", each.line, 1))
        else:
            found[each.id] = each
            of = max(of, each.of)
    reviews: dict[str, Review] = {}
    left, golden = dict(found), 0
    for candidate in candidates:
        entry = left.pop(candidate.id, None)
        if entry is not None and candidate.state is State.GOLDEN and entry.choice in ("accept", "proposed"):
            golden += 1
        elif entry is not None:
            made = _review(entry, candidate, who=who, at=at, via=via)
            if isinstance(made, Problem):
                problems.append(made)
            elif made is not None:
                reviews[entry.id] = made
    problems += [Problem(f"there is no candidate {each.id}", each.line, 1) for each in left.values()]
    there = {each.place for each in found.values()}
    return Read(
        reviews=tuple(reviews[each] for each in found if each in reviews),
        problems=tuple(sorted(problems, key=lambda each: (each.line, each.column))),
        open=sum(not each.choice for each in found.values()),
        golden=golden,
        missing=tuple(place for place in range(1, of + 1) if place not in there),
        of=of,
    )


def fresh(read: Read, known: Mapping[str, tuple[Review, ...]]) -> Iterator[Review]:
    """Yield the decisions that are not what the same person said last of the same: a file may be read again."""
    for each in read.reviews:
        own = [one for one in known.get(each.id, ()) if (one.by, one.who) == (each.by, each.who)]
        if not own or _said(own[-1]) != _said(each):
            yield each


def _said(review: Review) -> tuple[object, ...]:
    return review.decision, review.seen, review.answer, review.output, review.reason


def _review(entry: Entry, candidate: Candidate, *, who: str, at: str, via: str) -> Review | Problem | None:
    """Return the decision of an entry, None for one that is open, or what is wrong with it."""
    plain = undecided(candidate)
    if not entry.choice:
        what = "an answer was written" if entry.answer is not None else "a reason is given" if entry.reason else ""
        return Problem(f"{entry.id}: {what}, and nothing is decided", entry.answer_line, 1) if what else None
    why = _unusable(entry, candidate, plain)
    if why:
        return Problem(f"{entry.id} {why}", entry.line, 1)
    try:
        answer, output = _accepted(entry, plain) if entry.choice != "reject" else ("own", None)
    except AnswerError as error:
        return Problem(f"{entry.id}: {error.message}", entry.answer_line + error.line - 1, error.column)
    return Review(
        id=entry.id,
        who=who,
        at=at,
        decision="rejected" if entry.choice == "reject" else "accepted",
        seen=entry.seen[:-_DIGITS],
        answer=answer,
        output=output,
        reason=entry.reason,
        via=via,
    )


def _unusable(entry: Entry, candidate: Candidate, plain: Candidate) -> str:
    """Return why a decision cannot be taken; empty where it can."""
    if candidate.state is State.GOLDEN:
        return "is golden already: take it out of the dataset"
    if entry.seen[:-_DIGITS] != seen_of(plain):
        return "changed since this file was made: make a new one"
    if entry.choice == "reject" and not entry.reason:
        return "is rejected without a reason"
    if entry.choice == "proposed" and (proposed(plain) is None or entry.seen != shown_of(plain)):
        return "has no proposed answer, or another one since this file was made"
    if entry.choice == "proposed" and entry.answer is not None:
        return "has another answer written, and the proposed one is accepted"
    return ""


def _accepted(entry: Entry, plain: Candidate) -> tuple[Answer, JsonObject | None]:
    if entry.choice == "proposed":
        return "proposed", proposed(plain)
    if entry.answer is None:
        return "own", None
    return "edited", answered(entry.answer, plain.output, plain.input)
