"""Where golden examples are that a command is given: in a file, or in Phoenix, as `phoenix:NAME@VERSION`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.asking import tell
from evalgate.cli.options import CONFIG_NAME

if TYPE_CHECKING:
    from evalgate.phoenix.address import Address
    from evalgate.records import Example

PREFIX: Final = "phoenix:"
_VERSION: Final = "RGF0YXNldFZlcnNpb24"
"""How ids of versions begin: a name may have an @ of its own."""

fields_option = click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="HERE=THERE",
    help="Where a thing stands in a file that names it differently: input.question=input.query.",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class InPhoenix:
    """A dataset in Phoenix as it was named; `version` is None for the newest."""

    name: str
    version: str | None = None


def in_phoenix(text: str) -> InPhoenix | None:
    """Return which dataset of Phoenix a text names; None where it names a file."""
    if not text.startswith(PREFIX):
        return None
    named = text.removeprefix(PREFIX)
    name, _, version = named.rpartition("@")
    if name and (version == "latest" or version.startswith(_VERSION)):
        return InPhoenix(name=name, version=version)
    return InPhoenix(name=named)


def address_for(config: Path, server: str | None, environ: Mapping[str, str]) -> Address:
    """Return where a server is: as the config says, or by the environment alone where there is no config.

    Raises ConfigurationError as `address_in` does.
    """
    from evalgate.phoenix.address import address_in
    from evalgate.suite.loading import load_config
    from evalgate.suite.phoenix import PhoenixSettings

    settings = PhoenixSettings()
    if config.is_file() or config != Path(CONFIG_NAME):
        loaded = load_config(config, environ=environ, overrides={}, committed=True, without_suites=True)
        settings = loaded.config.phoenix or settings
    return address_in(settings, server, environ, config=config)


def examples_in(address: Address, place: InPhoenix) -> tuple[list[Example], str]:
    """Return the examples of a version in Phoenix, and its id. Raises DatasetError, ErrorGroup and PhoenixError."""
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.reading import find_dataset, find_version, golden_examples, read_version

    async def read() -> tuple[list[Example], str]:
        async with connect(address) as connection:
            dataset = await find_dataset(connection, place.name)
            version = await find_version(connection, dataset, place.version)
            return golden_examples(dataset.name, await read_version(connection, dataset, version)), version.id

    tell(f"reading {place.name} from {address.shown}")
    return asyncio.run(read())


def field_mapping(fields: tuple[str, ...]) -> dict[str, str]:
    """Read HERE=THERE pairs."""
    from evalgate.paths import parse

    found: dict[str, str] = {}
    for pair in fields:
        here, _, there = pair.partition("=")
        try:
            parse(here)
            parse(there)
        except ValueError as error:
            raise click.UsageError(f"--field {pair} is not HERE=THERE: {error}") from None
        found[here] = there
    return found
