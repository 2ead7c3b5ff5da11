"""The budget of a build: adds up what is paid, and has the run stopped when one of its limits is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evalgate.decision.reserve import Limit
from evalgate.llm.halt import Halt
from evalgate.money import dollars
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.config import Budget


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What a build has paid for already, when it is gone on with."""

    usd: float = 0.0
    tokens: int = 0
    calls: int = 0
    seconds: float = 0.0


class Purse:
    """Counts against the limits of `budget`; `log` is told once of each model whose price or usage nobody knows.

    A call that is on its way when a limit is reached is paid for too: at most one for each that may be in flight.
    """

    def __init__(self, budget: Budget, halt: Halt, *, before: Spent, log: Callable[[str], None]) -> None:
        self._budget = budget
        self._halt = halt
        self._log = log
        self._usd, self._tokens, self._calls = before.usd, before.tokens, before.calls
        self._seconds = before.seconds
        self._unseen: set[str] = set()

    @property
    def seconds_left(self) -> float | None:
        """The time that this process may take; None without a limit."""
        return None if self._budget.minutes is None else self._budget.minutes * 60 - self._seconds

    def standing(self) -> tuple[dict[Limit, float], dict[Limit, float]]:
        """Return what is left of each limit that there is but time, and what was taken of it."""
        limits: dict[Limit, float | None]
        limits = {"usd": self._budget.usd, "tokens": self._budget.tokens, "calls": self._budget.calls}
        taken: dict[Limit, float] = {"usd": self._usd, "tokens": self._tokens, "calls": self._calls}
        left: dict[Limit, float] = {name: most - taken[name] for name, most in limits.items() if most is not None}
        return left, {name: taken[name] for name in left}

    def check(self) -> None:
        """Stop the run if a limit is reached: a build that is gone on with may have nothing left."""
        budget = self._budget
        if budget.usd is not None and self._usd >= budget.usd:
            self._stop("usd", f"{dollars(self._usd)} of {dollars(budget.usd)}")
        elif budget.tokens is not None and self._tokens >= budget.tokens:
            self._stop("tokens", f"{self._tokens:,} of {budget.tokens:,} tokens")
        elif budget.calls is not None and self._calls >= budget.calls:
            self._stop("calls", f"{self._calls:,} of {budget.calls:,} calls")
        elif self.seconds_left is not None and self.seconds_left <= 0:
            self.out_of_time()

    def pay(self, model: str, *, calls: int = 1, tokens: int | None, cost: float | None) -> None:
        """Count calls of a model that were paid for. `tokens` and `cost` are None where nobody knows."""
        self._calls += calls
        self._tokens += tokens or 0
        self._usd += cost or 0.0
        if tokens is None and self._budget.tokens is not None:
            self._say(model, "tokens", "its answers do not say what they took; limit calls or minutes instead")
        if cost is None and self._budget.usd is not None:
            self._say(
                model, "usd", f"its price is unknown; write it down: prices: {{{model}: {{input: …, output: …}}}}"
            )
        self.check()

    def out_of_time(self) -> None:
        """Stop the run: its minutes are over."""
        self._stop("minutes", f"{self._budget.minutes:g} of {self._budget.minutes:g} minutes")

    def _stop(self, limit: str, used: str) -> None:
        self._halt(
            Unmeasurable.BUDGET,
            f"The budget is spent: {used}. What was answered is kept.",
            f"raise budget.{limit}, then {self._halt.goes_on}",
        )

    def _say(self, model: str, limit: str, why: str) -> None:
        if model not in self._unseen:
            self._unseen.add(model)
            self._log(f"budget.{limit} does not see what {model} uses: {why}")
