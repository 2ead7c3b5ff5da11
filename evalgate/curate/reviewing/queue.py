"""Which candidates a reviewer is to see, as they were when the review began."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from evalgate.curate.candidates import Candidate, State, as_line, of_line, read_candidates
from evalgate.curate.reviewing.reviews import Review
from evalgate.curate.reviewing.standing import Standing, decided, seen_of, standing, undecided
from evalgate.encoding import printable
from evalgate.errors import ConfigurationError

Which = Literal["undecided", "second", "disputed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a reviewer wants to see: these ids; or what is in these states; or, without either, by `which`.

    undecided: what nobody decided, chosen candidates or, where none is chosen, new ones. second: what others decided
    and this reviewer did not. disputed: where reviewers differ.
    """

    who: str
    which: Which = "undecided"
    states: frozenset[State] = frozenset()
    ids: frozenset[str] = frozenset()


def wanted(candidates: Path, reviews: Mapping[str, Sequence[Review]], asked: Asked) -> Iterable[Candidate]:
    """Yield the candidates that are asked for, in the order of their file, each as it was before any decision.

    Raises ConfigurationError for an id that is golden, and at the end for one that no candidate has.
    """
    missing = set(asked.ids)
    states = asked.states
    if not states and asked.which == "undecided":
        states = frozenset({open_state(candidates)})
    for each in read_candidates(candidates):
        found = wanted_of(each, reviews.get(each.id, ()), asked, states)
        if found is not None:
            missing.discard(found.id)
            yield found
        elif each.id in missing and each.state is State.GOLDEN:
            raise ConfigurationError(
                printable(f"{each.id} is golden already, and reviewed no more"),
                next_step="leave it out, or edit it in the dataset",
            )
    if missing:
        raise ConfigurationError(
            printable(f"{candidates.name} has no candidate {min(missing)}"),
            next_step=f"name ids that {candidates.name} has: span:<16 hex digits>",
        )


def wanted_of(candidate: Candidate, said: Sequence[Review], asked: Asked, states: frozenset[State]) -> Candidate | None:
    """Return a candidate as it was before any decision where it is asked for, None where it is not."""
    after = decided(candidate, said)
    return undecided(after) if _is_wanted(after, said, asked, states) else None


def open_state(candidates: Path) -> State:
    """Return in which state candidates of a file wait for a decision: chosen, or new where nothing was ever sampled."""
    sampled = any(each.state is not State.OUT and each.state is not State.NEW for each in read_candidates(candidates))
    return State.CHOSEN if sampled else State.NEW


def _is_wanted(candidate: Candidate, said: Sequence[Review], asked: Asked, states: frozenset[State]) -> bool:
    if asked.ids or candidate.state is State.GOLDEN:
        return candidate.id in asked.ids and candidate.state is not State.GOLDEN
    if asked.states:
        return candidate.state in asked.states
    holds = standing(said, seen_of(candidate)) if said else Standing()
    if asked.which == "disputed":
        return holds.disputed
    if asked.which == "second":
        people = {each.who for each in holds.reviews if each.by == "person"}
        return bool(people) and asked.who not in people
    return candidate.state in states and not holds.reviews


class Queue:
    """Candidates in a temporary file, in flat memory: what happens to theirs meanwhile changes nothing here."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._starts: list[int] = []
        for each in candidates:
            self._starts.append(self._file.tell())
            self._file.write(as_line(each))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, place: int) -> Candidate:
        self._file.seek(self._starts[place])
        return of_line(self._file.readline())

    def find(self, text: str, after: int) -> int | None:
        """Return the place of the next candidate with this text in it, whatever its case, going round; None for none.

        The one at `after` itself comes last.
        """
        looked = text.casefold()
        for place in (step % len(self) for step in count(after + 1)):
            if looked in _searched(self[place]):
                return place
            if place == after:
                return None
        return None


def _searched(candidate: Candidate) -> str:
    # JSON as a person sees it: umlauts stand as themselves in a line.
    return as_line(candidate).decode("utf-8", "replace").casefold()
