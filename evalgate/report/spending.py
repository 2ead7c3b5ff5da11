"""What models took and cost in a suite, as one line for people and as JSON values for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from evalgate.money import dollars
from evalgate.report.formatting import count
from evalgate.report.formatting import seconds as duration
from evalgate.report.model import Spending, SuiteReport
from evalgate.report.rounding import significant

_DEAR: Final = 2.0  # times what an example costs on average
_NAMED: Final = 3
_REPETITIONS: Final = 3


def spending_line(shown: SuiteReport) -> str | None:
    """Return what all calls of models took; None where no model was called."""
    parts = shown.spending
    calls = sum(part.calls for part in parts)
    if not calls:
        return None
    tokens = sum(part.tokens for part in parts)
    sources = {
        "made in an earlier build": sum(part.taken_over for part in parts),
        "from the cache": sum(part.cached for part in parts),
    }
    kept = "".join(
        f", {'all' if number == calls else f'{number:,}'} of them {source}"
        for source, number in sources.items()
        if number
    )
    asides = _dearest(shown) + _together(parts)
    return f"Models: {count(calls, 'call')}{kept}; {count(tokens, 'token')}; {_cost(parts)}.{asides}"


def total_line(suites: Sequence[SuiteReport], seconds: float) -> str:
    """Return what a whole build took, in a few words: `$0.42 for 160 calls, $0.12 of it paid now; 12 s`."""
    parts = [part for shown in suites for part in shown.spending]
    calls = sum(part.calls for part in parts)
    runs = sum(side.runs for shown in suites for side in shown.counts.values())
    if not calls and not runs:
        return f"nothing was run, nothing was paid; {duration(seconds)}"
    if not calls:
        return f"{count(runs, 'run')}, no call of a model through evalgate; {duration(seconds)}"
    if all(part.unpriced == part.calls for part in parts):
        return f"{count(calls, 'call')} of models at a price that is unknown; {duration(seconds)}"
    cost, paid = sum(part.cost for part in parts), sum(part.paid for part in parts)
    kept = any(part.cached or part.taken_over for part in parts)
    now = "" if not kept else ", nothing of it paid now" if paid == 0 else f", {dollars(paid)} of it paid now"
    unpriced = sum(part.unpriced for part in parts)
    rest = f", and {count(unpriced, 'call')} at a price that is unknown" if unpriced else ""
    return f"{dollars(cost)} for {count(calls - unpriced, 'call')}{now}{rest}; {duration(seconds)}"


def more_examples(shown: SuiteReport, examples: int) -> str | None:
    """Say what 100 more examples like these would cost, both sides and all evaluators; None where nobody knows."""
    cost, unpriced = sum(part.cost for part in shown.spending), sum(part.unpriced for part in shown.spending)
    if not cost or unpriced or not examples:
        return None
    repeat = f"; {_REPETITIONS} repetitions of these, about {dollars(_about(_REPETITIONS * cost / shown.repetitions))}"
    return (
        f"100 more examples like these cost about {dollars(_about(100 * cost / examples))}"
        f"{repeat if shown.repetitions < _REPETITIONS else ''}."
    )


def _about(value: float) -> float:
    return float(f"{value:.2g}")


def _cost(parts: Sequence[Spending]) -> str:
    unpriced = sum(part.unpriced for part in parts)
    if unpriced == sum(part.calls for part in parts):
        return "the price is unknown (write it down under `prices:`)"
    cost, paid = sum(part.cost for part in parts), sum(part.paid for part in parts)
    if not any(part.cached or part.taken_over for part in parts):
        now = ""
    else:
        now = ", nothing of it paid now" if paid == 0 else f", {dollars(paid)} of it paid now"
    by = f" ({', '.join(f'{part.who} {dollars(part.cost)}' for part in parts if part.calls)})" if len(parts) > 1 else ""
    rest = f"; the price of {count(unpriced, 'more call')} is unknown" if unpriced else ""
    return f"{dollars(cost)}{now}{by}{rest}"


def _dearest(shown: SuiteReport) -> str:
    """Name the examples that cost far more than others: where money is to be saved."""
    cost = sum(part.cost for part in shown.spending)
    mean = cost / shown.priced_examples if shown.priced_examples else 0.0
    dear = [f"{name} ({dollars(each)})" for name, each in shown.dearest if each > _DEAR * mean][:_NAMED]
    return f" The dearest: {', '.join(dear)}." if dear else ""


def _together(parts: Sequence[Spending]) -> str:
    """Say so where calls are known of a whole side only."""
    runs = sum(part.together for part in parts)
    if not runs:
        return ""
    return f" Which of {count(runs, 'run')} made which call is not known: their cost is that of the whole."


def spending_json(shown: SuiteReport) -> dict[str, Any]:
    """Return it as JSON values; usd is what the priced calls cost when they were made."""
    return {
        "parts": [
            {
                "who": part.who,
                "calls": part.calls,
                "from_cache": part.cached,
                "taken_over": part.taken_over,
                "tokens": part.tokens,
                "usd": None if part.unpriced == part.calls else significant(part.cost),
                "usd_paid_now": None if part.unpriced == part.calls else significant(part.paid),
                "unpriced_calls": part.unpriced,
                "unseen": part.unseen,
                "together": part.together,
            }
            for part in shown.spending
        ],
        "dearest": [{"id": name, "usd": significant(each)} for name, each in shown.dearest],
    }
