"""One sample at a time: a server holds runs of one sample, so that its calls are known to be draws of that sample."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Runs of one sample go together; those of another wait until none of it is left."""

    def __init__(self) -> None:
        self._sample = ""
        self._running = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def of(self, sample: str) -> AsyncIterator[None]:
        """Take part in the turn of `sample`, when it is that."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._running == 0 or self._sample == sample)
            self._sample = sample
            self._running += 1
        try:
            yield
        finally:
            async with self._changed:
                self._running -= 1
                self._changed.notify_all()
