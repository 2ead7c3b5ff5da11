"""`evalgate dataset pull` and `history`: what reads a dataset in Phoenix."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.asking import agreed, tell
from evalgate.cli.dataset_places import InPhoenix, address_for, examples_in
from evalgate.cli.options import config_option, json_option, server_option, yes_option

if TYPE_CHECKING:
    from evalgate.phoenix.address import Address
    from evalgate.phoenix.datasets.history import HistoryEntry


@click.command(short_help="Write a dataset in Phoenix to a file.")
@click.argument("name", metavar="NAME")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--version", metavar="ID", help="Which version, as its history lists them.  [default: the newest]")
@config_option
@server_option
@yes_option
def pull(*, name: str, file: Path, version: str | None, config: Path, server: str | None, yes: bool) -> int:
    """Write a dataset in Phoenix to FILE (.jsonl, .ndjson or .json), after asking where FILE would change."""
    from evalgate.cli.files import write_file
    from evalgate.golden.versions import dataset_version
    from evalgate.golden.writing import WRITTEN, as_text

    suffix = file.suffix.lower()
    if suffix not in WRITTEN:
        raise click.UsageError(f"{file}: a dataset is written to a file that ends in {', '.join(WRITTEN)}")
    address = address_for(config, server, dict(os.environ))
    examples, found = examples_in(address, InPhoenix(name=name, version=version))
    content = as_text(examples, suffix).encode()
    said = f"{_text(name)}, version {found}: {len(examples):,} examples, content {dataset_version(examples)}"
    if file.exists():
        if not _differs(file, content, examples):
            click.echo(f"{file} is that already: {said}")
            return 0
        if not agreed(f"overwrite {file}?", yes=yes):
            return 0
    write_file(file, content)
    click.echo(f"{file} is {said}")
    return 0


def _differs(file: Path, content: bytes, examples: list) -> bool:  # type: ignore[type-arg]
    """Show how a file that is there differs; False where it does not."""
    from evalgate.errors import ConfigurationError
    from evalgate.golden.differences import diff
    from evalgate.golden.reading import read_examples
    from evalgate.report.datasets import diff_lines

    try:
        found = diff(read_examples(file), examples)
    except ConfigurationError:
        if file.is_file() and file.read_bytes() == content:
            return False
        click.echo(f"{file} is no golden dataset now")
        return True
    if not (found.added or found.removed or found.edited):
        return False
    click.echo("\n".join(diff_lines(found)))
    return True


@click.command(short_help="List the versions of a dataset in Phoenix.")
@click.argument("name", metavar="NAME")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many versions.")
@config_option
@server_option
@json_option
def history(*, name: str, limit: int, config: Path, server: str | None, as_json: bool) -> int:
    """List the versions of a dataset in Phoenix, newest first: when, how many examples, what changed, who, why."""
    from dataclasses import asdict

    from evalgate.report.datasets import history_lines

    address = address_for(config, server, dict(os.environ))
    tell(f"reading {name} from {address.shown}")
    entries = [asdict(entry) for entry in asyncio.run(_history(address, name, limit))]
    if as_json:
        import json

        said = {"dataset": name, "server": address.base_url, "versions": entries}
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    elif entries:
        click.echo("\n".join(history_lines(entries)))
    else:
        click.echo(f"{_text(name)} has no version: it is empty; next: evalgate dataset push FILE --to {_text(name)}")
    return 0


async def _history(address: Address, name: str, limit: int) -> list[HistoryEntry]:
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.history import history as listed
    from evalgate.phoenix.datasets.reading import find_dataset

    async with connect(address) as connection:
        return await listed(connection, await find_dataset(connection, name), limit=limit)


def _text(text: str) -> str:
    from evalgate.encoding import printable

    return printable(text)
