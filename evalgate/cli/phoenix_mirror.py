"""`evalgate phoenix sync|prune`: what Phoenix lacks of recorded builds, and what of it is old."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.options import Period, config_option, journal_option, server_option, yes_option

if TYPE_CHECKING:
    from evalgate.gate.mirror.mirror import Mirror, Mirrored
    from evalgate.journal.store import Journal
    from evalgate.phoenix.address import Address
    from evalgate.phoenix.experiments.pruning import Old
    from evalgate.suite.phoenix import PhoenixSettings

_SHOWN: Final = 20


@click.command("sync", short_help="Mirror what Phoenix lacks of recorded builds.")
@click.argument("builds", nargs=-1, type=click.IntRange(min=1))
@click.option("--all", "every", is_flag=True, help="Every complete build of the journal.")
@config_option
@journal_option
def sync(*, builds: tuple[int, ...], every: bool, config: Path, journal: Path | None) -> int:
    """Mirror what Phoenix lacks of recorded builds: what is there already is left alone.

    BUILDS are ids of the repository's journal. Default: the builds whose mirror is not whole. A build that is named is
    looked at again even if it is whole.
    """
    from evalgate.cli.builds import journal_path
    from evalgate.cli.files import say
    from evalgate.cli.mirroring import make_mirror
    from evalgate.errors import MeasurementError
    from evalgate.journal.store import Journal

    if builds and every:
        raise click.UsageError("--all takes every build: leave it out, or the builds' numbers")
    settings = _settings(config)
    with Journal(journal_path(journal), create=False) as store:
        chosen = _chosen(store, builds, every=every)
        if not chosen:
            say("nothing is left to mirror: all that was begun is in Phoenix\n")
            return 0
        lacking = []
        for build in chosen:
            mirror = make_mirror(settings, store, config, os.environ, _tell)
            found = asyncio.run(_synced(mirror, build, again=bool(builds)))
            say(f"build {build}: {found.sent:,} of {found.runs:,} runs are in Phoenix\n")
            if not found.ended or found.obstacle is not None:
                lacking.append((build, found.obstacle))
    if lacking:
        build, why = lacking[0]
        raise MeasurementError(
            f"build {build} is not all in Phoenix: {why or 'not all runs could be written'}",
            next_step=f"evalgate phoenix sync {' '.join(str(number) for number, _ in lacking)}, once that is mended",
        )
    return 0


@click.command("prune", short_help="Delete old experiments of pull requests.")
@click.option(
    "--older-than", type=Period(), default="30d", show_default=True, help="Made longer ago than 30d, 12h or 4w."
)
@click.option("--branches", is_flag=True, help="Also those of branches that were measured outside of a workflow.")
@server_option
@yes_option
@config_option
def prune(*, older_than: timedelta, branches: bool, server: str | None, yes: bool, config: Path) -> int:
    """Delete old experiments that evalgate made of pull requests, with their traces.

    What is tagged stays, and so does what people annotated and what a later build may take as its baseline.
    """
    from evalgate.cli.files import say
    from evalgate.phoenix.address import address_in

    address = address_in(_settings(config), server, os.environ, config=config)
    before = datetime.now(UTC) - older_than
    found = asyncio.run(_found(address, before, branches=branches))
    kept = [old for old in found if old.kept is not None]
    going = [old for old in found if old.kept is None]
    for old in kept[:_SHOWN]:
        say(f"kept: {_shown(old)}: {old.kept}\n")
    if not going:
        of = "change" if branches else "pull request"
        since = f"{before:%Y-%m-%d %H:%M} UTC"
        say(f"nothing to delete at {address.base_url}: no {of}'s experiment is from before {since}\n")
        return 0
    for old in going[:_SHOWN]:
        say(f"old: {_shown(old)}\n")
    if len(going) > _SHOWN:
        say(f"… and {len(going) - _SHOWN:,} more\n")
    if not yes and not _agreed(len(going)):
        say("nothing was deleted\n")
        return 0
    asyncio.run(_delete(address, going))
    say(f"{_counted(len(going))} {'is deleted, with its' if len(going) == 1 else 'are deleted, with their'} traces\n")
    return 0


def _settings(config: Path) -> PhoenixSettings:
    """Return what a config says of Phoenix. Raises ConfigurationError where that is nothing."""
    from evalgate.errors import ConfigurationError
    from evalgate.suite.loading import load_config

    loaded = load_config(config, environ=dict(os.environ), overrides={}, without_suites=True)
    if loaded.config.phoenix is None:
        raise ConfigurationError(
            f"{config} has no `phoenix:`, so nothing is mirrored", next_step="add `phoenix: {publish: true}` to it"
        )
    return loaded.config.phoenix


def _chosen(store: Journal, builds: tuple[int, ...], *, every: bool) -> list[int]:
    """Return the builds that are meant. Raises ConfigurationError for one that is never mirrored."""
    from evalgate.errors import ConfigurationError

    if every:
        whole = {row.id for row in store.builds() if row.complete and not row.partial}
        return sorted(whole | {row.build for row in store.baselines()})
    for build in builds:
        row = store.build(build)
        why = None
        if row.partial:
            why = f"is a sample ({row.partial})"
        elif row.study_runs is not None:
            why = "is a noise study"
        elif row.stores and build not in {each.build for each in store.baselines()}:
            why = "holds runs of a baseline that was not set here, or was read from Phoenix"
        if why is not None:
            raise ConfigurationError(f"build {build} {why}: it is not mirrored", next_step="evalgate journal list")
    return [*dict.fromkeys(builds)] or store.unmirrored()


async def _synced(mirror: Mirror, build: int, *, again: bool) -> Mirrored:
    from evalgate.cli.signals import soft_stop

    stop = asyncio.Event()
    with soft_stop(stop):
        return await mirror.finish(build, stop=stop, again=again)


async def _found(address: Address, before: datetime, *, branches: bool) -> list[Old]:
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.experiments.pruning import old_experiments

    _tell(f"looking for old experiments at {address.base_url}")
    async with connect(address) as connection:
        return [old async for old in old_experiments(connection, before, branches=branches)]


async def _delete(address: Address, going: list[Old]) -> None:
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.experiments.writing import delete_experiment

    async with connect(address) as connection:
        for old in going:
            await delete_experiment(connection, old.experiment.id)


def _agreed(count: int) -> bool:
    """Ask. Raises ConfigurationError where nobody is there to be asked."""
    from evalgate.cli.asking import as_typed
    from evalgate.errors import ConfigurationError

    if not sys.stdin.isatty():
        raise ConfigurationError(
            f"{_counted(count)} would be deleted, and nobody is there to be asked", next_step=as_typed("--yes")
        )
    return click.confirm(f"Delete {_counted(count)} with all traces?")


def _counted(count: int) -> str:
    return f"{count:,} experiment{'' if count == 1 else 's'}"


def _shown(old: Old) -> str:
    from evalgate.encoding import printable

    return printable(f"{old.dataset}: {old.experiment.name}, {old.experiment.created_at[:10]}")


def _tell(text: str) -> None:
    click.echo(text, err=True)
