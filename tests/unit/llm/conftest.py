"""What the tests of the model layer share: the fake server and a transport that waits no longer than it must."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from evalgate.llm.transport import Transport
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model", "transport"]


@pytest_asyncio.fixture
async def transport() -> AsyncIterator[Transport]:
    """A transport whose retries are spread as little as possible."""
    async with Transport(jitter=lambda: 0.02, max_bytes=1_000_000) as made:
        yield made
