"""What a model proposed of a candidate, as the candidate keeps it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evalgate.curate.candidates import Candidate
from evalgate.records import Json

PROPOSED: Final = "proposed"
"""The mark: {"labels", "explanation", "output", "taxonomy", "model", "asked"}, or why there are no labels."""


def proposal_of(candidate: Candidate) -> Mapping[str, Json]:
    """Return what was proposed; empty where nothing was."""
    mark = candidate.marks.get(PROPOSED)
    return mark if isinstance(mark, Mapping) else {}
