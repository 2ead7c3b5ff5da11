"""What the page shows beside a report: every example's scores, and its answers as long as there is room for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evalgate.decision.each_example import EachExample
from evalgate.records import Example, Json, Side
from evalgate.report.model import SideView


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One answer to one example. `cost` is in US dollars, `tokens` both ways; None where nobody knows."""

    view: SideView
    cost: float | None = None
    tokens: int | None = None
    more: tuple[tuple[str, Json], ...] = ()
    """What else was returned with the answer, by name: `context`, `tool_calls`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExploredExample:
    """One example with every answer that was drawn for the decision, by side; no baseline: ()."""

    example: Example
    candidate: tuple[Sample, ...]
    baseline: tuple[Sample, ...] = ()
    link: str | None = None
    """The address of the example in Phoenix."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Margin:
    """What a check asks of the difference, as a share of its range (of what the baseline takes), + is better.

    `low` and `high` are the ends that it asks it to stay beyond, None where it asks nothing. `told` says so.
    """

    low: float | None = None
    high: float | None = None
    told: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """What one answer took on average on one side, over the examples: seconds and dollars, None where unknown."""

    seconds: Sequence[float | None]
    dollars: Sequence[float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExploredSuite:
    """One suite. Sequences are over `each.example_ids`, in their order.

    `read` returns one example, None where it is not recorded. `settings` is what the build was made under, as JSON
    values; `fingerprints` names what the two sides are made of.
    """

    each: EachExample
    build: int
    read: Callable[[str], ExploredExample | None]
    margins: Mapping[str, Margin] = field(default_factory=dict)
    took: Mapping[Side, Took] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    fingerprints: tuple[tuple[str, str], ...] = ()
    differs: tuple[str, ...] = ()
    """The files and parameters of the task that are not the same on both sides."""
