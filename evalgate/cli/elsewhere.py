"""Where baselines are kept beside the journal, as the config says: the experiments of its Phoenix servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evalgate.errors import ConfigurationError
from evalgate.suite.phoenix import PhoenixSettings

if TYPE_CHECKING:
    from evalgate.gate.elsewhere import Opened
    from evalgate.phoenix.address import Address
    from evalgate.phoenix.baselines import PhoenixBaselines


def address(name: str | None, settings: PhoenixSettings | None, environ: Mapping[str, str], folder: Path) -> Address:
    """Return where a server of the config is, None for the one without a name. Raises ConfigurationError.

    `folder` is the config's. A baseline that names Phoenix needs no `phoenix:` in the config.
    """
    from evalgate.phoenix.address import address_of

    server = (settings or PhoenixSettings()).server(name)
    if server is None:
        raise ConfigurationError(
            f"there is no server `{name}` under `phoenix.servers`", next_step="name it in the config"
        )
    return address_of(name, server, environ, folder=folder)


def phoenix_baselines(settings: PhoenixSettings | None, environ: Mapping[str, str], folder: Path) -> Opened:
    """Return what opens the experiments of a server, by its name."""

    @asynccontextmanager
    async def opened(name: str | None) -> AsyncIterator[PhoenixBaselines]:
        from evalgate.phoenix.baselines import PhoenixBaselines
        from evalgate.phoenix.connection import connect

        async with connect(address(name, settings, environ, folder)) as connection:
            yield PhoenixBaselines(connection)

    return opened
