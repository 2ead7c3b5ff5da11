"""One span that a program sent, as far as it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Ids in hexadecimal, `parent` "" for a root; `start` and `end` in seconds since 1970.

    `attributes` are of JSON's types, whatever was sent; texts are cut at a bound.
    """

    trace_id: str
    span_id: str
    parent: str = ""
    name: str = ""
    start: float = 0.0
    end: float = 0.0
    attributes: Mapping[str, Any] = field(default_factory=dict)
