"""The server in a thread with a loop of its own: for tests whose main thread runs a whole command."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fake_model.rules import Rule
from tests.fake_model.server import FakeModel


@contextmanager
def served(*rules: Rule) -> Iterator[FakeModel]:
    """Serve; rules may be changed and counters read from outside."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="fake-model")
    thread.start()
    fake = FakeModel(*rules)
    try:
        asyncio.run_coroutine_threadsafe(fake.__aenter__(), loop).result(30)
        yield fake
        asyncio.run_coroutine_threadsafe(fake.__aexit__(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
