"""How much a text holds: what is too long is never cut, it is rendered again with less in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Detail(IntEnum):
    """How much a text holds; each step down leaves something out."""

    VERDICT = 0
    TABLES = 1
    REGRESSED = 2
    EVERYTHING = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """One step of a ladder: of one check and one direction at most `examples`, `text` characters of an answer."""

    detail: Detail
    examples: int = 30
    text: int = 3_000


WHOLE: Final = {detail: Rung(detail=detail) for detail in Detail}
"""The steps that leave out sections, and nothing within one."""
