"""How a command mirrors builds in Phoenix: the mirror with its effects, and a run that is mirrored beside."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.gate.mirror import Mirror
    from evalgate.gate.request import Request
    from evalgate.gate.run import Ended
    from evalgate.gate.world import World
    from evalgate.journal.store import Journal
    from evalgate.phoenix.address import Address
    from evalgate.suite.phoenix import PhoenixSettings


def make_mirror(
    settings: PhoenixSettings, store: Journal, config: Path, environ: Mapping[str, str], say: Callable[[str], None]
) -> Mirror:
    """Return what mirrors builds of a journal; `config` is the file of the settings."""
    from evalgate.gate.mirror import Mirror, MirrorEffects

    return Mirror(
        MirrorEffects(
            journal=store,
            settings=settings,
            address=lambda name: address_in(settings, config, name, environ),
            say=say,
            seconds=time.monotonic,
            new_uid=lambda: secrets.token_hex(16),
        )
    )


def address_in(settings: PhoenixSettings, config: Path, name: str | None, environ: Mapping[str, str]) -> Address:
    """Return where a server of a config file is. Raises ConfigurationError where nothing says it."""
    from evalgate.phoenix.address import address_of

    server = settings.server(name)
    if server is None:
        raise ConfigurationError(
            f"there is no server `{name}` under `phoenix.servers`", next_step=f"name it in {config.name}"
        )
    return address_of(name, server, environ, folder=config.parent)


def mirrored(
    work: Callable[[World], Awaitable[Ended]],
    request: Request,
    store: Journal,
    config: Path,
    environ: Mapping[str, str],
) -> Callable[[World], Awaitable[Ended]]:
    """Return the work of a run with its mirror beside it, where the config asks for one; a sample has none."""
    settings = request.config.phoenix
    if settings is None or not settings.publish or request.partial is not None:
        return work

    async def both(world: World) -> Ended:
        mirror = make_mirror(settings, store, config, environ, world.say)
        async with mirror.beside() as begun:
            ended = await work(replace(world, begun=begun, ending=mirror.ending))
        if ended.complete or ended.halted is not None:
            # A run that stopped by itself has set `stop`, and may be mirrored all the same.
            await mirror.finish(ended.build, stop=None if ended.halted is not None else world.stop)
        return ended

    return both
