"""What the calls made for one run or one evaluation used, added up where they are made.

The tab that is open is known by context, so that a judge within a library, or a call within a thread, is on it too.
Where somebody wants to see the calls themselves, it keeps them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from evalgate.llm.call import Request, Response
from evalgate.llm.usage import TokenUsage
from evalgate.records import ModelCall, Usage


class Tab:
    """Calls, added up by model and by whether they came from the cache. `example` is the example they are made for.

    `made` has the calls themselves where it `keeps` them.
    """

    def __init__(self, example: str = "", *, keeps: bool = False) -> None:
        self.example = example
        self.calls = 0
        self.keeps = keeps
        self.made: list[ModelCall] = []
        self._sums: dict[tuple[str, bool], Usage] = {}
        self._blind = False

    def add(self, request: Request, response: Response, usage: TokenUsage | None) -> None:
        """Put one answered call on the tab. `usage` None: the answer did not say what it took."""
        self.calls += 1
        model = f"{request.endpoint.name}/{request.model}"
        one = None if usage is None else usage.of(model, cost=response.cost, from_cache=response.from_cache)
        if self.keeps:
            self.made.append(_kept(request, response, one))
        if one is None:
            self._blind = True
            return
        before = self._sums.get((model, response.from_cache))
        self._sums[model, response.from_cache] = one if before is None else before.plus(one)

    def usage(self) -> tuple[Usage, ...] | None:
        """Return what was used; () where nothing was called, None where an answer did not say what it took."""
        return None if self._blind else tuple(self._sums.values())


_OPEN: Final[ContextVar[Tab | None]] = ContextVar("tab", default=None)


@contextmanager
def opened_tab(example: str = "", *, keeps: bool = False) -> Iterator[Tab]:
    """Put every call made within the block, and by what is started within it, on one tab."""
    tab = Tab(example, keeps=keeps)
    token = _OPEN.set(tab)
    try:
        yield tab
    finally:
        _OPEN.reset(token)


@contextmanager
def on_tab(tab: Tab | None) -> Iterator[None]:
    """Put every call made within the block on a tab that is kept elsewhere; None: on no tab."""
    token = _OPEN.set(tab)
    try:
        yield
    finally:
        _OPEN.reset(token)


def example_at_work() -> str:
    """Return the id of the example that calls are being made for; "" where that is not known."""
    tab = _OPEN.get()
    return "" if tab is None else tab.example


def tab_beside(example: str) -> Tab:
    """Return a tab for what a program calls within the run at work; it keeps calls where the open one does."""
    tab = _OPEN.get()
    return Tab(example, keeps=tab is not None and tab.keeps)


def show(made: list[ModelCall]) -> None:
    """Let the open tab show calls that another one has counted."""
    tab = _OPEN.get()
    if tab is not None and tab.keeps:
        tab.made.extend(made)


def put_on_tab(request: Request, response: Response, usage: TokenUsage | None) -> None:
    """Add one answered call to the tab that is open, if one is."""
    tab = _OPEN.get()
    if tab is not None:
        tab.add(request, response, usage)


def _kept(request: Request, response: Response, usage: Usage | None) -> ModelCall:
    took = 0.0 if response.from_cache else response.latency
    return ModelCall(
        endpoint=request.endpoint.name,
        model=request.model,
        asked=request.body,
        answered=response.body,
        content_type=response.headers.get("content-type", ""),
        started=time.time() - took,
        seconds=took,
        usage=usage,
    )
