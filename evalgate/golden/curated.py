"""What an example says of the span that it was made of, under `metadata.curated`; and its metadata without that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from evalgate.records import Example

CURATED: Final = "curated"
"""The key of an example's metadata: what ORIGIN names, and "history": [{"at", "what", "by", "why"}]."""
ORIGIN: Final = ("span", "trace", "session", "project")
"""What an example keeps of where its candidate came from, as far as that is known."""
_SPAN_ID: Final = re.compile(r"[0-9a-f]{16}")


def span_of(metadata: Mapping[str, Any]) -> str | None:
    """Return the id of the span that an example was made of; None where it says none that is one."""
    curated = metadata.get(CURATED)
    span = curated.get("span") if isinstance(curated, Mapping) else None
    return span if isinstance(span, str) and _SPAN_ID.fullmatch(span) else None


def pulled_as(example: Example) -> str:
    """Return the id of the candidate that an example was made of: its span's, or its own where it names no span."""
    span = span_of(example.metadata)
    return example.id if span is None else f"span:{span}"


def uncurated(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata without where the example came from."""
    return {key: value for key, value in metadata.items() if key != CURATED}
