"""Pytest fixtures; a conftest that imports them has them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.fake_model.server import FakeModel


@pytest_asyncio.fixture
async def fake_model() -> AsyncIterator[FakeModel]:
    """A fresh server in the test's own loop."""
    async with FakeModel() as fake:
        yield fake
