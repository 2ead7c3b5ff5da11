"""How amounts and their changes are said: rises and falls in per cent of what the baseline takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from evalgate.decision.results import Comparison, Interval
from evalgate.money import dollars
from evalgate.suite.resources import Resource

_SUBJECT: Final = {
    Resource.COST: "Cost per answer",
    Resource.TOKENS: "Tokens per answer",
    Resource.LATENCY: "Time per answer",
}
_LEAST: Final = 0.01
NEAR_CLIP: Final = 0.005
"""So near to the factor at which ratios are clipped, a change is at least that large."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """What the pairs took in all, each example counted once."""

    candidate: float
    baseline: float

    @property
    def text(self) -> str:
        """How the total changed, in per cent: `+240 %`."""
        if not self.baseline:
            return "none before" if self.candidate else "no change"
        return percent_number(self.candidate / self.baseline - 1, signed=True) + " %"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """How much more or less one answer takes, and where that could really be, in shares of what the baseline takes."""

    delta: float
    where: Interval | None
    resource: Resource
    label: str
    most: float = 3.0
    """The factor at which ratios are clipped."""

    @property
    def text(self) -> str:
        """The change in words: `Cost per answer rose 24 % against main (18 to 31 %)`."""
        subject, delta = _SUBJECT[self.resource], self.delta
        where = f" ({span(self.where, falling=delta > 0)})" if self.where else ""
        if percent_number(delta) == "0":
            return f"{subject} stayed as on {self.label}{where}"
        if -delta >= self.most - 1 - NEAR_CLIP:
            return f"{subject} rose to {self.most:.3g} times that of {self.label} or more"
        if delta >= 1 - 1 / self.most - NEAR_CLIP:
            return f"{subject} fell {rise(delta)} or more against {self.label}"
        return f"{subject} {'rose' if delta < 0 else 'fell'} {rise(delta)} against {self.label}{where}"

    @property
    def clause(self) -> str:
        """The same within a sentence."""
        return f"{self.text[0].lower()}{self.text[1:]}"

    @property
    def signed(self) -> str:
        """A change that fits none, within a sentence: `cost per answer +1.5 % against main (−0.1 to +7 %)`."""
        subject, where = _SUBJECT[self.resource], f" ({span(self.where)})" if self.where else ""
        size = percent_number(-self.delta, signed=True)
        return f"{subject[0].lower()}{subject[1:]} {size} % against {self.label}{where}"


def amount(value: float, resource: Resource) -> str:
    """Return an amount with its unit: `$0.00123`, `1,240 tokens`, `1.32 s`."""
    match resource:
        case Resource.COST:
            return dollars(value)
        case Resource.TOKENS:
            number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
            return f"{number} {'token' if number == '1' else 'tokens'}"
        case Resource.LATENCY:
            return f"{value:,.0f} s" if value >= 100 else f"{value:.3g} s"


def percent_number(share: float, *, signed: bool = False) -> str:
    """Return a share in per cent without the sign for it: whole from 10 on, tenths below; what is no 0 is none."""
    size = abs(100 * share)
    text = f"{size:,.0f}" if size >= 9.95 else f"{size:.1f}".removesuffix(".0")
    if text == "0":
        return "0" if size < _LEAST else "about 0"
    sign = "−" if share < 0 else "+" if signed else ""
    return f"{sign}{text}"


def rise(share: float) -> str:
    """Return the size of a rise: `24 %`."""
    return f"{percent_number(abs(share))} %"


def span(where: Interval, *, falling: bool = False) -> str:
    """Return where a rise could really be: `18 to 31 %`, `−3 to +5 %`; turned where the sentence says a fall.

    With signs + is a rise, whatever the sentence says, as in the tables.
    """
    signed = where.low < 0 < where.high
    low, high = (where.low, where.high) if falling and not signed else (-where.high, -where.low)
    ends = [percent_number(end, signed=signed) for end in (low, high)]
    return f"{ends[0]} to {ends[1]} %"


def changed(compared: Comparison, resource: Resource, label: str) -> str:
    """Return the change in words: `Cost per answer rose 24 % against main (18 to 31 %)`."""
    return Change(delta=compared.delta, where=compared.interval, resource=resource, label=label).text
