"""SIGINT and SIGTERM: the first asks for a soft stop, the second ends it at once."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def soft_stop(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on the first signal and cancel the running task on the second. Call it inside the event loop.

    Signals reach the main thread alone: in another one nothing is watched.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def heard() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    watched = (signal.SIGINT, signal.SIGTERM)
    # signal.signal rather than the loop's own handlers, which Windows does not have.
    before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(heard)) for number in watched}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
