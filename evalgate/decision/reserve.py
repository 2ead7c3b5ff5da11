"""What a budget must hold before a screen begins: the screen, and the confirmation that it may call for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evalgate.decision.number_words import count
from evalgate.money import dollars

Limit = Literal["usd", "tokens", "calls"]
LIMITS: Final[tuple[Limit, ...]] = ("usd", "tokens", "calls")


@dataclass(frozen=True, kw_only=True, slots=True)
class PerRun:
    """What models took for each run of a suite, its evaluations included, in `build`. `usd` None: nobody knows."""

    build: int
    calls: float
    tokens: float
    usd: float | None

    def of(self, limit: Limit) -> float | None:
        """Return what one run takes of a limit; None where nobody knows."""
        return {"usd": self.usd, "tokens": self.tokens, "calls": self.calls}[limit]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """The runs that a suite draws first, and those of the confirmation that may follow; `each`: what one takes."""

    suite: str
    first: int
    confirmation: int
    each: PerRun | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reserve:
    """Whether what is left of a budget holds all stages. `told` is said in any case.

    `raised` is what the limit must be raised to before the screen may begin, as a command; None where it may.
    """

    told: str
    raised: str | None = None


def reserves(stages: Sequence[Stage], left: Mapping[Limit, float], spent: Mapping[Limit, float]) -> Iterator[Reserve]:
    """Yield what is to be said of each limit of a budget; nothing where no confirmation can follow.

    `left` has what each limit still allows, `spent` what the build took of it before.
    """
    if not any(stage.confirmation for stage in stages):
        return
    for limit in LIMITS:
        if limit in left:
            yield _reserve(limit, stages, left[limit], spent.get(limit, 0.0))


def _reserve(limit: Limit, stages: Sequence[Stage], left: float, spent: float) -> Reserve:
    unknown = sorted(stage.suite for stage in stages if stage.each is None or stage.each.of(limit) is None)
    if unknown:
        why = "no price is known" if any(stage.each for stage in stages if stage.suite in unknown) else "no build tells"
        return Reserve(
            told=f"What the confirmation may take of budget.{limit} is not known, so nothing is kept for it: {why} what"
            f" a run of {', '.join(unknown)} costs."
        )
    first, more = (_sum(limit, stages, which) for which in ("first", "confirmation"))
    builds = sorted({stage.each.build for stage in stages if stage.each is not None})
    known = f"as in build{'s' if len(builds) > 1 else ''} {', '.join(map(str, builds))}"
    parts = f"the screen (about {_amount(limit, first)}) and the confirmation that it may call for (about"
    if first + more <= left:
        return Reserve(told=f"The budget holds {parts} {_amount(limit, more)}), {known}.")
    return Reserve(
        told=f"{_amount(limit, left)} of the budget {'is' if limit == 'usd' else 'are'} left, which does not hold"
        f" {parts} {_amount(limit, more)}), {known}.",
        raised=f"raise budget.{limit} to {_enough(limit, spent + first + more)}",
    )


def _sum(limit: Limit, stages: Iterable[Stage], which: Literal["first", "confirmation"]) -> float:
    return sum(
        (stage.each.of(limit) or 0.0) * (stage.first if which == "first" else stage.confirmation)
        for stage in stages
        if stage.each is not None
    )


def _amount(limit: Limit, value: float) -> str:
    return dollars(value) if limit == "usd" else count(round(value), limit.removesuffix("s"))


def _enough(limit: Limit, value: float) -> str:
    """Return what the limit must be at least, a tenth more than reckoned: answers differ."""
    return dollars(1.1 * value).removeprefix("$").replace(",", "") if limit == "usd" else f"{round(1.1 * value)}"
