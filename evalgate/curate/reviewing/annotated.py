"""Decisions that people made in Phoenix: annotations of one name on the spans that candidates were made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.reviewing.reviews import Review
from evalgate.curate.reviewing.standing import seen_of
from evalgate.phoenix.annotations.spans import HUMAN, AnnotatedSpan, Said

_LABELS: Final[dict[str, Literal["accepted", "rejected"]]] = {
    "accept": "accepted",
    "accepted": "accepted",
    "reject": "rejected",
    "rejected": "rejected",
}
_NOBODY: Final = "somebody in Phoenix"


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotated:
    """What annotations come to. `known` were taken before; `other` counts labels that decide nothing, `machines` those
    that no person made, `elsewhere` spans that are no candidates."""

    reviews: tuple[Review, ...]
    known: int
    other: Counter[str]
    machines: int
    elsewhere: int


async def by_annotations(
    spans: AsyncIterator[AnnotatedSpan],
    candidates: Iterable[Candidate],
    reviews: Mapping[str, Sequence[Review]],
    *,
    name: str,
) -> Annotated:
    """Return the decisions that people's annotations are: `accept` or `reject`, whatever their case.

    Each is its annotator's, made when the annotation was; one that was taken before is known again by that.
    """
    seen = {each.id: seen_of(each) for each in candidates if each.state is not State.GOLDEN}
    via = f"annotation {name}"
    found: list[Review] = []
    other: Counter[str] = Counter()
    known = machines = elsewhere = 0
    async for span in spans:
        identity = f"span:{span.span_id}"
        if identity not in seen:
            elsewhere += 1
            continue
        for said in sorted(span.said, key=lambda each: each.at):
            decision = _LABELS.get((said.label or "").strip().lower())
            if said.kind != HUMAN:
                machines += 1
            elif decision is None:
                other[said.label or "no label"] += 1
            else:
                review = _review(identity, said, decision, seen[identity], via)
                is_known = any(_same(review, each) for each in reviews.get(identity, ()))
                known += is_known
                found += [] if is_known else [review]
    return Annotated(reviews=tuple(found), known=known, other=other, machines=machines, elsewhere=elsewhere)


def _review(identity: str, said: Said, decision: Literal["accepted", "rejected"], seen: str, via: str) -> Review:
    return Review(
        id=identity,
        who=" ".join(said.by.split()) or _NOBODY,
        at=said.at,
        decision=decision,
        seen=seen,
        reason=" ".join((said.why or "").split()),
        via=via,
    )


def _same(review: Review, other: Review) -> bool:
    """Return whether both are one annotation of one candidate as it is."""
    return (review.who, review.at, review.via, review.decision, review.seen) == (
        other.who,
        other.at,
        other.via,
        other.decision,
        other.seen,
    )
