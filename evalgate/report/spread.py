"""How the answers of a check are spread, in words: a sentence for a terminal, rows of counts for a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from evalgate.decision.distribution import Distribution, Spread, Tally
from evalgate.decision.results import SuiteDecision
from evalgate.report import formatting
from evalgate.report.model import SuiteReport

_NAMED: Final = 6
"""So many labels or scores are read in one sentence."""
_PLACES: Final = ("lowest", "a quarter up to", "half up to", "three quarters up to", "highest")


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """One row: a label, a score or a range, and how many answers of each side it has."""

    name: str
    baseline: str
    candidate: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The spread of one check. `head` says what is counted."""

    check: str
    head: str
    counts: tuple[Count, ...]


def sentences(suite: SuiteDecision, shown: SuiteReport) -> Iterator[tuple[str, str]]:
    """Yield (check, sentence) for each check whose answers are spread otherwise on the two sides."""
    for check in suite.checks:
        spread = check.distribution
        if spread is not None and spread.differs and len(spread.tallies) > 1:
            yield check.name, _sentence(spread, shown.units.get(check.name))


def tables(suite: SuiteDecision, shown: SuiteReport) -> Iterator[Table]:
    """Yield the counts of each check that is spread over more than one label, score or range."""
    for check in suite.checks:
        spread = check.distribution
        if spread is not None and len(spread.tallies) > 1:
            unit = shown.units.get(check.name)
            head = "label" if spread.of is Spread.LABELS else unit or "score"
            yield Table(check=check.name, head=head, counts=tuple(_counts(spread)))


def _sentence(spread: Distribution, unit: str | None) -> str:
    """Return what follows the check's name: `labels (answers, baseline → candidate): refund (9 → 1), …`."""
    of = ["baseline → candidate"] if spread.tallies[0].baseline is not None else []
    if spread.of is not Spread.RANGES:
        told = ", ".join(f"{_name(spread, tally)} ({_answers(tally)})" for tally in _few(spread))
        return f"{spread.of.value} (answers{', ' if of else ''}{''.join(of)}): {told}{_rest(spread)}."
    sides = [spread.baseline_quartiles, spread.candidate_quartiles] if of else [spread.candidate_quartiles]
    ends = [[formatting.UNKNOWN] * len(_PLACES) if side is None else _written(side) for side in sides]
    told = ", ".join(f"{place} {_arrow(list(both))}" for place, *both in zip(_PLACES, *ends, strict=True))
    said = ", ".join([*([unit] if unit else []), *of])
    return f"values ({said}): {told}." if said else f"values: {told}."


def _few(spread: Distribution) -> tuple[Tally, ...]:
    return spread.tallies[:_NAMED] if spread.of is Spread.LABELS else spread.tallies


def _rest(spread: Distribution) -> str:
    """Return the labels that are not named, summed."""
    if spread.of is not Spread.LABELS:
        return ""
    left = [*spread.tallies[_NAMED:], *([spread.others] if spread.others else [])]
    if not left:
        return ""
    both = [sum(tally.candidate for tally in left)]
    if left[0].baseline is not None:
        both.insert(0, sum(tally.baseline or 0 for tally in left))
    return f", other labels ({_arrow([f'{number:,}' for number in both])})"


def _answers(tally: Tally) -> str:
    sides = [tally.candidate] if tally.baseline is None else [tally.baseline, tally.candidate]
    return _arrow([f"{number:,}" for number in sides])


def _arrow(sides: list[str]) -> str:
    """Return both sides, or one where they are the same."""
    return sides[0] if len(set(sides)) == 1 else " → ".join(sides)


def _written(ends: tuple[float, ...]) -> list[str]:
    return [formatting.number(end) for end in ends]


def _counts(spread: Distribution) -> Iterator[Count]:
    rows = [(_name(spread, tally), tally) for tally in spread.tallies]
    rows += [(f"{spread.others.name} labels", spread.others)] if spread.others else []
    totals = [sum(tally.candidate for _, tally in rows), sum(tally.baseline or 0 for _, tally in rows)]
    for name, tally in rows:
        yield Count(
            name=name,
            baseline=formatting.UNKNOWN if tally.baseline is None else _share(tally.baseline, totals[1]),
            candidate=_share(tally.candidate, totals[0]),
        )


def _share(number: int, total: int) -> str:
    return f"{number:,} ({formatting.percent(number / total)})" if number else "0"


def _name(spread: Distribution, tally: Tally) -> str:
    if tally.low is None or tally.high is None:
        return tally.name
    low = formatting.number(tally.low)
    return f"{low} to {formatting.number(tally.high)}" if spread.of is Spread.RANGES else low
