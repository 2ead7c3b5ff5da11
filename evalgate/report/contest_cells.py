"""A comparison of several in the words of its tables: the same cells on a terminal and in Markdown, not escaped yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from evalgate.decision.contest_results import (
    CheckInfo,
    Claim,
    ContenderResult,
    ContestResult,
    Level,
    Pair,
    PairCheck,
    Place,
    Standing,
    SuiteResult,
    Taken,
)
from evalgate.decision.number_words import some
from evalgate.money import dollars
from evalgate.report import formatting
from evalgate.report.formatting import UNKNOWN, count

LEGEND: Final = (
    "front: nobody is as good for less. behind X: X takes no more and is better, on evidence; with a question mark: as"
    " measured, which could be luck."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One contender: what it is worth and what it takes."""

    of: ContenderResult
    name: str
    quality: str
    total: str
    cost: str
    tokens: str
    median: str
    p95: str
    errors: str
    by_cost: str
    by_time: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PairLine:
    """One contender against the chosen one in one check."""

    of: PairCheck
    name: str
    check: str
    chosen: str
    own: str
    change: str
    between: str
    said: str


def lines(suite: SuiteResult) -> list[Line]:
    """Return the table of a suite: the chosen one first, the others as they were named."""
    return [_line(suite, each) for each in suite.contenders]


def _line(suite: SuiteResult, of: ContenderResult) -> Line:
    taken = of.taken
    return Line(
        of=of,
        name=of.name,
        quality=level(_level(of, suite.metric), _info(suite, suite.metric)),
        total=cost(taken.cost),
        cost=cost(taken.cost_per_run),
        tokens=UNKNOWN if taken.tokens_per_run is None else formatting.number(taken.tokens_per_run),
        median=_seconds(taken.latency_median),
        p95=_seconds(taken.latency_p95),
        errors=_errors(taken),
        by_cost=standing(of.by_cost),
        by_time=standing(of.by_latency),
    )


def pair_lines(suite: SuiteResult, pair: Pair) -> Iterator[PairLine]:
    """Yield what is said of one contender against the chosen one, check by check."""
    chosen = suite.contenders[0]
    own = next(each for each in suite.contenders if each.name == pair.name)
    for check in pair.checks:
        info, before, after = _info(suite, check.name), _level(chosen, check.name), _level(own, check.name)
        change = between = UNKNOWN
        compared = check.comparison
        if compared is not None:
            change = formatting.change(
                compared.delta, baseline=before.mean, candidate=after.mean, low=info.low, unit=info.unit
            )
            between = formatting.point_range(compared.interval) if compared.interval else UNKNOWN
        yield PairLine(
            of=check,
            name=pair.name,
            check=check.name,
            chosen=formatting.score(before.mean, low=info.low, high=info.high, unit=info.unit),
            own=formatting.score(after.mean, low=info.low, high=info.high, unit=info.unit),
            change=change,
            between=between,
            said=said(check),
        )


def said(check: PairCheck) -> str:
    """Return a claim in a few words."""
    if check.claim is Claim.AS_GOOD:
        if check.comparison is not None and check.comparison.changed == 0:
            return "no score differs"
        return f"no drop of {formatting.points(check.margin, signed=False)}"
    return check.claim.value


def explained(suite: SuiteResult) -> list[tuple[str, str]]:
    """Return (who and what, why) of every claim that rests on evidence, and of what could not be measured."""
    told = {Claim.WORSE, Claim.BETTER, Claim.UNMEASURABLE}
    return [
        (f"{pair.name} {check.name}", check.reason)
        for pair in suite.pairs
        for check in pair.checks
        if check.claim in told
    ]


def level(of: Level, info: CheckInfo) -> str:
    """Write a mean with where the true one could be: `84 % (76 to 90)`."""
    text = formatting.score(of.mean, low=info.low, high=info.high, unit=info.unit)
    if of.mean is None or of.low is None or of.high is None:
        return text
    low, high = (
        formatting.score(end, low=info.low, high=info.high, unit=info.unit).removesuffix(" %")
        for end in (of.low, of.high)
    )
    return f"{text} ({low} to {high})"


def cost(value: float | None) -> str:
    """Write what something costs; what nobody knows is not free."""
    return "unknown" if value is None else dollars(value)


def standing(of: Standing) -> str:
    """Write a place: `front`, `behind A`, `behind A?`."""
    if of.place is Place.PERHAPS:
        return f"behind {of.behind}?"
    return f"behind {of.behind}" if of.place is Place.BEHIND else of.place.value


def headline(suite: SuiteResult) -> str:
    """Return who won."""
    return f"winner: {suite.winner.name}" if suite.winner.name is not None else "no winner"


def subject(result: ContestResult, suite: SuiteResult) -> str:
    """Say who is compared on what."""
    times = f", {suite.repetitions} answers to each" if suite.repetitions > 1 else ""
    several = count(len(suite.contenders), "contender")
    return (
        f"{several} on {formatting.grouped(suite.examples, suite.clusters)} of {suite.file}{times}; each against"
        f" {result.chosen}; quality is {suite.metric}"
    )


def unknown_costs(suite: SuiteResult) -> str | None:
    """Say whose cost is not known, and how to make it known."""
    unpriced = [each.name for each in suite.contenders if each.taken.unpriced]
    if not unpriced:
        return None
    whose = "anybody" if len(unpriced) == len(suite.contenders) else some(unpriced, 3)
    return (
        f"Nobody knows what {whose} cost: a model without a known price, or a task that does not return its `usage`"
        " with a `cost`. What is not known is not taken for free."
    )


def _errors(taken: Taken) -> str:
    return f"{taken.errors:,} of {taken.runs:,}" if taken.errors else "0"


def _seconds(value: float | None) -> str:
    return UNKNOWN if value is None else formatting.seconds(value)


def _level(of: ContenderResult, check: str) -> Level:
    return next(level for level in of.levels if level.name == check)


def _info(suite: SuiteResult, check: str) -> CheckInfo:
    return next(info for info in suite.checks if info.name == check)
