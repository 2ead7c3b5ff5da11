"""Where baselines are kept beside the journal, as the config says: the experiments of its Phoenix servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evalgate.suite.phoenix import PhoenixSettings

if TYPE_CHECKING:
    from evalgate.gate.baselines.elsewhere import Opened
    from evalgate.phoenix.experiments.baselines import PhoenixBaselines


def phoenix_baselines(settings: PhoenixSettings | None, file: Path, environ: Mapping[str, str]) -> Opened:
    """Return what opens the experiments of a server, by its name; `file` is the config's.

    A baseline that is in Phoenix needs no `phoenix:` in the config: then it is the server of PHOENIX_ENDPOINT.
    """

    @asynccontextmanager
    async def opened(name: str | None) -> AsyncIterator[PhoenixBaselines]:
        from evalgate.phoenix.address import address_in
        from evalgate.phoenix.connection import connect
        from evalgate.phoenix.experiments.baselines import PhoenixBaselines

        async with connect(address_in(settings or PhoenixSettings(), name, environ, config=file)) as connection:
            yield PhoenixBaselines(connection)

    return opened
