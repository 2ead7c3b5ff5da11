"""How a command mirrors builds in Phoenix: the mirror with its effects, and a run that is mirrored beside."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from evalgate.gate.mirror.mirror import Mirror
    from evalgate.gate.request import Request
    from evalgate.gate.world import World
    from evalgate.journal.store import Journal
    from evalgate.suite.phoenix import PhoenixSettings
    from evalgate.traces.store import TraceStore


_Done = TypeVar("_Done")


def make_mirror(
    settings: PhoenixSettings,
    store: Journal,
    config: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    traces: TraceStore | None = None,
) -> Mirror:
    """Return what mirrors builds of a journal; `config` is the file of the settings, `traces` a build's at work."""
    from evalgate.gate.mirror.mirror import Mirror, MirrorEffects
    from evalgate.phoenix.address import address_in

    return Mirror(
        MirrorEffects(
            journal=store,
            settings=settings,
            address=lambda name: address_in(settings, name, environ, config=config),
            say=say,
            seconds=time.monotonic,
            new_uid=lambda: secrets.token_hex(16),
            traces=traces,
        )
    )


def mirrored(
    work: Callable[[World], Awaitable[_Done]],
    request: Request,
    store: Journal,
    config: Path,
    environ: Mapping[str, str],
) -> Callable[[World], Awaitable[_Done]]:
    """Return some work with the mirrors of its builds beside it, where the config asks for any; a sample has none."""
    settings = request.config.phoenix
    if settings is None or not settings.publish or request.partial is not None:
        return work

    async def both(world: World) -> _Done:
        mirror = make_mirror(settings, store, config, environ, world.say, traces=world.tracer)
        builds: list[int] = []
        async with mirror.beside() as begun:

            def hear(build_id: int) -> None:
                builds.append(build_id)
                begun(build_id)

            done = await work(replace(world, begun=hear, ending=mirror.ending))
        halted = world.halted() is not None
        for build_id in builds:
            if halted or store.build(build_id).complete:
                # A run that stopped by itself has set `stop`, and may be mirrored all the same.
                await mirror.finish(build_id, stop=None if halted else world.stop)
        return done

    return both
