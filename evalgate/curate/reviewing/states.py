"""States of a candidates file by the decisions on its candidates, and the count of what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evalgate.curate.candidates import Candidate, State, read_candidates, write_candidates
from evalgate.curate.holding import WAIT_S, held
from evalgate.curate.reviewing.reviews import Review, read_reviews
from evalgate.curate.reviewing.standing import decided, seen_of, standing


@dataclass(frozen=True, kw_only=True, slots=True)
class States:
    """What a file has after its decisions, in candidates.

    chosen, new: not decided. disputed: those of them whose reviewers differ. changed: those whose question or answer is
    another than the one that was decided on, so that they are to be reviewed again. gone: decided, and not in the file.
    """

    chosen: int = 0
    new: int = 0
    out: int = 0
    accepted: int = 0
    rejected: int = 0
    golden: int = 0
    disputed: int = 0
    changed: int = 0
    gone: int = 0


def settle_states(candidates: Path) -> States:
    """Bring every candidate's state in line with the decisions, and return what they come to.

    The file is written only where something changed. Raises as `read_candidates`, `read_reviews` and `held` do.
    """
    reviews = read_reviews(candidates)
    counts: Counter[str] = Counter()
    gone, differs = set(reviews), False
    with held(candidates, seconds=WAIT_S):
        for each in read_candidates(candidates):
            said = reviews.get(each.id, ())
            after = decided(each, said)
            differs = differs or after != each
            gone.discard(each.id)
            _count(after, said, counts)
        if differs:
            read = read_candidates(candidates)
            write_candidates(candidates, (decided(each, reviews.get(each.id, ())) for each in read))
    return States(**counts, gone=len(gone))


def _count(candidate: Candidate, said: Sequence[Review], counts: Counter[str]) -> None:
    counts[candidate.state.value] += 1
    if not said or candidate.state is State.GOLDEN:
        return
    holds = standing(said, seen_of(candidate))
    counts["disputed"] += holds.disputed
    counts["changed"] += not holds.reviews and bool(standing(said, None).reviews)
