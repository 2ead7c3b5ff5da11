"""The labels of candidates as annotations of the spans that they came from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evalgate.curate.candidates import Candidate
from evalgate.curate.labelling.labelling import labels_of
from evalgate.curate.labelling.proposals import proposal_of
from evalgate.phoenix.annotations.writing import SpanLabel


def annotations_of(candidates: Iterable[Candidate], taxonomy: str, *, server: str) -> Iterator[SpanLabel]:
    """Yield what is to be said of spans of `server`: the first label of each, beside all of them and by which model."""
    for each in candidates:
        labels = labels_of(each, taxonomy)
        mark, span = proposal_of(each), each.source.get("span")
        if not labels or not isinstance(span, str):
            continue
        if each.source.get("server") == server:
            yield SpanLabel(
                span=span,
                name=taxonomy,
                label=labels[0],
                explanation=str(mark.get("explanation", "")),
                metadata={"labels": labels, "model": mark.get("model")},
            )
