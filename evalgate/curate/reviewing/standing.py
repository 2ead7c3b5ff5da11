"""Which decisions on a candidate hold, and what its state is by them. Pure: the same reviews, the same state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from evalgate.canonical import canonical_json, content_hash
from evalgate.curate.candidates import Candidate, State, Step
from evalgate.curate.gated.findings import REPAIR
from evalgate.curate.reviewing.reviews import DECIDED, Review

_MADE: Final = frozenset({"accepted", "rejected", "edited"})
_DIGITS: Final = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The decisions that hold on one candidate, the latest of each reviewer; people's where people decided."""

    reviews: tuple[Review, ...] = ()

    @property
    def disputed(self) -> bool:
        """Return whether they differ, in the decision or in the answer that they accept."""
        return len({outcome(each) for each in self.reviews}) > 1

    @property
    def decision(self) -> Review | None:
        """Return the decision that all of them are; None where there is none, or they differ."""
        return self.reviews[-1] if self.reviews and not self.disputed else None


def outcome(review: Review) -> tuple[str, bytes]:
    """Return what a decision comes to; equal for those that agree."""
    return review.decision, canonical_json(review.output) if review.decision == "accepted" else b""


def undecided(candidate: Candidate) -> Candidate:
    """Return a candidate as it was before any decision on it; a golden one as it is."""
    review = candidate.marks.get(DECIDED)
    said: Mapping[str, Any] = review if isinstance(review, dict) else {}
    if candidate.state is State.GOLDEN or not (said or candidate.state in (State.ACCEPTED, State.REJECTED)):
        return candidate
    # Another step may have moved it on while its reviewers differed.
    was = said.get("was") if candidate.state in (State.ACCEPTED, State.REJECTED) else candidate.state
    return replace(
        candidate,
        state=State(was) if was in (State.NEW, State.OUT, State.CHOSEN) else State.CHOSEN,
        output=said.get("before", candidate.output),
        marks={key: each for key, each in candidate.marks.items() if key != DECIDED},
        history=_undecided_history(candidate),
    )


def _undecided_history(candidate: Candidate) -> tuple[Step, ...]:
    """Return what was done to it but for decisions; those from before a gate put it up again are its life."""
    history = candidate.history
    opened = [place for place, each in enumerate(history, start=1) if each.what == "chosen"]
    kept = opened[-1] if opened and REPAIR in candidate.marks else 0
    return (*history[:kept], *(each for each in history[kept:] if each.what not in _MADE))


def is_reviewers(candidate: Candidate) -> bool:
    """Return whether the answer of a candidate is one that its reviewer wrote or took, and not its own."""
    review = candidate.marks.get(DECIDED)
    has_own = isinstance(review, dict) and "before" in review
    return has_own and candidate.state in (State.ACCEPTED, State.GOLDEN)


def seen_of(candidate: Candidate) -> str:
    """Return what a decision on this candidate is about: its question and its answer as they were before any.

    Where a gate found the example worse since, that too: what was decided before knew nothing of it.
    """
    plain = undecided(candidate)
    finding = [plain.marks[REPAIR]] if REPAIR in plain.marks else []
    return content_hash([plain.input, plain.output, *finding])[:_DIGITS]


def standing(reviews: Iterable[Review], seen: str | None) -> Standing:
    """Return what holds of the decisions on one candidate that is now `seen`, in the order of the file.

    None takes decisions whatever was seen.
    """
    held = _not_undone(reviews, seen)
    settled = next((place for place in reversed(range(len(held))) if held[place].settles), 0)
    return Standing(reviews=_latest([each for each in held[settled:] if each.by == "person"] or held[settled:]))


def opinions(reviews: Iterable[Review], seen: str) -> tuple[Review, ...]:
    """Return the latest decision of each person that was made without knowing the others'."""
    return _latest([each for each in _not_undone(reviews, seen) if each.by == "person" and not each.settles])


def decided(candidate: Candidate, reviews: Sequence[Review]) -> Candidate:
    """Return a candidate with the state that the decisions on it come to. What is golden stays as it is."""
    if candidate.state is State.GOLDEN:
        return candidate
    plain = undecided(candidate)
    if not reviews:
        return plain
    holds = standing(reviews, seen_of(plain))
    if not holds.reviews:
        return plain
    mark: dict[str, Any] = {"was": plain.state.value}
    if holds.decision is None:
        said = [
            {"who": each.who, "decision": each.decision, "answer": each.answer, "reason": each.reason}
            for each in holds.reviews
        ]
        return plain.marked(DECIDED, {**mark, "disputed": said})
    final = holds.decision
    if final.output is not None and final.decision == "accepted":
        mark["before"] = plain.output
        plain = replace(plain, output=final.output)
    moved = plain.marked(DECIDED, mark)
    for step in _steps(holds.reviews):
        moved = moved.moved(State(final.decision), step)
    return moved


def _not_undone(reviews: Iterable[Review], seen: str | None) -> list[Review]:
    held: list[Review] = []
    for review in reviews:
        if review.decision != "undone":
            held.append(review)
            continue
        own = [place for place, each in enumerate(held) if _reviewer(each) == _reviewer(review)]
        if own:
            del held[own[-1]]
    return [each for each in held if seen in (None, each.seen)]


def _latest(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """Return the last decision of each reviewer, in their order."""
    found: dict[tuple[str, str], Review] = {}
    for each in reviews:
        found.pop(_reviewer(each), None)
        found[_reviewer(each)] = each
    return tuple(found.values())


def _steps(reviews: Iterable[Review]) -> Iterator[Step]:
    for each in reviews:
        if each.decision == "accepted" and each.answer != "own":
            how = "took the proposed answer" if each.answer == "proposed" else "edited the answer"
            yield Step(at=each.at, what="edited", by=each.by, why=f"{each.who} {how}")
        reason = f"{each.who}: {each.reason}" if each.reason else each.who
        yield Step(at=each.at, what="accepted" if each.decision == "accepted" else "rejected", by=each.by, why=reason)


def _reviewer(review: Review) -> tuple[str, str]:
    return review.by, review.who
