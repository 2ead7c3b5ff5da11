"""What people and programs said of a candidate's span, as it was pulled with it. Pure."""

from __future__ import annotations

from typing import Any, Final

from evalgate.curate.candidates import Candidate

REMARKS: Final = "annotations"
"""The mark: a list of {"name", "label", "score", "annotator"}."""


def remarks_of(candidate: Candidate) -> list[dict[str, Any]]:
    """Return what was said, without what is none: the file may have been edited."""
    said = candidate.marks.get(REMARKS)
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
