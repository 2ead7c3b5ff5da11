"""`evalgate dataset push` and `repair`: what writes to a dataset in Phoenix, after having shown what it would do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.asking import agreed, tell
from evalgate.cli.dataset_places import address_for, field_mapping, fields_option
from evalgate.cli.options import config_option, json_option, server_option, yes_option

if TYPE_CHECKING:
    from evalgate.phoenix.address import Address
    from evalgate.phoenix.datasets.changes import Changes
    from evalgate.phoenix.datasets.pushing import Pushed, Why
    from evalgate.phoenix.datasets.records import Version
    from evalgate.phoenix.datasets.repair import Repair

_SHOWN = 5
_message = click.option("--message", metavar="WHY", help="What the new version says of itself, for its history.")


@click.command(short_help="Put a golden file into a dataset in Phoenix.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--to", "name", required=True, metavar="NAME", help="The dataset in Phoenix; a new name makes one.")
@click.option("--delete", is_flag=True, help="Remove examples that FILE lacks; without it they stay.")
@_message
@fields_option
@config_option
@server_option
@yes_option
@json_option
def push(
    *,
    file: Path,
    name: str,
    delete: bool,
    message: str | None,
    fields: tuple[str, ...],
    config: Path,
    server: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Show what FILE changes in a dataset in Phoenix, ask, and make one new version of it.

    Examples that only Phoenix has are kept unless --delete is given. Pushing the same file again changes nothing.
    """
    from evalgate.golden.reading import read_examples

    environ = dict(os.environ)
    address = address_for(config, server, environ)
    own = list(read_examples(file, fields=field_mapping(fields)))
    if not own:
        raise click.UsageError(f"{file} has no examples: there is nothing to push")
    tell(f"reading {name} from {address.shown}")
    changes = asyncio.run(_compared(address, name, own, delete=delete))
    if not as_json:
        _show(changes, address)
    pushed = None
    if changes:
        if not agreed(f"push this to {name}?", yes=yes):
            return 0
        tell(f"pushing to {address.shown}")
        why = why_of(message or _summary(changes, file), environ, file)
        pushed = asyncio.run(_pushed(address, changes, why))
    _conclude(changes, pushed, address, as_json=as_json)
    return 0


@click.command(short_help="Give an id to examples in Phoenix that have none.")
@click.argument("name", metavar="NAME")
@_message
@config_option
@server_option
@yes_option
def repair(*, name: str, message: str | None, config: Path, server: str | None, yes: bool) -> int:
    """Give an id to each example of a dataset in Phoenix that has none, so that an edit leaves it what it is.

    Each is added anew with an id and removed without: experiments that ran before know it by what it was, and cannot be
    compared example by example with those that run after. Splits and links to spans go along.
    """
    environ = dict(os.environ)
    address = address_for(config, server, environ)
    tell(f"reading {name} from {address.shown}")
    planned = asyncio.run(_planned(address, name))
    if not planned.names:
        click.echo(f"all {planned.examples:,} examples of {_text(name)} have an id: nothing to repair")
        return 0
    from evalgate.phoenix.datasets.repair import first_names

    count, more = len(planned.names), len(planned.names) - _SHOWN
    click.echo(f"{count:,} of {planned.examples:,} examples of {_text(name)} get an id:")
    for line in [*first_names(planned, _SHOWN), *([f"… and {more:,} more"] if more > 0 else [])]:
        click.echo(f"  {_text(line)}")
    click.echo(
        "Experiments that ran before know these examples by what they were: what ran before and what runs after cannot"
        " be compared on them. Do it once, before a baseline is set."
    )
    if not agreed(f"repair {name}?", yes=yes):
        return 0
    why = why_of(message or f"{count:,} examples got an id", environ, None)
    version = asyncio.run(_repaired(address, planned, why))
    click.echo(f"{_text(name)} is version {version.id} now, and every example has an id")
    click.echo(_next(name))
    return 0


def _next(name: str) -> str:
    return f"next: evalgate dataset pin, once a suite says `dataset: {{phoenix: {_text(name)}}}`"


async def _compared(address: Address, name: str, own: list, *, delete: bool) -> Changes:  # type: ignore[type-arg]
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.changes import compare_with

    async with connect(address) as connection:
        return await compare_with(connection, name, own, delete=delete)


async def _pushed(address: Address, changes: Changes, why: Why) -> Pushed:
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.pushing import push as pushed

    async with connect(address) as connection:
        return await pushed(connection, changes, why)


async def _planned(address: Address, name: str) -> Repair:
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.repair import repair_of

    async with connect(address) as connection:
        return await repair_of(connection, name)


async def _repaired(address: Address, planned: Repair, why: Why) -> Version:
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.repair import repair as repaired

    async with connect(address) as connection:
        return await repaired(connection, planned, why)


def why_of(message: str, environ: Mapping[str, str], file: Path | None) -> Why:
    """Return what a version says of itself; who and which commit where git knows."""
    from evalgate import __version__
    from evalgate.errors import ConfigurationError
    from evalgate.git.repository import Repository
    from evalgate.phoenix.datasets.pushing import Why

    repository = Repository.find(Path.cwd(), environ=environ)
    by = None
    if repository is not None:
        try:
            by = repository.author()
        except ConfigurationError:
            by = None  # nobody has to have a name to push
    return Why(
        message=message,
        by=by,
        commit=repository.head() if repository is not None else None,
        file=file.name if file is not None else None,
        evalgate=__version__,
    )


def _summary(changes: Changes, file: Path) -> str:
    counts = {"added": len(changes.diff.added), "edited": len(changes.diff.edited), "removed": len(changes.removed)}
    return f"{file.name}: {', '.join(f'{number:,} {what}' for what, number in counts.items() if number) or 'made'}"


def _show(changes: Changes, address: Address) -> None:
    from evalgate.report.datasets import diff_lines

    if changes.dataset is None:
        click.echo(f"{_text(changes.name)} is new on {address.shown}: {len(changes.own):,} examples")
        return
    of = f"version {changes.version.id}" if changes.version is not None else "nothing in it yet"
    click.echo(f"{_text(changes.name)} on {address.shown}, {of}:")
    click.echo("\n".join(diff_lines(changes.diff, keeps=not changes.delete)))


def _conclude(changes: Changes, pushed: Pushed | None, address: Address, *, as_json: bool) -> None:
    version = pushed.version if pushed is not None else changes.version
    identity = version.id if version is not None else None
    if as_json:
        import json

        said = {
            "dataset": changes.name,
            "server": address.base_url,
            "version": identity,
            "made": pushed.made if pushed is not None else False,
            "added": [*changes.diff.added],
            "edited": [edit.id for edit in changes.diff.edited],
            "removed": [*changes.removed],
            "kept": [*changes.kept],
            "content": changes.diff.after_version,
        }
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    if pushed is None:
        click.echo(f"nothing to push: {_text(changes.name)} has it already, version {identity}")
        return
    click.echo(
        f"pushed: {_text(changes.name)} is version {identity}{'' if pushed.made else ' still, with other splits'}"
    )
    if pushed.unlinked:
        click.echo(f"{len(pushed.unlinked):,} are not linked to the span that their metadata.curated names")
    if not pushed.exact:
        click.echo(
            "The server writes some numbers in another way (1e22 as a whole number): read from there, the content hash"
            " is another than the file's."
        )
    click.echo(_next(changes.name))


def _text(text: str) -> str:
    from evalgate.encoding import printable

    return printable(text)
