"""What steps, models and people noted of a candidate, in the words that whoever reviews it reads."""

from __future__ import annotations

from collections.abc import Iterator

from evalgate.curate.candidates import Candidate
from evalgate.curate.cleaning.redaction import REDACTED
from evalgate.curate.labelling.proposals import PROPOSED, proposal_of
from evalgate.curate.pulling.remarks import REMARKS, remarks_of
from evalgate.curate.reviewing.reviews import DECIDED
from evalgate.records import Json
from evalgate.report.answers import one_line


def noted(candidate: Candidate) -> Iterator[tuple[str, str]]:
    """Yield by name what a model proposed beside an answer, what steps marked, and what was said of the span."""
    suggested = proposal_of(candidate)
    for key in ("labels", "explanation"):
        if suggested.get(key):
            yield key, listed(suggested[key])
    for key, each in candidate.marks.items():
        if key not in (PROPOSED, DECIDED, REMARKS):
            yield key, _replaced(each) if key == REDACTED else listed(each)
    for remark in remarks_of(candidate):
        if isinstance(remark, dict):
            value = remark.get("label") if remark.get("label") is not None else remark.get("score")
            yield str(remark.get("name")), f"{one_line(value)} ({remark.get('annotator')})"


def listed(value: Json) -> str:
    """Return what a step found on one line: texts in a row as they are, anything else as JSON."""
    texts = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
    return ", ".join(texts) if isinstance(value, list) and len(texts) == len(value) else one_line(value)


def _replaced(mark: Json) -> str:
    """Return what was replaced, and how often: by which key pseudonyms were made tells a reviewer nothing."""
    counts = mark.items() if isinstance(mark, dict) else ()
    return ", ".join(f"{count} {kind}" for kind, count in counts if isinstance(count, int)) or listed(mark)
