"""SIGINT and SIGTERM in a step of curation: one line that says what is kept, and the command that goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import click

from evalgate.cli.lazy import LazyGroup
from evalgate.errors import Interrupted

_KEPT: Final = {
    "pull": "what was read so far is kept",
    "clean": "candidates that were not cleaned are as they were",
    "sample": "the candidates are as they were",
    "label": "what was answered by then is kept",
    "analyze": "what was answered by then is kept",
    "review": "what was decided is kept",
    "push": "what was written stays, and nothing is there twice",
    "export": "files that were written are whole",
    "drift": "nothing was written",
    "run": "what was done is kept",
}


class StoppableGroup(LazyGroup):
    """A group of steps that may be stopped at any moment."""

    def invoke(self, ctx: click.Context) -> Any:
        """Do the step. Raises Interrupted where a signal ended it."""
        import asyncio

        try:
            with _term_as_int():
                return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort, asyncio.CancelledError):
            message = f"stopped; {_KEPT[str(ctx.invoked_subcommand)]}"
        except Interrupted as error:
            if ctx.invoked_subcommand != "run":
                raise
            message = f"{error.message}; {_KEPT['run']}"
        from evalgate.cli.asking import as_typed

        raise Interrupted(message, next_step=f"`{as_typed()}` goes on")


@contextmanager
def _term_as_int() -> Iterator[None]:
    """Have SIGTERM do what SIGINT does at that moment, in an event loop and out of one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(_: int, frame: FrameType | None) -> None:
        own = signal.getsignal(signal.SIGINT)
        if not callable(own):  # it is ignored, as for what a shell runs in the background
            raise KeyboardInterrupt
        own(signal.SIGINT, frame)

    before = signal.signal(signal.SIGTERM, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
