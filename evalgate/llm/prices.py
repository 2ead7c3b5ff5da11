"""What a call costs: the config's own prices first, then the list of genai-prices; where neither knows, nobody does.

Nothing is guessed: a list price holds for the provider that the endpoint's address or its `provider` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.usage import TokenUsage
from evalgate.records import Usage
from evalgate.suite.config import Price

_MILLION: Final = 1_000_000
_TIERS: Final = frozenset({"flex", "priority"})


def load() -> None:
    """Read the price list now, which takes a while, so that no call in flight has to wait for it."""
    _listed("", TokenUsage(input_tokens=0, output_tokens=0), provider="")  # importing it reads no prices yet


class Prices:
    """Prices by `endpoint/model`, as the config writes it; `last` are for models that nobody else knows."""

    def __init__(self, own: Mapping[str, Price], *, last: Mapping[str, Price] | None = None) -> None:
        self._own = own
        self._last = last or {}

    def of_call(self, endpoint: ModelEndpoint, model: str, usage: TokenUsage) -> float | None:
        """Return what a call of ours cost, in US dollars; None where nobody knows."""
        name = f"{endpoint.name}/{model}"
        own = self._own.get(name)
        if own is not None:
            return _at(own, usage)
        if endpoint.provider is not None:
            return self._or_last(name, usage, _listed(model, usage, provider=endpoint.provider))
        return self._or_last(name, usage, _listed(model, usage, address=endpoint.base_url))

    def of_declared(self, usage: Usage) -> float | None:
        """Return the cost of what a task says that it used: the one that it states, or that of the model it names."""
        if usage.cost is not None:
            return usage.cost
        counts = TokenUsage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            reasoning_tokens=usage.reasoning_tokens,
        )
        own = self._own.get(usage.model)
        if own is not None:
            return _at(own, counts)
        return self._or_last(usage.model, counts, _listed(usage.model, counts))

    def _or_last(self, name: str, usage: TokenUsage, listed: float | None) -> float | None:
        last = self._last.get(name)
        return _at(last, usage) if listed is None and last is not None else listed


def _at(price: Price, usage: TokenUsage) -> float:
    cached = price.input if price.cached_input is None else price.cached_input
    kept = min(usage.cached_tokens, usage.input_tokens)
    plain = usage.input_tokens - kept
    return (plain * price.input + kept * cached + usage.output_tokens * price.output) / _MILLION


def _listed(model: str, usage: TokenUsage, *, provider: str | None = None, address: str | None = None) -> float | None:
    from genai_prices import Usage as Counts
    from genai_prices import calc_price

    cached = min(usage.cached_tokens, usage.input_tokens)
    counts = Counts(
        input_tokens=usage.input_tokens,
        cache_read_tokens=cached,
        cache_write_tokens=min(usage.written_tokens, usage.input_tokens - cached),
        output_tokens=usage.output_tokens,
    )
    tier = {"service_tier": usage.tier} if usage.tier in _TIERS else None
    try:
        if address is not None:
            found = calc_price(counts, model, provider_api_url=address, price_context=tier)
        else:
            found = calc_price(counts, model, provider_id=provider, price_context=tier)
    except (LookupError, ValueError):
        return None
    return float(found.total_price)
