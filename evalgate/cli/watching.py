"""Work of a build or of a study done with its progress shown, and stopped softly by a signal."""

from __future__ import annotations

import asyncio
import gc
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from evalgate.cli.models import CacheChoice
    from evalgate.gate.request import Request
    from evalgate.gate.run import Ended
    from evalgate.gate.world import World
    from evalgate.journal.store import Journal
    from evalgate.report.progress import HowFar

_Done = TypeVar("_Done")


async def supervised(
    request: Request,
    store: Journal,
    environ: Mapping[str, str],
    *,
    cache: CacheChoice,
    quiet: bool,
    resume: int | None,
) -> Ended:
    """Run the build with its progress shown, stopping softly on the first signal and at once on the second."""
    from evalgate.gate.run import run_build

    return await watched(
        lambda effects: run_build(request, effects, resume=resume),
        request,
        store,
        environ,
        cache=cache,
        quiet=quiet,
        resume=resume,
    )


async def watched(
    work: Callable[[World], Awaitable[_Done]],
    request: Request,
    store: Journal,
    environ: Mapping[str, str],
    *,
    cache: CacheChoice,
    quiet: bool,
    resume: int | None,
    file: Path = Path("evalgate.yaml"),
    beside: Callable[[Callable[[], HowFar]], AbstractAsyncContextManager[None]] | None = None,
) -> _Done:
    """Do some work of a request in the same way, and return what comes of it. `file` is the config's.

    What is done `beside` it gets what says how far it is.
    """
    from evalgate.cli.compose import world
    from evalgate.cli.signals import soft_stop
    from evalgate.report.progress import Mode, Progress

    mode = Mode.QUIET if quiet else Mode.LIVE if sys.stderr.isatty() else Mode.PLAIN
    progress = Progress(sys.stderr, time.monotonic, mode=mode, width=shutil.get_terminal_size().columns)
    stop = asyncio.Event()
    with soft_stop(stop), closing(progress):
        async with (
            AsyncExitStack() as effects_of,
            world(
                journal=store,
                config=request.config,
                prices=request.prices,
                environ=environ,
                cache=cache,
                resume=resume,
                observer=progress,
                expect=progress.expect,
                log=progress.note,
                stop=stop,
                file=file,
            ) as effects,
        ):
            if beside is not None:
                await effects_of.enter_async_context(beside(progress.how_far))
            gc.freeze()  # all that is there by now stays to the end: no call waits while it is searched for garbage
            return await work(effects)
