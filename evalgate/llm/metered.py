"""The layer that knows what each call took and cost, and counts it against the budget."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TypeVar

from evalgate.llm.budget import Purse
from evalgate.llm.call import Reader, Request, Response, Sender
from evalgate.llm.prices import Prices, load
from evalgate.llm.tab import put_on_tab
from evalgate.llm.usage import usage_in

T = TypeVar("T")


class Metered:
    """Sends through `sender`; readers see what a response cost."""

    def __init__(self, sender: Sender, prices: Prices, purse: Purse) -> None:
        self._sender = sender
        self._prices = prices
        self._purse = purse
        self._loading: asyncio.Task[None] | None = None

    async def send(self, request: Request, read: Reader[T]) -> T:
        """Return what `read` makes of the response. Raises CallFailed as the sender does."""
        if self._loading is None:
            # In a thread, before anything is on its way whose latency it would disturb.
            self._loading = asyncio.create_task(asyncio.to_thread(load))
        if not self._loading.done():
            await asyncio.shield(self._loading)

        def priced(response: Response) -> T:
            if not response.good:
                return read(response)
            usage = usage_in(response.body, response.headers.get("content-type", ""))
            cost = None if usage is None else self._prices.of_call(request.endpoint, request.model, usage)
            paid = replace(response, cost=cost)
            # An answer that its reader refuses is paid for all the same, where it says that it took something.
            model = f"{request.endpoint.name}/{request.model}"
            if usage is not None:
                self._purse.pay(model, tokens=usage.total, cost=cost)
                put_on_tab(request, paid, usage)
                return read(paid)
            value = read(paid)
            self._purse.pay(model, tokens=None, cost=None)
            put_on_tab(request, paid, None)
            return value

        return await self._sender.send(request, priced)
