"""`evalgate journal`: what builds are recorded, one of them as a file to carry about, and the files to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.journal_files import command as files
from evalgate.cli.options import journal_option

if TYPE_CHECKING:
    from evalgate.journal.builds import BuildRow


@click.group()
def command() -> None:
    """List and export recorded builds; say which files to keep."""


@command.command("list")
@journal_option
def listing(journal: Path | None) -> int:
    """List recorded builds, studies and set baselines, the latest first."""
    from evalgate.cli.builds import journal_path
    from evalgate.journal.store import Journal

    with Journal(journal_path(journal), create=False) as store:
        listed = (*store.builds(trials=True), *store.studies(), *store.held_baselines())
        builds = sorted(listed, key=lambda build: -build.id)
    states = [_state(build) for build in builds]
    width = max(map(len, states), default=0)
    for build, state in zip(builds, states, strict=True):
        commit = f"{build.commit[:7]}{'+' if build.dirty else ''}" if build.commit else "no commit"
        click.echo(f"{build.id:>4}  {build.created_at[:19]}Z  {state:<{width}}  {commit:<9}  {build.config_file}")
    if not builds:
        click.echo("no builds yet; next: evalgate run")
    return 0


def _state(build: BuildRow) -> str:
    """Return what a build is good for: only one that is complete and no sample or trial can be a baseline by itself."""
    if build.study_runs is not None:
        return f"noise, {build.study_runs} runs{'' if build.complete else ', unfinished'}"
    if build.stores:
        return f"baseline{'' if build.complete else ', unfinished'}"
    if not build.complete:
        return "unfinished"
    if build.trial is not None:
        from evalgate.encoding import printable

        return f"trial of {printable(build.trial)}"
    return f"sample ({build.partial})" if build.partial else "complete"


@command.command("export", short_help="Write a recorded build as a file of its own.")
@click.argument("build", type=int, required=False)
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write."
)
@journal_option
def export(build: int | None, target: Path, journal: Path | None) -> int:
    """Write BUILD (default: the latest complete one) as a journal of its own, to decide or compare with elsewhere.

    A noise study and a baseline that was set have ids among the builds and are written the same way.
    """
    from evalgate.cli.builds import chosen, journal_path
    from evalgate.journal.store import Journal
    from evalgate.journal.transfer import export_build

    path = journal_path(journal)
    with Journal(path, create=False) as store:
        row = None if build is None else store.build(build)
        study = row is not None and row.study_runs is not None
        build_id = row.id if row is not None and (study or row.stores) else chosen(store, build)
    export_build(path, build_id, target)
    if study:
        click.echo(f"noise study {build_id} written to {target}; see it: evalgate noise --show --journal {target}")
    elif row is not None and row.stores:
        click.echo(f"baseline {build_id} written to {target}; see it: evalgate baseline history --journal {target}")
    else:
        click.echo(f"build {build_id} written to {target}; compare with it: baseline: file:{target.name}")
    return 0


command.add_command(files)
