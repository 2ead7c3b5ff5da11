"""Datasets of Phoenix brought here for a command: the one place where the gate's `Pull` is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from evalgate.gate.datasets import Pull, with_datasets
from evalgate.suite.config import DatasetRef
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.phoenix import PhoenixSettings

FOLDER: Final = "datasets"
"""Under `.evalgate`."""


def puller(
    config: Path,
    environ: Mapping[str, str],
    *,
    kept: Mapping[str, Any] | None = None,
    say: Callable[[str], None] | None = None,
) -> Pull:
    """Return what brings datasets here, each once for as long as the command runs.

    `config` is the config file, `kept` the recorded config of a build that is gone on with: it keeps its versions.
    `say` hears what takes time and what is odd; by default standard error.
    """
    from evalgate.cli.places import stored_at

    folder, began = stored_at(FOLDER), _versions(kept or {})
    known: dict[tuple[Any, ...], DatasetRef] = {}
    told = say if say is not None else _say

    def pull(ref: DatasetRef, settings: PhoenixSettings) -> DatasetRef:
        from evalgate.phoenix.address import address_in
        from evalgate.phoenix.datasets.copies import Copies
        from evalgate.phoenix.datasets.pulling import Asked
        from evalgate.phoenix.datasets.pulling import pull as pulled
        from evalgate.phoenix.datasets.reading import LATEST

        if ref.phoenix is None:
            raise TypeError("a dataset that is a file is here")
        address = address_in(settings, ref.server, environ, config=config)
        pinned = ref.version not in (None, LATEST)
        version = ref.version if pinned else began.get((ref.server, ref.phoenix))
        key = (address, ref.phoenix, version, ref.split)
        if key not in known:
            asked = Asked(dataset=ref.phoenix, version=version, split=ref.split)
            found = asyncio.run(pulled(address, asked, Copies(folder), told))
            known[key] = ref.pulled(found.path, found.version)
        return ref.pulled(known[key].path(Path()), str(known[key].version))

    return pull


def here(
    loaded: LoadedConfig,
    environ: Mapping[str, str],
    names: tuple[str, ...] = (),
    *,
    kept: Mapping[str, Any] | None = None,
) -> LoadedConfig:
    """Return a config whose named suites (no names: all) have their datasets here. Raises as `Pull` does."""
    return with_datasets(loaded, puller(loaded.path, environ, kept=kept), names)


def _versions(recorded: Mapping[str, Any]) -> dict[tuple[str | None, str], str]:
    """Return the version of each dataset in Phoenix that a recorded config has, by (server, name)."""
    refs = [suite["dataset"] for suite in recorded.get("suites", {}).values()]
    return {
        (ref.get("server"), ref["phoenix"]): ref["version"] for ref in refs if ref.get("phoenix") and ref.get("version")
    }


def _say(line: str) -> None:
    click.echo(line, err=True)
