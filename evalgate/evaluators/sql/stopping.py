"""A clock beside a query: it interrupts the database, and the reason given is the time, not the interrupt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evalgate.evaluators.sql.answers import QueryError


@contextmanager
def stopped_after(seconds: float, interrupt: Callable[[], object]) -> Iterator[None]:
    """Call `interrupt` once `seconds` are over. Raises QueryError in place of whatever the body raises from then on."""
    over = threading.Event()

    def stop() -> None:
        over.set()
        interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if over.is_set():
            raise QueryError("execute", f"it ran for over {seconds:g} s") from error
        raise
    finally:
        timer.cancel()
        timer.join()
