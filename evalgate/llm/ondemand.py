"""The transport, made by the first request that needs it: a run whose answers are all cached imports no client."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from evalgate.llm.call import Reader, Request

if TYPE_CHECKING:
    from evalgate.llm.transport import Transport

T = TypeVar("T")


class OnDemand:
    """Stands for a Transport that there may never be. The caller closes it."""

    def __init__(self, *, trust_env: bool, halted: Callable[[], bool]) -> None:
        self._trust_env = trust_env
        self._halted = halted
        self._transport: Transport | None = None

    async def send(self, request: Request, read: Reader[T]) -> T:
        """Send it as the transport does."""
        if self._transport is None:
            from evalgate.llm.transport import Transport

            self._transport = Transport(trust_env=self._trust_env, halted=self._halted)
        return await self._transport.send(request, read)

    async def close(self) -> None:
        """Close the transport, where one was made."""
        if self._transport is not None:
            await self._transport.close()
